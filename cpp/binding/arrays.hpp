// Arrays and arguments between NumPy and the core. Data are copied in and moved out: nothing that
// is returned looks into the core's memory, nothing that is kept looks into NumPy's.
#pragma once

#include <nanobind/eigen/dense.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "linalg/dense.hpp"
#include "rows/cross_products.hpp"

namespace ranef::binding {

namespace nb = nanobind;

using DoubleColumn = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using CodeColumn = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using NumpyVector = nb::ndarray<nb::numpy, double, nb::ndim<1>>;
using NumpyBlocks = nb::ndarray<nb::numpy, double, nb::ndim<3>>;

// codes, number of levels, columns (None is the constant 1), shifts, scales
using GroupArgument = std::tuple<CodeColumn, Index, std::vector<std::optional<DoubleColumn>>,
                                 std::vector<double>, std::vector<double>>;
using ColumnsArgument =
    std::tuple<std::vector<std::optional<DoubleColumn>>, std::vector<double>, std::vector<double>>;

// `check_codes`: refuse codes that are too large. Negative ones may stand for unknown levels.
ranef::RowsView rows_view(const std::vector<GroupArgument>& groups, const ColumnsArgument& fixed,
                          const std::optional<DoubleColumn>& response, double y_shift,
                          double y_scale, const std::optional<DoubleColumn>& weights, Index n,
                          bool check_codes = true);

NumpyVector move_out(std::vector<double>&& values);

// Level-major column-major blocks as an array (levels, rows, columns).
NumpyBlocks move_out(std::vector<double>&& values, Index levels, int rows, int columns);

}  // namespace ranef::binding
