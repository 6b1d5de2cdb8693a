#include "cross_products.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace ranef {

namespace {

double value_at(const ColumnView& column, Index row) {
  const double raw = column.values == nullptr ? 1.0 : column.values[row];
  return (raw - column.shift) / column.scale;
}

void fill(const std::vector<ColumnView>& columns, Index row, double* out) {
  for (std::size_t j = 0; j < columns.size(); ++j) out[j] = value_at(columns[j], row);
}

// Rows sorted by level (stable), so that each level is a run.
std::vector<std::int64_t> rows_by_level(const GroupView& group, Index n,
                                        std::vector<std::int64_t>& start) {
  start.assign(static_cast<std::size_t>(group.n_levels) + 1, 0);
  for (Index i = 0; i < n; ++i) ++start[static_cast<std::size_t>(group.codes[i]) + 1];
  for (std::size_t j = 1; j < start.size(); ++j) start[j] += start[j - 1];
  std::vector<std::int64_t> next(start.begin(), start.end() - 1);
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) {
    order[static_cast<std::size_t>(next[static_cast<std::size_t>(group.codes[i])]++)] = i;
  }
  return order;
}

PairBlocks pair_blocks(const RowsView& rows, int first, int second,
                       const std::vector<std::int64_t>& order,
                       const std::vector<std::int64_t>& start) {
  const GroupView& g = rows.groups[static_cast<std::size_t>(first)];
  const GroupView& h = rows.groups[static_cast<std::size_t>(second)];
  const std::size_t qg = g.columns.size();
  const std::size_t qh = h.columns.size();
  PairBlocks out;
  out.first = first;
  out.second = second;
  out.start.assign(static_cast<std::size_t>(g.n_levels) + 1, 0);
  std::vector<std::int64_t> slot(static_cast<std::size_t>(h.n_levels), -1);
  std::vector<std::int32_t> seen;
  std::vector<double> zg(qg);
  std::vector<double> zh(qh);
  for (Index level = 0; level < g.n_levels; ++level) {
    seen.clear();
    const auto from = static_cast<std::size_t>(start[static_cast<std::size_t>(level)]);
    const auto to = static_cast<std::size_t>(start[static_cast<std::size_t>(level) + 1]);
    for (std::size_t r = from; r < to; ++r) {
      const std::int32_t other = h.codes[order[r]];
      if (slot[static_cast<std::size_t>(other)] < 0) {
        slot[static_cast<std::size_t>(other)] = 0;
        seen.push_back(other);
      }
    }
    std::sort(seen.begin(), seen.end());
    for (const std::int32_t other : seen) {
      slot[static_cast<std::size_t>(other)] = static_cast<std::int64_t>(out.level.size());
      out.level.push_back(other);
    }
    out.values.resize(out.level.size() * qg * qh, 0.0);
    for (std::size_t r = from; r < to; ++r) {
      const Index row = order[r];
      const double w = rows.weights == nullptr ? 1.0 : rows.weights[row];
      fill(g.columns, row, zg.data());
      fill(h.columns, row, zh.data());
      double* block =
          &out.values[static_cast<std::size_t>(slot[static_cast<std::size_t>(h.codes[row])]) * qg *
                      qh];
      for (std::size_t b = 0; b < qh; ++b) {
        for (std::size_t a = 0; a < qg; ++a) block[b * qg + a] += w * zg[a] * zh[b];
      }
    }
    for (const std::int32_t other : seen) slot[static_cast<std::size_t>(other)] = -1;
    out.start[static_cast<std::size_t>(level) + 1] = static_cast<std::int64_t>(out.level.size());
  }
  return out;
}

GroupBlocks group_blocks(const RowsView& rows, const GroupView& g,
                         const std::vector<std::int64_t>& order,
                         const std::vector<std::int64_t>& start) {
  const std::size_t q = g.columns.size();
  const std::size_t m = rows.fixed.size() + 1;
  GroupBlocks out;
  out.n_levels = g.n_levels;
  out.q = static_cast<int>(q);
  out.diagonal.assign(static_cast<std::size_t>(g.n_levels) * q * q, 0.0);
  out.fixed.assign(static_cast<std::size_t>(g.n_levels) * q * m, 0.0);
  out.n_rows.assign(static_cast<std::size_t>(g.n_levels), 0);
  std::vector<double> z(q);
  std::vector<double> x(m);
  for (std::size_t level = 0; level < static_cast<std::size_t>(g.n_levels); ++level) {
    double* diagonal = &out.diagonal[level * q * q];
    double* fixed = &out.fixed[level * q * m];
    out.n_rows[level] = start[level + 1] - start[level];
    for (auto r = static_cast<std::size_t>(start[level]);
         r < static_cast<std::size_t>(start[level + 1]); ++r) {
      const Index row = order[r];
      const double w = rows.weights == nullptr ? 1.0 : rows.weights[row];
      fill(g.columns, row, z.data());
      fill(rows.fixed, row, x.data());
      x[m - 1] = value_at(rows.response, row);
      for (std::size_t b = 0; b < q; ++b) {
        const double wz = w * z[b];
        for (std::size_t a = 0; a < q; ++a) diagonal[b * q + a] += wz * z[a];
      }
      for (std::size_t b = 0; b < m; ++b) {
        const double wx = w * x[b];
        for (std::size_t a = 0; a < q; ++a) fixed[b * q + a] += wx * z[a];
      }
    }
  }
  return out;
}

