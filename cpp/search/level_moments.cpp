#include "search/level_moments.hpp"

#include <algorithm>
#include <utility>

#include "linalg/parallel.hpp"
#include "linalg/small.hpp"

namespace ranef {

namespace {

// Where the blocks of a factor's levels are: Z'WZ, and Z'W[X y] with columns `stride` apart.
struct Blocks {
  const Stage* stage = nullptr;
  const double* own = nullptr;     // Z'WZ
  const double* others = nullptr;  // of a stage, its rest; of the tail, Z'W[X y]
  int m = 0;
  int q = 0;
  Index n_levels = 0;
  Index stride = 0;

  const double* diagonal(Index level) const { return own + level * q * q; }
  const double* rest(Index level) const {
    if (stage == nullptr) return others + level * q;
    return others + (stage->rest_start[at(level) + 1] - m) * q;
  }
};

Blocks blocks_of(const Arranged& arranged, int group) {
  Blocks out;
  const Numbers& numbers = arranged.numbers;
  out.m = arranged->m;
  out.q = arranged->q[at(group)];
  out.n_levels = arranged->n_levels[at(group)];
  out.stride = out.q;
  for (std::size_t i = 0; i < arranged->chain.size(); ++i) {
    if (arranged->chain[i].group != group) continue;
    out.stage = &arranged->chain[i];
    out.own = numbers.chain[i].diagonal.data();
    out.others = numbers.chain[i].rest.data();
  }
  for (std::size_t t = 0; t < arranged->tail.size(); ++t) {
    if (arranged->tail[t].group != group) continue;
    out.own = numbers.tail[t].data();
    out.others = numbers.tail_fixed.data() + arranged->tail[t].offset;
    out.stride = numbers.tail_fixed.rows();
  }
  return out;
}

// sum += sign vec(a) vec(a)'.
inline void add_square(int size, const double* a, double sign, double* sum) {
  for (int s = 0; s < size; ++s) {
    const double value = sign * a[s];
    for (int t = 0; t < size; ++t) *sum++ += a[t] * value;
  }
}

// One run of levels with its memory; q known when compiled, or at run time where Q is 0.
template <int Q>
class Run {
 public:
  Run(const Blocks& blocks, const FixedFit& fit, Matrix& loadings)
      : blocks_(blocks), fit_(fit), loadings_(loadings), q_(blocks.q), p_(fit.root.rows()) {
    const Index q = q_;
    sums_.aa.setZero(q * q, q * q);
    sums_.a.setZero(q, q);
    sums_.ee.setZero(q, q);
    if (fit.projected) sums_.spreads.assign(at(q * (q + 1) / 2), Matrix::Zero(p_, p_));
    a_.resize(at(q * q));
    c_.resize(at(q * q));
    e_.resize(at(q));
  }

  void add(Index level) {
    const double* diagonal = blocks_.diagonal(level);
    const double* rest = blocks_.rest(level);
    const int q = Small<Q>::size(q_);
    const double* v = fit_.v.data();
    for (int a = 0; a < q; ++a) {
      double sum = 0.0;
      for (Index k = 0; k <= p_; ++k) sum += rest[a + k * blocks_.stride] * v[k];
      e_[at(a)] = sum;
    }
    add_square(q, e_.data(), 1.0, sums_.ee.data());
    std::copy_n(diagonal, q * q, a_.data());
    if (fit_.projected) project(level, rest);
    add_square(q * q, a_.data(), 1.0, sums_.aa.data());
    double* total = sums_.a.data();
    for (int k = 0; k < q * q; ++k) total[k] += a_[at(k)];
  }

  LevelMoments take() { return std::move(sums_); }

 private:
  void project(Index level, const double* rest) {
    const int q = Small<Q>::size(q_);
    const double* root = fit_.root.data();
    double* own = loadings_.data() + level * q * p_;
    for (int a = 0; a < q; ++a) {
      double* b = own + a * p_;
      for (Index k = 0; k < p_; ++k) {
        double value = rest[a + k * blocks_.stride];
        for (Index i = 0; i < k; ++i) value -= root[k + i * p_] * b[i];
        b[k] = value / root[k + k * p_];
      }
    }
    for (int b = 0, entry = 0; b < q; ++b) {
      for (int a = b; a < q; ++a, ++entry) {
        const double* x = own + a * p_;
        const double* y = own + b * p_;
        double* spread = sums_.spreads[at(entry)].data();
        double sum = 0.0;
        for (Index k = 0; k < p_; ++k) {
          sum += x[k] * y[k];
          for (Index l = k; l < p_; ++l) {
            spread[l + k * p_] += 0.5 * (x[l] * y[k] + y[l] * x[k]);
          }
        }
        c_[at(a + b * q)] = c_[at(b + a * q)] = sum;
      }
    }
    for (int k = 0; k < q * q; ++k) a_[at(k)] -= c_[at(k)];
    add_square(q * q, c_.data(), -1.0, sums_.aa.data());
  }

  const Blocks& blocks_;
  const FixedFit& fit_;
  Matrix& loadings_;
  int q_;
  Index p_;
  LevelMoments sums_;
  std::vector<double> a_, c_, e_;
};

}  // namespace

LevelMoments level_moments(const Arranged& arranged, int group, const FixedFit& fit, int threads,
                           Matrix& loadings) {
  const Blocks blocks = blocks_of(arranged, group);
  if (fit.projected) loadings.resize(arranged->p, blocks.q * blocks.n_levels);
  std::vector<LevelMoments> runs(at((blocks.n_levels + kLevelRun - 1) / kLevelRun));
  run_parts(blocks.n_levels, kLevelRun, threads, [&](Index from, Index to) {
    with_size(blocks.q, [&](auto size) {
      Run<decltype(size)::value> run(blocks, fit, loadings);
      for (Index level = from; level < to; ++level) run.add(level);
      runs[at(from / kLevelRun)] = run.take();
    });
  });
  LevelMoments out = std::move(runs.front());
  for (std::size_t k = 1; k < runs.size(); ++k) {
    out.aa += runs[k].aa;
    out.a += runs[k].a;
    out.ee += runs[k].ee;
    for (std::size_t e = 0; e < out.spreads.size(); ++e) out.spreads[e] += runs[k].spreads[e];
  }
  for (Matrix& spread : out.spreads)
    spread.triangularView<Eigen::StrictlyUpper>() = spread.transpose();
  return out;
}

}  // namespace ranef
