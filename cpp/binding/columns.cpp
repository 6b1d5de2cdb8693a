// Sizes of the columns of a model matrix.
#include "columns.hpp"

#include "arrays.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

using Columns = std::vector<std::optional<DoubleColumn>>;  // nullopt: the constant 1

// Shifts, scales, and the matrix R with X = X_inner R^-1. `intercept` is the constant column that
// takes up the shifts, or negative: then nothing is shifted.
nb::tuple column_scales(const Columns& columns, int intercept) {
  const auto k = static_cast<Index>(columns.size());
  Vector shifts = Vector::Zero(k);
  Vector scales = Vector::Ones(k);
  Matrix change = Matrix::Zero(k, k);
  {
    nb::gil_scoped_release release;
    for (Index j = 0; j < k; ++j) {
      const std::optional<DoubleColumn>& column = columns[at(j)];
      if (j != intercept && column) {
        const ranef::ColumnScale found = ranef::column_scale(
            column->data(), static_cast<Index>(column->shape(0)), intercept >= 0);
        shifts(j) = found.shift;
        scales(j) = found.scale;
      }
      change(j, j) = 1.0 / scales(j);
      if (intercept >= 0 && j != intercept) change(intercept, j) = -shifts(j) / scales(j);
    }
  }
  return nb::make_tuple(shifts, scales, change);
}

std::tuple<double, double> vector_scale(const DoubleColumn& y, bool centred) {
  const ranef::ColumnScale found =
      ranef::column_scale(y.data(), static_cast<Index>(y.shape(0)), centred);
  return {found.shift, found.scale};
}

}  // namespace

void bind_columns(nb::module_& m) {
  m.def("column_scales", &column_scales, "columns"_a, "intercept"_a,
        "Shifts and scales of the columns of a matrix, and the change of basis they make.");
  m.def("vector_scale", &vector_scale, "y"_a, "centred"_a, "Shift and scale of one vector.");
}

}  // namespace ranef::binding
