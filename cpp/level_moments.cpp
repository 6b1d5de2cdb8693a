#include "level_moments.hpp"

#include <utility>
#include <vector>

#include "parallel.hpp"

namespace ranef {

namespace {

Moments run_moments(const Stage& stage, int m, const Vector& v, Index from, Index to) {
  const int q = stage.q;
  const Eigen::Map<const Matrix> blocks(&stage.diagonal[at(from * q * q)], q * q, to - from);
  Moments out;
  out.aa = blocks * blocks.transpose();
  out.a.resize(q, q);
  Eigen::Map<Vector>(out.a.data(), q * q) = blocks.rowwise().sum();
  Matrix e(q, to - from);
  for (Index level = from; level < to; ++level) {
    const Index last = stage.rest_start[at(level) + 1] - m;
    e.col(level - from).noalias() =
        Eigen::Map<const Matrix>(&stage.rest[at(last * q)], q, m).lazyProduct(v);
  }
  out.ee = e * e.transpose();
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