Matrix fixed_block(const RowsView& rows, double& sum_log_weights) {
  const std::size_t m = rows.fixed.size() + 1;
  std::vector<double> x(m);
  Matrix out = Matrix::Zero(static_cast<Index>(m), static_cast<Index>(m));
  sum_log_weights = 0.0;
  // Sums over runs of rows, then the sum of the runs: the rounding error grows with the length of
  // a run, not with n.
  constexpr Index kRun = 512;
  Matrix run(out.rows(), out.cols());
  for (Index from = 0; from < rows.n; from += kRun) {
    run.setZero();
    const Index to = std::min(rows.n, from + kRun);
    for (Index row = from; row < to; ++row) {
      const double w = rows.weights == nullptr ? 1.0 : rows.weights[row];
      if (rows.weights != nullptr) sum_log_weights += std::log(w);
      fill(rows.fixed, row, x.data());
      x[m - 1] = value_at(rows.response, row);
      for (std::size_t b = 0; b < m; ++b) {
        const double wx = w * x[b];
        double* column = run.data() + b * m;
        for (std::size_t a = b; a < m; ++a) column[a] += wx * x[a];
      }
    }
    out += run;
  }
  out.triangularView<Eigen::StrictlyUpper>() = out.transpose();
  return out;
}

}  // namespace

const PairBlocks& CrossProducts::pair(int first, int second) const {
  for (const PairBlocks& block : pairs) {
    if (block.first == first && block.second == second) return block;
  }
  throw std::out_of_range("no such pair of grouping factors");
}

CrossProducts cross_products(const RowsView& rows) {
  for (const GroupView& group : rows.groups) {
    for (Index i = 0; i < rows.n; ++i) {
      if (group.codes[i] < 0 || group.codes[i] >= group.n_levels) {
        throw std::out_of_range("a level code lies outside of 0 .. n_levels - 1");
      }
    }
  }
  CrossProducts out;
  out.n = rows.n;
  out.p = static_cast<int>(rows.fixed.size());
  out.fixed = fixed_block(rows, out.sum_log_weights);
  const int n_groups = static_cast<int>(rows.groups.size());
  std::vector<std::int64_t> start;
  for (int g = 0; g < n_groups; ++g) {
    const GroupView& group = rows.groups[static_cast<std::size_t>(g)];
    const std::vector<std::int64_t> order = rows_by_level(group, rows.n, start);
    out.groups.push_back(group_blocks(rows, group, order, start));
    for (int h = g + 1; h < n_groups; ++h) {
      out.pairs.push_back(pair_blocks(rows, g, h, order, start));
    }
  }
  return out;
}

namespace {

PairBlocks add_pairs(const PairBlocks& a, const PairBlocks& b, std::size_t block) {
  PairBlocks out;
  out.first = a.first;
  out.second = a.second;
  out.start.assign(a.start.size(), 0);
  for (std::size_t row = 0; row + 1 < a.start.size(); ++row) {
    auto i = static_cast<std::size_t>(a.start[row]);
    auto j = static_cast<std::size_t>(b.start[row]);
    const auto i_end = static_cast<std::size_t>(a.start[row + 1]);
    const auto j_end = static_cast<std::size_t>(b.start[row + 1]);
    while (i < i_end || j < j_end) {
      const bool from_a = j >= j_end || (i < i_end && a.level[i] <= b.level[j]);
      const bool from_b = i >= i_end || (j < j_end && b.level[j] <= a.level[i]);
      out.level.push_back(from_a ? a.level[i] : b.level[j]);
      for (std::size_t k = 0; k < block; ++k) {
        out.values.push_back((from_a ? a.values[i * block + k] : 0.0) +
                             (from_b ? b.values[j * block + k] : 0.0));
      }
      if (from_a) ++i;
      if (from_b) ++j;
    }
    out.start[row + 1] = static_cast<std::int64_t>(out.level.size());
  }
  return out;
}

}  // namespace

CrossProducts add(const CrossProducts& a, const CrossProducts& b) {
  if (a.p != b.p || a.groups.size() != b.groups.size()) {
    throw std::invalid_argument("cross-products of different models cannot be added");
  }
  CrossProducts out = a;
  out.n += b.n;
  out.sum_log_weights += b.sum_log_weights;
  out.fixed += b.fixed;
  for (std::size_t g = 0; g < a.groups.size(); ++g) {
    const GroupBlocks& other = b.groups[g];
    GroupBlocks& group = out.groups[g];
    if (group.q != other.q || group.n_levels != other.n_levels) {
      throw std::invalid_argument("cross-products over different levels cannot be added");
    }
    for (std::size_t k = 0; k < group.diagonal.size(); ++k) group.diagonal[k] += other.diagonal[k];
    for (std::size_t k = 0; k < group.fixed.size(); ++k) group.fixed[k] += other.fixed[k];
    for (std::size_t k = 0; k < group.n_rows.size(); ++k) group.n_rows[k] += other.n_rows[k];
  }
  for (std::size_t k = 0; k < a.pairs.size(); ++k) {
    const auto qa =
        static_cast<std::size_t>(a.groups[static_cast<std::size_t>(a.pairs[k].first)].q);
    const auto qb =
        static_cast<std::size_t>(a.groups[static_cast<std::size_t>(a.pairs[k].second)].q);
    out.pairs[k] = add_pairs(a.pairs[k], b.pairs[k], qa * qb);
  }
  return out;
}

}  // namespace ranef
