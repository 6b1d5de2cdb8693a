#include "marginal/level_modes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ranef {

namespace {

constexpr int kMostPasses = 200;
constexpr int kMostHalvings = 40;
constexpr double kNoise = 1e-13;  // rounding error of h, relative to sum |l|

// Where the search of one level is.
template <int Q>
struct Search {
  double u[Q] = {};      // the best so far
  double trial[Q] = {};  // where the rows are placed
  double step[Q] = {};
  double h = std::numeric_limits<double>::infinity();
  double h_zero =
      std::numeric_limits<double>::infinity();  // at u = 0, if there may be several peaks
  int halvings = 0;
  bool again = false;  // whether it has begun at 0
  bool done = false;
};

// L^-T of M = I + C'WC, and log|M|.
template <int Q>
bool root_of(const LevelRun<Q>& run, Index level, const double* w, double sign, double* root,
             double& log_determinant) {
  double m[Q * Q];
  weighted_gram<Q>(run.c(0), w, run.from(level), run.to(level), m);
  for (int k = 0; k < Q * Q; ++k) m[k] = sign * m[k] + (k % (Q + 1) == 0 ? 1.0 : 0.0);
  log_determinant = 0.0;
  if (!Small<Q>::cholesky(Q, m, log_determinant)) return false;
  double inverse[Q * Q] = {};
  for (int a = 0; a < Q; ++a) inverse[a + a * Q] = 1.0;
  Small<Q>::solve_lower(Q, m, inverse);
  for (int a = 0; a < Q; ++a) {
    for (int b = 0; b < Q; ++b) root[b + a * Q] = inverse[a + b * Q];
  }
  return true;
}

template <int Q>
class ModeSearch {
 public:
  ModeSearch(LevelRun<Q>& run, double tolerance)
      : run_(run), tolerance_(tolerance), arrays_(run.n()), levels_(at(run.levels())) {
    arrays_.eta(0, 2);
  }

  bool search(double* u) {
    for (Index j = 0; j < run_.levels(); ++j) {
      std::copy(u + j * Q, u + (j + 1) * Q, levels_[at(j)].trial);
    }
    if (!run_.log_concave()) look_at_zero();
    bool more = true;
    for (int pass = 0; more && pass < kMostPasses; ++pass) {
      more = false;
      place();
      for (Index j = 0; j < run_.levels(); ++j) {
        if (levels_[at(j)].done) continue;
        if (!advance(j) && !begin_again(levels_[at(j)])) return false;
        more = more || !levels_[at(j)].done;
      }
    }
    for (Index j = 0; j < run_.levels(); ++j) {
      std::copy(levels_[at(j)].u, levels_[at(j)].u + Q, u + j * Q);
    }
    return !more;
  }

 private:
  // There may be several peaks. One that is lower than 0 is not the one to be found.
  void look_at_zero() {
    constexpr double kZero[Q] = {};
    for (Index j = 0; j < run_.levels(); ++j) run_.place(j, kZero);
    run_.derivatives(0, run_.n(), RowOrder::kPass, arrays_.pointers());
    for (Index j = 0; j < run_.levels(); ++j) {
      const double* l = arrays_.eta(0);
      const double h = -std::accumulate(l + run_.from(j), l + run_.to(j), 0.0);
      if (std::isfinite(h)) levels_[at(j)].h_zero = h;
    }
  }

  // Derivatives for all stretches of levels that are not done.
  void place() {
    for (Index j = 0; j < run_.levels();) {
      const Index begin = j;
      for (; j < run_.levels() && !levels_[at(j)].done; ++j) run_.place(j, levels_[at(j)].trial);
      const Index from = run_.from(begin);
      if (from < run_.from(j)) {
        run_.derivatives(from, run_.from(j), RowOrder::kPass, arrays_.pointers());
      }
      if (j == begin) ++j;
    }
  }

  bool advance(Index j) {
    Search<Q>& level = levels_[at(j)];
    double sum = 0.0;
    double size = 0.0;
    for (Index i = run_.from(j); i < run_.to(j); ++i) {
      sum += arrays_.eta(0)[i];
      size += std::abs(arrays_.eta(0)[i]);
    }
    const double h = 0.5 * dot<Q>(level.trial, level.trial) - sum;
    if (!std::isfinite(h) || h > level.h + kNoise * (1.0 + size)) return step_back(level);
    if (std::isinf(level.h) && h > level.h_zero && begin_again(level)) return true;
    std::copy(level.trial, level.trial + Q, level.u);
    level.h = h;
    level.halvings = 0;
    return step_on(j, level);
  }

