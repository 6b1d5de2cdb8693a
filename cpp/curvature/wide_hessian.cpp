// With U_t and U_f the stacked U over the tail and [X y], P, H, F, S and U those of the tail, top
// the derivative with respect to the Schur complement of [X y], and
//   V = U_f - U_t H,   K = U_t P U_t',   L = V top V',   Y = U_t F',
// the second derivative along E and F is the change of that Schur complement (finish()) and
//   chain, chain:  sum_j -tr(S_j E (S_j - 2 K_jj - 2 L_jj) F) - sum_ij tr(E K_ij F (K + 2 L)_ji),
//   chain, tail:   -sum_jl tr(E Y_jl F (Y_jl - 2 V_j top U_l')'),
//   tail, tail:    add_tail_traces().
#include "curvature/wide_hessian.hpp"

#include "curvature/block_traces.hpp"
#include "factor/wide_stage.hpp"
#include "linalg/products.hpp"

namespace ranef {

bool has_wide_hessian(const Pattern& pattern) {
  if (pattern.chain.size() != 1 || !is_wide(pattern, pattern.chain[0])) return false;
  const Stage& stage = pattern.chain[0];
  // Products of all levels with each other, or products of the tail for each pair of effects.
  const double rows = static_cast<double>(stage.n_levels) * stage.q;
  const double tail = static_cast<double>(pattern.tail_columns);
  const double pairs = 0.5 * stage.q * (stage.q + 1);
  const double entries = static_cast<double>(stage.q) * stage.q;
  return rows * rows * (tail + entries) < pairs * tail * tail * (rows / stage.q + 2.0 * tail);
}

Curvature wide_hessian(Criterion& criterion, const std::vector<Direction>& directions) {
  criterion.gamma();
  Sweeps& sweeps = criterion.sweeps();
  sweeps.tail_products();
  const Pattern& pattern = criterion.pattern();
  const TailState& tail = sweeps.tail();
  const Stage& stage = pattern.chain[0];
  const int q = stage.q;
  const Matrix top = criterion.top().value;
  const std::vector<OwnDirections> own = by_group(directions, pattern.n_groups);
  const OwnDirections& chain = own[at(stage.group)];
  const auto count = static_cast<Index>(directions.size());
  Curvature out;
  out.hessian = Matrix::Zero(count, count);

  Matrix stacked;
  stack(pattern, stage, {0, stage.n_levels}, sweeps.stage(0).u, stacked);
  const auto u = stacked.leftCols(pattern.tail_columns);
  Matrix v = stacked.rightCols(pattern.m);
  product(-1.0, u, Form::kPlain, tail.h, Form::kPlain, 1.0, v);
  const Matrix v_top = times(v, top);
  Matrix table = Matrix::Zero(q * q, q * q);
  Matrix pairs = Matrix::Zero(q * q, q * q);
  Matrix s(q, q);
  Matrix rest;
  Matrix k;
  for (const LevelRange levels : level_ranges(stage, q)) {
    const Index first = levels.first * q;
    const Index rows = levels.size() * q;
    Matrix up(rows, pattern.tail_columns);
    product(1.0, u.middleRows(first, rows), Form::kPlain, tail.p, Form::kPlain, 0.0, up);
    k.resize(rows, stacked.rows());
    product(1.0, up, Form::kPlain, u, Form::kTransposed, 0.0, k);
    rest = k;
    product(2.0, v_top.middleRows(first, rows), Form::kPlain, v, Form::kTransposed, 1.0, rest);
    add_block_traces(k, rest, q, q, pairs);
    for (Index level = levels.first; level < levels.last; ++level) {
      const Index row = level * q - first;
      const std::size_t block = at(level * q * q);
      product(1.0, Eigen::Map<const Matrix>(&sweeps.stage(0).f[block], q, q), Form::kPlain,
              Eigen::Map<const Matrix>(sweeps.c_diagonal(0) + block, q, q), Form::kPlain, 0.0, s);
      // K + L is the mean of K and K + 2 L.
      const Matrix inner = s - (k.block(row, level * q, q, q) + rest.block(row, level * q, q, q));
      add_block_traces(s, inner, q, q, table);
    }
  }
  table += pairs;
  add_block(contract(table, chain.d, chain.d), -1.0, chain, chain, out.hessian);

  Matrix y(stacked.rows(), pattern.tail_columns);
  product(1.0, u, Form::kPlain, tail.f, Form::kTransposed, 0.0, y);
  for (const TailGroup& group : pattern.tail) {
    const OwnDirections& others = own[at(group.group)];
    const Index columns = group.n_levels * group.q;
    rest = y.middleCols(group.offset, columns);
    product(-2.0, v_top, Form::kPlain, tail.u.middleRows(group.offset, columns), Form::kTransposed,
            1.0, rest);
    table = Matrix::Zero(q * group.q, q * group.q);
    add_block_traces(y.middleCols(group.offset, columns), rest, q, group.q, table);
    add_block(contract(table, chain.d, others.d), -1.0, chain, others, out.hessian);
  }
  add_tail_traces(sweeps, top, own, out.hessian);

  std::vector<Matrix> fixed(directions.size(), Matrix::Zero(pattern.m, pattern.m));
  add_fixed_changes(v, q, chain, fixed);
  for (const TailGroup& group : pattern.tail) {
    add_fixed_changes(tail.u.middleRows(group.offset, group.n_levels * group.q), group.q,
                      own[at(group.group)], fixed);
  }
  finish(criterion, fixed, out);
  return out;
}

}  // namespace ranef
