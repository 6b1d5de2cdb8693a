#include "factor/single_factor.hpp"

#include <algorithm>
#include <cmath>

#include "factor/single_pivot.hpp"
#include "linalg/parallel.hpp"

namespace ranef {

namespace {

constexpr int kStrip = 64;            // levels; their numbers stay in the innermost cache
constexpr int kFew = 10;              // columns from which on matrix products of Eigen pay
constexpr Index kFewProducts = 1000;  // the same in multiplications
constexpr Index kRun = 64;            // fewest strips that are worth handing to a thread
constexpr Index kMostRuns = 16;

using StripMap = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;

// Four roots below this have a product in the range of doubles.
constexpr double kLargeRoot = 1e75;

double log_product(const Lane& lane) {
  if (!(lane.largest() > kLargeRoot)) return std::log((lane[0] * lane[1]) * (lane[2] * lane[3]));
  double sum = 0.0;
  for (int k = 0; k < kLane; ++k) sum += std::log(lane[k]);
  return sum;
}

// sum += the Gram matrix of the columns, lower triangle. A strip's numbers past n are zero.
void add_gram(const LaneColumns& a, int n, Matrix& sum) {
  if (a.count < 2 * kFew) {
    add_products(a, a, n, true, sum);
  } else {
    sum.selfadjointView<Eigen::Lower>().rankUpdate(
        StripMap(a.values, kStrip, a.count, Eigen::OuterStride<>(a.stride)).transpose());
  }
}

}  // namespace

SingleFactor::SingleFactor(const Arranged& arranged, int threads)
    : pattern_(*arranged),
      numbers_(arranged.numbers),
      q_(pattern_.chain[0].q),
      m_(pattern_.m),
      pairs_(q_ * (q_ + 1) / 2),
      n_levels_(pattern_.chain[0].n_levels),
      threads_(threads) {
  const Index strips = (n_levels_ + kStrip - 1) / kStrip;
  const std::size_t kinds = at(pairs_) + at(q_) * at(m_);
  in_.resize(at(strips) * kinds * kStrip);
  out_.resize(in_.size());
  place_.resize(at(q_) * at(q_));
  for (int b = 0, k = 0; b < q_; ++b) {
    for (int a = b; a < q_; ++a) place_[at(a + b * q_)] = place_[at(b + a * q_)] = k++;
  }
  runs_.resize(at(std::clamp<Index>(strips / kRun, 1, kMostRuns)));
  const auto count = static_cast<Index>(runs_.size());
  for (Index k = 0; k < count; ++k) {
    Run& run = runs_[at(k)];
    run.first = k * strips / count;
    run.last = (k + 1) * strips / count;
    run.strip.resize(at(q_) * at(m_) * kStrip);
    run.strip_w.resize(at(pairs_) * kStrip);
  }
  reload();
}

void SingleFactor::reload() {
  run_tasks(static_cast<Index>(runs_.size()), threads_, [&](Index k) { reload_run(runs_[at(k)]); });
}

void SingleFactor::reload_run(const Run& run) {
  const StageNumbers& stage = numbers_.chain[0];
  const int qm = q_ * m_;
  const std::size_t size = at(pairs_ + qm) * kStrip;
  if (run.last * kStrip > n_levels_) {
    const Index last = run.last - 1;
    const Index end = reads_whole_strips() ? kStrip : used(last);
    for (HugeVector* numbers : {&in_, &out_}) {
      for (Index k = 0; k < pairs_ + qm; ++k) {
        double* strip = &(*numbers)[at(last) * size + at(k * kStrip)];
        std::fill(strip + (n_levels_ - last * kStrip), strip + end, 0.0);
      }
    }
  }
  const Index end = std::min(n_levels_, run.last * kStrip);
  for (Index level = run.first * kStrip; level < end; ++level) {
    double* to = &in_[at(level / kStrip) * size + at(level % kStrip)];
    const double* c = &stage.diagonal[at(level * q_ * q_)];
    for (int b = 0; b < q_; ++b) {
      for (int a = b; a < q_; ++a, to += kStrip) *to = c[a + b * q_];
    }
    const double* rest = &stage.rest[at(level * qm)];
    for (int k = 0; k < qm; ++k, to += kStrip) *to = rest[k];
  }
}

// Levels of a strip, rounded up to what one instruction serves.
int SingleFactor::used(Index strip) const {
  const Index levels = std::min<Index>(kStrip, n_levels_ - strip * kStrip);
  return static_cast<int>((levels + kLane - 1) / kLane * kLane);
}

// Eigen's products read the padding of the last strip, so it must be zero.
bool SingleFactor::reads_whole_strips() const { return m_ >= kFew || q_ * m_ >= 2 * kFew; }

bool SingleFactor::forward(const Matrix& lambda) {
  with_size(q_, [&](auto size) {
    run_tasks(static_cast<Index>(runs_.size()), threads_,
              [&](Index k) { forward_run<decltype(size)::value>(lambda, runs_[at(k)]); });
  });
  log_determinant_ = 0.0;
  fixed_ = numbers_.fixed;
  s_.setZero(q_, q_);
  for (const Run& run : runs_) {
    log_determinant_ += run.log_determinant;
    fixed_.triangularView<Eigen::Lower>() -= run.update;
    s_ += run.s;
  }
  fixed_.triangularView<Eigen::StrictlyUpper>() = fixed_.transpose();
  s_.triangularView<Eigen::StrictlyUpper>() = s_.transpose();
  return std::isfinite(log_determinant_);
}

template <int Q>
void SingleFactor::forward_run(const Matrix& lambda, Run& run) {
  const int q = Small<Q>::size(q_);
  const LoneLambda<Q> numbers(lambda);
  LonePivot<Q> pivot(q, numbers);
  LaneSquare<Q> s_sum(q);
  for (int b = 0; b < q; ++b) {
    for (int a = b; a < q; ++a) s_sum(a, b) = Lane::all(0.0);
  }
  run.update.setZero(m_, m_);
  run.log_determinant = 0.0;
  Lane running = Lane::all(1.0);  // products of determinants whose logarithm has not been taken
  const Index kinds = pairs_ + q * m_;
  double* half = run.strip.data();
  for (Index strip = run.first; strip < run.last; ++strip) {
    const double* in = &in_[at(strip * kinds * kStrip)];
    double* out = &out_[at(strip * kinds * kStrip)];
    const int end = used(strip);
    for (int i = 0; i < end; i += static_cast<int>(kLane)) {
      int kind = 0;
      for (int b = 0; b < q; ++b) {
        for (int a = b; a < q; ++a, ++kind) {
          pivot.c(a, b) = pivot.c(b, a) = load(in + kind * kStrip + i);
        }
      }
      pivot.factor(running);
      if (running.largest() > kLargeRoot) {
        run.log_determinant += 2.0 * log_product(running);
        running = Lane::all(1.0);
      }
      const double* rest = in + pairs_ * kStrip + i;
      for (int column = 0; column < m_; ++column) {
        pivot.halve(rest + column * q * kStrip, half + column * q * kStrip + i, kStrip);
      }
      pivot.invert();
      kind = 0;
      for (int b = 0; b < q; ++b) {
        for (int a = b; a < q; ++a, ++kind) {
          Lane sum = pivot.f(a, 0) * pivot.c(0, b);
          for (int k = 1; k < q; ++k) sum += pivot.f(a, k) * pivot.c(k, b);
          s_sum(a, b) += sum;
          store(sum, out + kind * kStrip + i);
        }
      }
      double* u = out + pairs_ * kStrip + i;
      for (int column = 0; column < m_; ++column) {
        for (int a = 0; a < q; ++a) {
          Lane sum = pivot.f(a, 0) * load(rest + column * q * kStrip);
          for (int k = 1; k < q; ++k) sum += pivot.f(a, k) * load(rest + (k + column * q) * kStrip);
          store(sum, u + (a + column * q) * kStrip);
        }
      }
    }
    clear_after(end, run);
    for (int a = 0; a < q; ++a) {
      add_gram({half + a * kStrip, Index{q} * kStrip, m_}, end, run.update);
    }
  }
  run.log_determinant += 2.0 * log_product(running);
  run.s.setZero(q, q);
  for (int b = 0; b < q; ++b) {
    for (int a = b; a < q; ++a) run.s(a, b) = s_sum(a, b).sum();
  }
}

void SingleFactor::clear_after(int used, Run& run) const {
  if (used == kStrip || !reads_whole_strips()) return;
  for (std::size_t from = 0; from < run.strip.size(); from += kStrip) {
    std::fill(&run.strip[from] + used, &run.strip[from] + kStrip, 0.0);
  }
}

// Y = U T into the run's strip.
void SingleFactor::apply(const double* u, const Matrix& t, int used, Run& run) const {
  double* y = run.strip.data();
  for (int a = 0; a < q_; ++a) {
    if (m_ >= kFew) {
      const Eigen::OuterStride<> stride(Index{q_} * kStrip);
      Eigen::Map<Matrix, 0, Eigen::OuterStride<>>(y + a * kStrip, kStrip, m_, stride).noalias() =
          StripMap(u + a * kStrip, kStrip, m_, stride) * t.triangularView<Eigen::Upper>();
      continue;
    }
    for (int column = 0; column < m_; ++column) {
      double* to = y + (a + column * q_) * kStrip;
      for (int k = 0; k <= column; ++k) {
        const double* from = u + (a + k * q_) * kStrip;
        const double factor = t(k, column);
        for (int i = 0; i < used; i += static_cast<int>(kLane)) {
          const Lane term = load(from + i) * factor;
          store(k == 0 ? term : load(to + i) + term, to + i);
        }
      }
    }
  }
}

void SingleFactor::differentiate(const Top& top) {
  const Matrix& t = top.root;
  const int first_w = top.first;
  with_size(q_, [&](auto size) {
    run_tasks(static_cast<Index>(runs_.size()), threads_,
              [&](Index k) { differentiate_run<decltype(size)::value>(t, first_w, runs_[at(k)]); });
  });
  products_ = runs_[0].products;
  sw_ = runs_[0].sw;
  for (std::size_t k = 1; k < runs_.size(); ++k) {
    products_ += runs_[k].products;
    sw_ += runs_[k].sw;
  }
  products_.triangularView<Eigen::StrictlyUpper>() = products_.transpose();
  gamma_ = s_;
  for (int column = first_w; column < m_; ++column) {
    gamma_ -= products_.block(column * q_, column * q_, q_, q_);
  }
}

template <int Q>
void SingleFactor::differentiate_run(const Matrix& t, int first_w, Run& run) const {
  const int q = Small<Q>::size(q_);
  LaneSquare<Q> yy(q);
  run.products.setZero(q * m_, q * m_);
  run.sw.setZero(pairs_, pairs_);
  const Index kinds = pairs_ + q * m_;
  for (Index strip = run.first; strip < run.last; ++strip) {
    const double* s = &out_[at(strip * kinds * kStrip)];
    const int end = used(strip);
    apply(s + pairs_ * kStrip, t, end, run);
    clear_after(end, run);
    for (int i = 0; i < end; i += static_cast<int>(kLane)) {
      for (int b = 0; b < q; ++b) {
        for (int a = b; a < q; ++a) yy(a, b) = Lane::all(0.0);
      }
      for (int column = first_w; column < m_; ++column) {
        const double* y = &run.strip[at(column * q * kStrip + i)];
        for (int b = 0; b < q; ++b) {
          for (int a = b; a < q; ++a) yy(a, b) += load(y + a * kStrip) * load(y + b * kStrip);
        }
      }
      int kind = 0;
      for (int b = 0; b < q; ++b) {
        for (int a = b; a < q; ++a, ++kind) {
          store(load(s + kind * kStrip + i) * 0.5 - yy(a, b), &run.strip_w[at(kind * kStrip + i)]);
        }
      }
    }
    add_gram({run.strip.data(), kStrip, q * m_}, end, run.products);
    add_products({s, kStrip, pairs_}, {run.strip_w.data(), kStrip, pairs_}, end, false, run.sw);
  }
}

void SingleFactor::along(const Matrix& changes, Matrix& forms, Matrix& traces) const {
  const Index qq = Index{q_} * q_;
  // Both are linear in E: one row of coefficients for each of their entries.
  Matrix by_entry(Index{m_} * (m_ + 1) / 2, qq);
  for (int b = 0; b < q_; ++b) {
    for (int a = 0; a < q_; ++a) {
      double* to = by_entry.data() + (a + b * q_) * by_entry.rows();
      for (int l = 0; l < m_; ++l) {
        const double* from = products_.data() + a + (b + l * q_) * products_.rows();
        for (int k = l; k < m_; ++k) *to++ = from[k * q_];
      }
    }
  }
  // The entry (c, d) of the second is the sum of S_da E_ak W_kc.
  Matrix pairs(qq, qq);
  double* to = pairs.data();
  for (int k = 0; k < q_; ++k) {
    for (int a = 0; a < q_; ++a) {
      for (int d = 0; d < q_; ++d) {
        const double* from = sw_.data() + place_[at(d + a * q_)];
        for (int c = 0; c < q_; ++c) *to++ = from[place_[at(k + c * q_)] * pairs_];
      }
    }
  }
  if (qq * qq * changes.cols() < kFewProducts) {
    forms = by_entry.lazyProduct(changes);
    traces = pairs.lazyProduct(changes);
  } else {
    multiply(by_entry, changes, forms);
    multiply(pairs, changes, traces);
  }
}

}  // namespace ranef