  // A start that was extrapolated too far may lead nowhere.
  static bool begin_again(Search<Q>& level) {
    if (level.again) return false;
    level = {};
    level.again = true;
    return true;
  }

  bool step_back(Search<Q>& level) {
    if (std::isinf(level.h)) return false;
    if (++level.halvings > kMostHalvings) return false;
    for (int a = 0; a < Q; ++a) {
      level.step[a] *= 0.5;
      level.trial[a] = level.u[a] + level.step[a];
    }
    return true;
  }

  bool step_on(Index j, Search<Q>& level) {
    const Index from = run_.from(j);
    const Index to = run_.to(j);
    double root[Q * Q];
    double log_determinant;
    const bool observed = root_of<Q>(run_, j, arrays_.eta(2), -1.0, root, log_determinant);
    if (!observed) {
      if (information_.empty()) information_.resize(at(run_.n()));
      run_.expected(from, to, information_.data());
      if (!root_of<Q>(run_, j, information_.data(), 1.0, root, log_determinant)) return false;
    }
    double slope[Q];
    double half[Q];
    weighted_sum<Q>(run_.c(0), arrays_.eta(1), from, to, slope);
    for (int a = 0; a < Q; ++a) slope[a] -= level.u[a];
    apply_transposed<Q>(root, slope, half);
    apply<Q>(root, half, level.step);
    const double decrement = dot<Q>(half, half);
    if (!std::isfinite(decrement)) return false;
    for (int a = 0; a < Q; ++a) level.trial[a] = level.u[a] + level.step[a];
    if (decrement > tolerance_) return true;
    std::copy(level.trial, level.trial + Q, level.u);
    level.done = true;
    return observed;
  }

  LevelRun<Q>& run_;
  double tolerance_;
  DerivativeArrays arrays_;
  std::vector<Search<Q>> levels_;
  std::vector<double> information_;
};

}  // namespace

template <int Q>
bool find_modes(LevelRun<Q>& run, double tolerance, double* u) {
  return ModeSearch<Q>(run, tolerance).search(u);
}

template <int Q>
bool stand_at_modes(LevelRun<Q>& run, const double* u, RowOrder order,
                    const DerivativeArrays& arrays, std::vector<Peak<Q>>& peaks) {
  for (Index j = 0; j < run.levels(); ++j) run.place(j, u + j * Q);
  run.derivatives(0, run.n(), order, arrays.pointers());
  peaks.resize(at(run.levels()));
  for (Index j = 0; j < run.levels(); ++j) {
    Peak<Q>& peak = peaks[at(j)];
    std::copy(u + j * Q, u + (j + 1) * Q, peak.u.begin());
    weighted_sum<Q>(run.z(0), arrays.eta(1), run.from(j), run.to(j), peak.dual.data());
    double sum = 0.0;
    peak.size = 0.0;
    for (Index i = run.from(j); i < run.to(j); ++i) {
      sum += arrays.eta(0)[i];
      peak.size += std::abs(arrays.eta(0)[i]);
    }
    peak.height = sum - 0.5 * dot<Q>(peak.u.data(), peak.u.data());
    if (!std::isfinite(peak.height) ||
        !root_of<Q>(run, j, arrays.eta(2), -1.0, peak.root.data(), peak.log_determinant)) {
      return false;
    }
  }
  return true;
}

template bool find_modes<1>(LevelRun<1>&, double, double*);
template bool find_modes<2>(LevelRun<2>&, double, double*);
template bool find_modes<3>(LevelRun<3>&, double, double*);
template bool stand_at_modes<1>(LevelRun<1>&, const double*, RowOrder, const DerivativeArrays&,
                                std::vector<Peak<1>>&);
template bool stand_at_modes<2>(LevelRun<2>&, const double*, RowOrder, const DerivativeArrays&,
                                std::vector<Peak<2>>&);
template bool stand_at_modes<3>(LevelRun<3>&, const double*, RowOrder, const DerivativeArrays&,
                                std::vector<Peak<3>>&);

}  // namespace ranef
