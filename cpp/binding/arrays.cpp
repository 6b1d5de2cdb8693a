#include "arrays.hpp"

#include <algorithm>
#include <utility>

#include "checks.hpp"

namespace ranef::binding {

namespace {

std::vector<ranef::ColumnView> views(const std::vector<std::optional<DoubleColumn>>& columns,
                                     const std::vector<double>& shifts,
                                     const std::vector<double>& scales, Index n) {
  if (shifts.size() != columns.size() || scales.size() != columns.size()) {
    throw nb::value_error("one shift and one scale for each column");
  }
  std::vector<ranef::ColumnView> out;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    if (columns[k] && static_cast<Index>(columns[k]->shape(0)) != n) {
      throw nb::value_error("columns of different lengths");
    }
    out.push_back({columns[k] ? columns[k]->data() : nullptr, shifts[k], scales[k]});
  }
  return out;
}

}  // namespace

ranef::RowsView rows_view(const std::vector<GroupArgument>& groups, const ColumnsArgument& fixed,
                          const std::optional<DoubleColumn>& response, double y_shift,
                          double y_scale, const std::optional<DoubleColumn>& weights, Index n,
                          bool check_codes) {
  ranef::RowsView rows;
  rows.n = n;
  for (const GroupArgument& group : groups) {
    const auto& [codes, n_levels, columns, shifts, scales] = group;
    if (static_cast<Index>(codes.shape(0)) != n) throw nb::value_error("codes of another length");
    check_factor(n_levels, columns.size());
    if (check_codes && n > 0 && *std::max_element(codes.data(), codes.data() + n) >= n_levels) {
      throw nb::value_error("a level code lies outside of 0 .. n_levels - 1");
    }
    rows.groups.push_back({codes.data(), n_levels, views(columns, shifts, scales, n)});
  }
  rows.fixed = views(std::get<0>(fixed), std::get<1>(fixed), std::get<2>(fixed), n);
  if (response) {
    if (static_cast<Index>(response->shape(0)) != n) throw nb::value_error("y of another length");
    rows.response = {response->data(), y_shift, y_scale};
  }
  if (weights) {
    if (static_cast<Index>(weights->shape(0)) != n) throw nb::value_error("weights' length");
    rows.weights = weights->data();
  }
  return rows;
}

NumpyVector move_out(std::vector<double>&& values) {
  auto* kept = new std::vector<double>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
  return NumpyVector(kept->data(), {kept->size()}, owner);
}

NumpyBlocks move_out(std::vector<double>&& values, Index levels, int rows, int columns) {
  auto* kept = new std::vector<double>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
  const std::int64_t strides[3] = {static_cast<std::int64_t>(rows) * columns, 1, rows};
  const std::size_t shape[3] = {at(levels), static_cast<std::size_t>(rows),
                                static_cast<std::size_t>(columns)};
  return NumpyBlocks(kept->data(), 3, shape, owner, strides);
}

}  // namespace ranef::binding
