// Both sweeps where the chain is one factor with one column, and a tail: random intercepts by
// crossed factors. Sums over pairs of tail columns go straight into the tail, and those with X and
// y into one matrix product over levels.
#include <algorithm>
#include <cmath>

#include "factor/sweeps.hpp"

namespace ranef {

namespace {

// The tail columns of one level: first those inside its block, then those of the border.
struct LevelColumns {
  int count;
  int inside;
  const std::int32_t* position;
  const std::int32_t* row;
  std::size_t block;
};

LevelColumns columns_of(const Stage& stage, Index level) {
  return {stage.tail_columns(level), stage.tail_inside[at(level)], stage.tail_positions(level),
          stage.tail_rows(level), at(std::max(0, stage.tail_block[at(level)]))};
}

}  // namespace

bool Sweeps::scalar_with_tail() const {
  return pattern_.tail_columns > 0 && pattern_.chain.size() == 1 && pattern_.chain[0].q == 1;
}

bool Sweeps::forward_scalar() {
  const Stage& stage = pattern_.chain[0];
  StageState& state = stages_[0];
  const int m = pattern_.m;
  const double d = std::pow(lambda_[at(stage.group)](0, 0), 2);
  const auto start = static_cast<std::int32_t>(pattern_.tail_pattern.border);
  constexpr Index kStack = 128;
  Matrix stack(m, std::min(kStack, stage.n_levels));  // sqrt(P) C_j,fixed
  Matrix tail_fixed = tail_.fixed.transpose();
  double determinant = 1.0;
  Index stacked = 0;
  const auto subtract_stack = [&] {
    product(-1.0, stack.leftCols(stacked), Form::kPlain, stack.leftCols(stacked), Form::kTransposed,
            1.0, fixed_);
    stacked = 0;
  };
  for (Index level = 0; level < stage.n_levels; ++level) {
    const double c = numbers_.chain[0].diagonal[at(level)];
    const double pivot = 1.0 + c * d;
    if (!(pivot > 0.0) || !(pivot < 1e300)) return false;
    determinant *= pivot;
    if (determinant > 1e150 || determinant < 1e-150) {
      log_determinant_ += std::log(determinant);
      determinant = 1.0;
    }
    const double f = 1.0 / pivot;
    const double p = d * f;
    state.p[at(level)] = p;
    state.f[at(level)] = f;
    const LevelColumns tail = columns_of(stage, level);
    const auto from = at(stage.rest_start[at(level)]);
    const double* rest = &numbers_.chain[0].rest[from];
    double* h = &state.h[from];
    double* u = &state.u[from];
    for (int t = 0; t < tail.count + m; ++t) {
      h[t] = p * rest[t];
      u[t] = f * rest[t];
    }
    const double* fixed = rest + tail.count;
    const std::int32_t* list = stage.tail_list(level);
    for (int t = 0; t < tail.count; ++t) {
      double* to = tail_fixed.col(list[t]).data();
      for (int k = 0; k < m; ++k) to[k] -= h[t] * fixed[k];
    }
    stack.col(stacked++) = std::sqrt(p) * Eigen::Map<const Vector>(fixed, m);
    if (stacked == stack.cols()) subtract_stack();
    if (tail.inside > 0) {
      const Index first = pattern_.tail_pattern.blocks[tail.block].first;
      TailMatrix::Block& block = tail_.factor.block(tail.block);
      for (int t = 0; t < tail.inside; ++t) {
        double* to = block.diagonal.col(tail.position[t] - first).data() - first;
        for (int s = t; s < tail.inside; ++s) to[tail.position[s]] -= h[t] * rest[s];
      }
      for (int t = tail.inside; t < tail.count; ++t) {
        double* to = block.cross.col(tail.row[t]).data() - first;
        for (int s = 0; s < tail.inside; ++s) to[tail.position[s]] -= h[t] * rest[s];
      }
    }
    for (int t = tail.inside; t < tail.count; ++t) {
      double* to = tail_.factor.border().column(tail.position[t] - start) - start;
      const double value = h[t];
      for (int s = t; s < tail.count; ++s) to[tail.position[s]] -= value * rest[s];
    }
  }
  subtract_stack();
  tail_.fixed = tail_fixed.transpose();
  log_determinant_ += std::log(determinant);
  return std::isfinite(log_determinant_);
}

// With W = [P 0; 0 0] + [H; -I] top [H; -I]' over the tail and [X y], and e = U [-H; I]:
// U W U' = U P U' + e top e'.
void Sweeps::reverse_scalar(const Matrix& top, Matrix& gamma) {
  const Stage& stage = pattern_.chain[0];
  const StageState& state = stages_[0];
  const int m = pattern_.m;
  const auto start = static_cast<std::int32_t>(pattern_.tail_pattern.border);
  const Matrix h = tail_.h.transpose();
  std::vector<const Matrix*> lambda(at(pattern_.tail_columns));
  for (const TailGroup& group : pattern_.tail) {
    std::fill_n(lambda.begin() + group.offset, group.n_levels * group.q, &lambda_[at(group.group)]);
  }
  Matrix scores(m, stage.n_levels);
  std::vector<double> v(at(pattern_.tail_columns));  // Lambda' u
  double sum = 0.0;
  for (Index level = 0; level < stage.n_levels; ++level) {
    const LevelColumns tail = columns_of(stage, level);
    const double* u = &state.u[at(stage.rest_start[at(level)])];
    const std::int32_t* list = stage.tail_list(level);
    double* e = scores.col(level).data();
    std::copy_n(u + tail.count, m, e);
    for (int t = 0; t < tail.count; ++t) {
      const double* column = h.col(list[t]).data();
      for (int k = 0; k < m; ++k) e[k] -= u[t] * column[k];
    }
    for (int t = 0; t < tail.count;) {
      const Matrix& own = *lambda[at(list[t])];
      const auto q = static_cast<int>(own.rows());
      for (int b = 0; b < q; ++b) {
        double value = 0.0;
        for (int a = b; a < q; ++a) value += own(a, b) * u[t + a];
        v[at(t + b)] = value;
      }
      t += q;
    }
    double upu = 0.0;
    if (tail.inside > 0) {
      const Index first = pattern_.tail_pattern.blocks[tail.block].first;
      const TailMatrix::Block& block = tail_.w.block(tail.block);
      for (int t = 0; t < tail.inside; ++t) {
        const double* w = block.diagonal.col(tail.position[t] - first).data() - first;
        double inner = 0.5 * w[tail.position[t]] * v[at(t)];
        for (int s = t + 1; s < tail.inside; ++s) inner += w[tail.position[s]] * v[at(s)];
        upu += v[at(t)] * inner;
      }
      for (int t = tail.inside; t < tail.count; ++t) {
        const double* w = block.cross.col(tail.row[t]).data() - first;
        double inner = 0.0;
        for (int s = 0; s < tail.inside; ++s) inner += w[tail.position[s]] * v[at(s)];
        upu += v[at(t)] * inner;
      }
    }
    for (int t = tail.inside; t < tail.count; ++t) {
      const double* w = tail_.w.border().column(tail.position[t] - start) - start;
      double inner = 0.5 * w[tail.position[t]] * v[at(t)];
      for (int s = t + 1; s < tail.count; ++s) inner += w[tail.position[s]] * v[at(s)];
      upu += v[at(t)] * inner;
    }
    sum += state.f[at(level)] * numbers_.chain[0].diagonal[at(level)] - 2.0 * upu;
  }
  Matrix ee = Matrix::Zero(m, m);
  product(1.0, scores, Form::kPlain, scores, Form::kTransposed, 0.0, ee);
  gamma(0, 0) += sum - ee.cwiseProduct(top).sum();
}

}  // namespace ranef
