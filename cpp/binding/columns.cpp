// Sizes of the columns of a model matrix.
#include "rows/columns.hpp"

#include <utility>
#include <vector>

#include "arrays.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

// Shifts and scales, one each.
nb::tuple column_scales(const std::vector<DoubleColumn>& columns, const std::vector<bool>& centred,
                        int threads) {
  if (centred.size() != columns.size()) throw nb::value_error("one flag for each column");
  std::vector<ranef::ColumnToScale> asked;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    asked.push_back({columns[k].data(), static_cast<Index>(columns[k].shape(0)), centred[k]});
  }
  std::vector<ranef::ColumnScale> found;
  {
    nb::gil_scoped_release release;
    found = ranef::column_scales(asked, threads);
  }
  std::vector<double> shifts;
  std::vector<double> scales;
  for (const ranef::ColumnScale& one : found) {
    shifts.push_back(one.shift);
    scales.push_back(one.scale);
  }
  return nb::make_tuple(move_out(std::move(shifts)), move_out(std::move(scales)));
}

}  // namespace

void bind_columns(nb::module_& m) {
  m.def("column_scales", &column_scales, "columns"_a, "centred"_a, "threads"_a,
        "Shifts and scales of columns.");
}

}  // namespace ranef::binding
