#include "channel.hpp"

#include <utility>

#include "checks.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

ChannelArgument::ChannelArgument(const nb::object& columns, const Scales& shifts,
                                 const Scales& scales, std::vector<int> coefficients,
                                 const nb::object& which)
    : columns_(columns, shifts, scales), coefficients_(std::move(coefficients)) {
  if (coefficients_.size() != columns_.views().size()) {
    throw nb::value_error("one coefficient for each column");
  }
  if (which.is_none()) return;
  if (!coefficients_.empty()) throw nb::value_error("columns, or codes of coefficients, not both");
  const CodeColumn codes = hold_codes(which).numbers;
  which_.emplace(codes.data(), codes.data() + codes.shape(0));
}

void ChannelArgument::check(Index n, int others) const {
  constexpr const char* kOutside = "a coefficient that there is not";
  columns_.check_length(n);
  for (const int k : coefficients_) {
    if (k < 0 || k >= others) throw nb::value_error(kOutside);
  }
  if (!which_) return;
  check_length(static_cast<Index>(which_->size()), n);
  for (const std::int32_t k : *which_) {
    if (k >= others) throw nb::value_error(kOutside);
  }
}

std::size_t ChannelArgument::most() const { return which_ ? which_->size() : coefficients_.size(); }

void ChannelArgument::mark(std::vector<bool>& used) const {
  for (const int k : coefficients_) used[at(k)] = true;
  if (!which_) return;
  for (const std::int32_t k : *which_) {
    if (k >= 0) used[at(k)] = true;
  }
}

ranef::Channel ChannelArgument::view() const {
  return {columns_.views(), coefficients_, which_ ? which_->data() : nullptr};
}

void bind_channel(nb::module_& m) {
  nb::class_<ChannelArgument>(
      m, "Channel",
      "A further predictor of a family: the sum of columns times their coefficients, or the "
      "coefficient of the number in `which`, row by row (none: a negative number).\n\n"
      "Coefficients are counted from the first after those of X.")
      .def(nb::init<const nb::object&, const Scales&, const Scales&, std::vector<int>,
                    const nb::object&>(),
           "columns"_a, "shifts"_a.none() = nb::none(), "scales"_a.none() = nb::none(),
           nb::kw_only(), "coefficients"_a, "which"_a.none() = nb::none(),
           nb::sig("def __init__(self, "
                   "columns: Sequence[numpy.typing.NDArray[numpy.float64] | None], "
                   "shifts: Sequence[float] | None = None, "
                   "scales: Sequence[float] | None = None, *, coefficients: Sequence[int], "
                   "which: numpy.typing.NDArray[numpy.int32] | None = None) -> None"));
}

}  // namespace ranef::binding
