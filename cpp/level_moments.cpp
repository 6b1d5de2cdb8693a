#include "level_moments.hpp"

#include <utility>
#include <vector>

#include "parallel.hpp"

namespace ranef {

namespace {

constexpr int kFew = 3;  // columns up to which plain loops cost less than matrix products

// out += the sum of vec(X) vec(X)' over `count` blocks of `size` numbers.
void add_squares(const double* blocks, Index count, Index size, Matrix& out) {
  for (Index k = 0; k < count; ++k, blocks += size) {
    for (Index b = 0; b < size; ++b) {
      for (Index a = 0; a < size; ++a) out(a, b) += blocks[a] * blocks[b];
    }
  }
}

Moments run_moments(const Stage& stage, int m, const Vector& v, Index from, Index to) {
  const int q = stage.q;
  const Eigen::Map<const Matrix> blocks(&stage.diagonal[at(from * q * q)], q * q, to - from);
  Moments out;
  if (q <= kFew) {
    out.aa.setZero(q * q, q * q);
    add_squares(blocks.data(), to - from, q * q, out.aa);
  } else {
    out.aa = blocks * blocks.transpose();
  }
  out.a.resize(q, q);
  Eigen::Map<Vector>(out.a.data(), q * q) = blocks.rowwise().sum();
  Matrix e(q, to - from);
  for (Index level = from; level < to; ++level) {
    const Index last = stage.rest_start[at(level) + 1] - m;
    e.col(level - from).noalias() =
        Eigen::Map<const Matrix>(&stage.rest[at(last * q)], q, m).lazyProduct(v);
  }
  if (q <= kFew) {
    out.ee.setZero(q, q);
    add_squares(e.data(), to - from, q, out.ee);
  } else {
    out.ee = e * e.transpose();
  }
  return out;
}

}  // namespace

Moments level_moments(const Stage& stage, int m, const Vector& v, int threads) {
  std::vector<Moments> runs(at((stage.n_levels + kLevelRun - 1) / kLevelRun));
  run_parts(stage.n_levels, kLevelRun, threads, [&](Index from, Index to) {
    runs[at(from / kLevelRun)] = run_moments(stage, m, v, from, to);
  });
  Moments out = std::move(runs.front());
  for (std::size_t k = 1; k < runs.size(); ++k) {
    out.aa += runs[k].aa;
    out.a += runs[k].a;
    out.ee += runs[k].ee;
  }
  return out;
}

}  // namespace ranef
