// Arrays and arguments between NumPy and the core. Data are copied in and moved out: nothing that
// is returned looks into the core's memory, and of what is kept only Rows look into NumPy's, which
// hold the arrays.
#pragma once

#include <nanobind/eigen/dense.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "linalg/dense.hpp"

namespace ranef::binding {

namespace nb = nanobind;

using DoubleColumn = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using CodeColumn = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using NumpyVector = nb::ndarray<nb::numpy, double, nb::ndim<1>>;
using NumpyBlocks = nb::ndarray<nb::numpy, double, nb::ndim<3>>;

NumpyVector move_out(std::vector<double>&& values);

// Level-major column-major blocks as an array (levels, rows, columns).
NumpyBlocks move_out(std::vector<double>&& values, Index levels, int rows, int columns);

}  // namespace ranef::binding
