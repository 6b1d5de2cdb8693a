// The forward sweep where there is a single grouping factor: nothing but [X y] is left after it.
#include <algorithm>
#include <cmath>

#include "small.hpp"
#include "sweeps.hpp"

namespace ranef {

namespace {

// c += b' b for b (q x width); the lower triangle alone.
template <int Q>
void add_gram(int q_, const double* b, int width, double* c) {
  const int q = Small<Q>::size(q_);
  for (int t = 0; t < width; ++t) {
    double* column = c + static_cast<Index>(t) * width;
    for (int s = t; s < width; ++s) {
      double sum = 0.0;
      for (int k = 0; k < q; ++k) sum += b[k + s * q] * b[k + t * q];
      column[s] += sum;
    }
  }
}

// out = (I + C D)^-1; its determinant is that of I + Lambda' C Lambda, known without cancellation
// from the Cholesky factor l. `a` is I + C D and may be destroyed.
template <int Q>
void invert_with_factor(int q, double* a, const double* l, double* out) {
  if constexpr (Q == 1) {
    out[0] = 1.0 / (l[0] * l[0]);
  } else if constexpr (Q == 2) {
    const double root = 1.0 / (l[0] * l[3]);
    const double scale = root * root;
    out[0] = a[3] * scale;
    out[1] = -a[1] * scale;
    out[2] = -a[2] * scale;
    out[3] = a[0] * scale;
  } else {
    Small<Q>::invert(q, a, out);
  }
}

}  // namespace

template <int Q>
bool Sweeps::forward_alone() {
  const Stage& stage = problem_.chain[0];
  StageState& state = stages_[0];
  const int q = Small<Q>::size(stage.q);
  const int m = problem_.m;
  const Matrix& lambda = lambda_[at(stage.group)];
  const Matrix d = lambda * lambda.transpose();
  const Matrix lambda_transposed = lambda.transpose();
  const std::size_t block_size = at(q) * at(q);
  double* m_block = small_a_.data();
  double* product = small_b_.data();
  double* half = small_c_.data();
  double* b = scratch_b_.data();
  double* sum = scratch_w_.data();
  std::fill_n(sum, at(m) * at(m), 0.0);
  double running = 1.0;  // a product of determinants of which the logarithm has not been taken
  for (Index level = 0; level < stage.n_levels; ++level) {
    const std::size_t block = at(level) * block_size;
    const std::size_t from = at(level) * at(q) * at(m);
    const double* c = &stage.diagonal[block];
    const double* rest = &stage.rest[from];
    double* p = &state.p[block];
    double* f = &state.f[block];
    Small<Q>::multiply(q, c, lambda.data(), product);
    Small<Q>::multiply_transposed(q, lambda.data(), product, m_block);
    for (int a = 0; a < q; ++a) m_block[a + a * q] += 1.0;
    double root = 1.0;
    if (!Small<Q>::cholesky_root(q, m_block, root, log_determinant_)) return false;
    running *= root;
    if (running > 1e100) {
      log_determinant_ += 2.0 * std::log(running);
      running = 1.0;
    }
    std::copy_n(lambda_transposed.data(), block_size, half);
    Small<Q>::solve_lower(q, m_block, half);
    Small<Q>::multiply_transposed(q, half, half, p);
    Small<Q>::multiply(q, c, d.data(), product);
    for (int a = 0; a < q; ++a) product[a + a * q] += 1.0;
    invert_with_factor<Q>(q, product, m_block, f);
    Small<Q>::multiply_wide(q, p, rest, m, &state.h[from]);
    Small<Q>::multiply_wide(q, f, rest, m, &state.u[from]);
    Small<Q>::multiply_wide(q, half, rest, m, b);
    add_gram<Q>(q, b, m, sum);
  }
  log_determinant_ += 2.0 * std::log(running);
  for (int t = 0; t < m; ++t) {
    for (int s = t; s < m; ++s) {
      fixed_(s, t) -= sum[s + t * m];
      fixed_(t, s) = fixed_(s, t);
    }
  }
  return std::isfinite(log_determinant_);
}

bool Sweeps::forward_alone_any() {
  return with_size(problem_.chain[0].q,
                   [&](auto size) { return forward_alone<decltype(size)::value>(); });
}

}  // namespace ranef
