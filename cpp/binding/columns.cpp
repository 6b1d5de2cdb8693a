// Sizes of the columns of a model matrix.
#include "columns.hpp"

#include "arrays.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

using Columns = nb::ndarray<const double, nb::ndim<2>, nb::f_contig, nb::device::cpu>;

// Shifts, scales, and the matrix R with X = X_inner R^-1. `intercept` is the constant column that
// takes up the shifts, or negative: then nothing is shifted.
nb::tuple column_scales(const Columns& x, int intercept) {
  const auto n = static_cast<Index>(x.shape(0));
  const auto k = static_cast<Index>(x.shape(1));
  Vector shifts = Vector::Zero(k);
  Vector scales = Vector::Ones(k);
  Matrix change = Matrix::Zero(k, k);
  {
    nb::gil_scoped_release release;
    for (Index j = 0; j < k; ++j) {
      if (j != intercept) {
        const ranef::ColumnScale found = ranef::column_scale(x.data() + j * n, n, intercept >= 0);
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
  m.def("column_scales", &column_scales, "x"_a, "intercept"_a,
        "Shifts and scales of the columns of a matrix, and the change of basis they make.");
  m.def("vector_scale", &vector_scale, "y"_a, "centred"_a, "Shift and scale of one vector.");
}

}  // namespace ranef::binding
