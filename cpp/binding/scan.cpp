// Questions to one column of a data frame.
#include "rows/scan.hpp"

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

template <class T>
using Values = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using NewCodes = nb::ndarray<std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class T>
void bind(nb::module_& m) {
  m.def(
      "ends",
      [](const Values<T>& values, int threads) {
        const auto n = static_cast<Index>(values.shape(0));
        if (n == 0) throw nb::value_error("no values");
        ranef::Ends<T> found;
        {
          nb::gil_scoped_release release;
          found = ranef::ends(values.data(), n, threads);
        }
        return nb::make_tuple(found.low, found.high);
      },
      "values"_a.noconvert(), "threads"_a, "Smallest and largest value.");
  m.def(
      "whole_codes",
      [](const Values<T>& values, std::int64_t low, std::int64_t high, int threads,
         const NewCodes& codes) {
        const auto n = static_cast<Index>(values.shape(0));
        if (static_cast<Index>(codes.shape(0)) != n) throw nb::value_error("one code for a value");
        if constexpr (std::is_floating_point_v<T>) {
          constexpr std::int64_t kMost = std::int64_t{1}
                                         << 62;  // doubles up to it are integers too
          if (low < -kMost || high > kMost) throw nb::value_error("too large");
        }
        const auto between = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
        if (high < low || between >= INT32_MAX) throw nb::value_error("too far apart");
        std::vector<double> numbers;
        {
          nb::gil_scoped_release release;
          numbers = ranef::whole_codes(values.data(), n, low, high, threads, codes.data());
        }
        return move_out(std::move(numbers));
      },
      "values"_a.noconvert(), "low"_a, "high"_a, "threads"_a, "codes"_a.noconvert(),
      "Codes of whole numbers, and the numbers; none of these where a value is not whole.");
}

}  // namespace

void bind_scan(nb::module_& m) {
  bind<double>(m);
  bind<std::int64_t>(m);
  bind<std::int32_t>(m);
  bind<std::int16_t>(m);
  bind<std::int8_t>(m);
  bind<std::uint64_t>(m);
  bind<std::uint32_t>(m);
  bind<std::uint16_t>(m);
  bind<std::uint8_t>(m);
}

}  // namespace ranef::binding
