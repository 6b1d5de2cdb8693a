#include "marginal/level_rows.hpp"

#include <algorithm>
#include <stdexcept>

namespace ranef {

namespace {

// order[i] is the row of the caller's that becomes row i.
std::vector<double> sorted(const ColumnView& column, const std::vector<Index>& order) {
  std::vector<double> out(order.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double value = column.values == nullptr ? 1.0 : column.values[order[i]];
    out[i] = (value - column.shift) / column.scale;
  }
  return out;
}

std::vector<double> sorted(const double* values, const std::vector<Index>& order) {
  return values == nullptr ? std::vector<double>{} : sorted(ColumnView{values}, order);
}

std::vector<double> by_row(const std::vector<ColumnView>& columns,
                           const std::vector<Index>& order) {
  const std::size_t width = columns.size();
  std::vector<double> out(order.size() * width);
  for (std::size_t k = 0; k < width; ++k) {
    const std::vector<double> column = sorted(columns[k], order);
    for (std::size_t i = 0; i < order.size(); ++i) out[i * width + k] = column[i];
  }
  return out;
}

Design design_of(const Channel& channel, Index p, const std::vector<Index>& order) {
  Design out;
  if (channel.which != nullptr) {
    for (Index row : order) {
      const std::int32_t which = channel.which[row];
      out.choice.push_back(which < 0 ? -1 : static_cast<std::int32_t>(p + which));
    }
    return out;
  }
  for (int place : channel.coefficients) out.coefficient.push_back(p + place);
  out.values = by_row(channel.columns, order);
  return out;
}

}  // namespace

void Design::predict(const Vector& c, Index from, Index n, double* out) const {
  for (Index i = 0; i < n; ++i) {
    double sum = 0.0;
    each(from + i, [&](Index place, double value) { sum += value * c(place); });
    out[i] = sum;
  }
}

void Design::add_scores(Index from, Index n, const double* weight, double* out) const {
  for (Index i = 0; i < n; ++i) {
    const double w = weight[i];
    each(from + i, [&](Index place, double value) { out[place] += value * w; });
  }
}

LevelRows level_rows(const GeneralisedRows& from) {
  const RowsView& rows = from.rows;
  if (rows.groups.size() != 1) {
    throw std::invalid_argument("quadrature takes exactly one grouping factor");
  }
  check_codes(rows);
  const GroupView& group = rows.groups.front();
  LevelRows out;
  out.n = rows.n;
  out.q = static_cast<int>(group.columns.size());
  out.start.assign(at(group.n_levels) + 1, 0);
  for (Index i = 0; i < rows.n; ++i) ++out.start[at(group.codes[i]) + 1];
  for (std::size_t j = 1; j < out.start.size(); ++j) out.start[j] += out.start[j - 1];
  std::vector<Index> order(at(rows.n));
  std::vector<Index> next = out.start;
  for (Index i = 0; i < rows.n; ++i) order[at(next[at(group.codes[i])]++)] = i;

  const Index p = static_cast<Index>(rows.fixed.size());
  out.coefficients = p + from.others;
  out.z = by_row(group.columns, order);
  out.y = sorted(rows.response, order);
  out.weights = sorted(rows.weights, order);
  out.offset = sorted(from.offset, order);
  Design fixed;
  for (Index k = 0; k < p; ++k) fixed.coefficient.push_back(k);
  fixed.values = by_row(rows.fixed, order);
  out.designs.push_back(std::move(fixed));
  for (const Channel& channel : from.channels) {
    out.designs.push_back(design_of(channel, p, order));
  }
  return out;
}

}  // namespace ranef
