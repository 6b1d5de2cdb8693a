#include "leverage.hpp"

#include <algorithm>

namespace ranef {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

double value_at(const ColumnView& column, Index row) {
  const double raw = column.values == nullptr ? 1.0 : column.values[row];
  return (raw - column.shift) / column.scale;
}

Vector row_of(const std::vector<ColumnView>& columns, Index row) {
  Vector out(static_cast<Index>(columns.size()));
  for (Index k = 0; k < out.size(); ++k) out(k) = value_at(columns[at(k)], row);
  return out;
}

}  // namespace

std::vector<double> leverage(Criterion& criterion, const RowsView& rows) {
  const Problem& problem = criterion.problem();
  Sweeps& sweeps = criterion.sweeps();
  const int p = problem.p;
  Matrix top = Matrix::Zero(problem.m, problem.m);
  top.topLeftCorner(p, p) = criterion.xx_inverse();
  std::vector<Matrix> unused;
  sweeps.reverse(top, unused, true);
  criterion.forget_gamma();

  std::vector<double> out(at(rows.n));
  std::vector<Vector> z(rows.groups.size());
  for (Index i = 0; i < rows.n; ++i) {
    for (std::size_t g = 0; g < z.size(); ++g) z[g] = row_of(rows.groups[g].columns, i);
    const Vector x = row_of(rows.fixed, i);
    double sum = x.dot(criterion.xx_inverse() * x);
    const auto level_of = [&](int g) { return static_cast<Index>(rows.groups[at(g)].codes[i]); };
    for (std::size_t s = 0; s < problem.chain.size(); ++s) {
      const Stage& stage = problem.chain[s];
      const StageState& state = sweeps.stage(s);
      const Index level = level_of(stage.group);
      const int q = stage.q;
      const Vector& own = z[at(stage.group)];
      const Eigen::Map<const Matrix> diagonal(&state.w_diagonal[at(level * q * q)], q, q);
      const int width = stage.rest_columns(level);
      const Eigen::Map<const Matrix> rest(&state.w_rest[at(stage.rest_start[at(level)]) * at(q)], q,
                                          width);
      sum += own.dot(diagonal * own);
      Vector others = rest.middleCols(width - problem.m, p) * x;
      int column = 0;
      for (std::size_t k = 0; k < stage.parent.size(); ++k) {
        const Stage& later = problem.chain[s + 1 + k];
        others += rest.middleCols(column, later.q) * z[at(later.group)];
        column += later.q;
      }
      const std::int32_t* list = stage.tail_list(level);
      for (const TailGroup& group : problem.tail) {
        const auto wanted = static_cast<std::int32_t>(group.offset + level_of(group.group) * group.q);
        const auto place = std::lower_bound(list, list + stage.tail_columns(level), wanted) - list;
        others += rest.middleCols(column + place, group.q) * z[at(group.group)];
      }
      sum += 2.0 * own.dot(others);
    }
    for (const TailGroup& a : problem.tail) {
      const Index row = a.offset + level_of(a.group) * a.q;
      const Vector& own = z[at(a.group)];
      for (const TailGroup& b : problem.tail) {
        const Index column = b.offset + level_of(b.group) * b.q;
        sum += own.dot(sweeps.tail().w.block(row, column, a.q, b.q) * z[at(b.group)]);
      }
      sum += 2.0 * own.dot(sweeps.tail().w_fixed.block(row, 0, a.q, p) * x);
    }
    out[at(i)] = sum * (rows.weights == nullptr ? 1.0 : rows.weights[i]);
  }
  return out;
}

std::vector<std::vector<double>> conditional_variances(Criterion& criterion) {
  const Problem& problem = criterion.problem();
  Sweeps& sweeps = criterion.sweeps();
  std::vector<Matrix> unused;
  sweeps.reverse(Matrix::Zero(problem.m, problem.m), unused, true);
  criterion.forget_gamma();
  std::vector<std::vector<double>> out(at(problem.n_groups));
  for (std::size_t s = 0; s < problem.chain.size(); ++s) {
    out[at(problem.chain[s].group)] = sweeps.stage(s).w_diagonal;
  }
  for (const TailGroup& group : problem.tail) {
    std::vector<double>& blocks = out[at(group.group)];
    const Index q = group.q;
    blocks.resize(at(group.n_levels * q * q));
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * q;
      Eigen::Map<Matrix>(&blocks[at(level * q * q)], q, q) = sweeps.tail().w.block(from, from, q, q);
    }
  }
  return out;
}

}  // namespace ranef
