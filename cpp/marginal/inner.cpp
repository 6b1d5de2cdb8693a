#include "marginal/inner.hpp"

#include <algorithm>
#include <cmath>

namespace ranef {

namespace {

constexpr int kMostSteps = 200;
constexpr int kMostHalvings = 40;
constexpr double kLargestDecrement = 1e-4;

class Search {
 public:
  Search(WorkingRows& rows, AtCovariance covariance, double tolerance, Sweeps& sweeps, Numbers& a,
         Mode& mode)
      : rows_(rows),
        pattern_(rows.map().pattern()),
        covariance_(covariance),
        tolerance_(std::min(tolerance, kLargestDecrement)),
        sweeps_(sweeps),
        a_(a),
        mode_(mode) {}

  bool run() {
    mode_.passes = 0;
    mode_.expected_steps = 0;
    if (!begin()) return false;
    double before = INFINITY;
    int stalls = 0;
    for (int k = 0; k < kMostSteps; ++k) {
      const bool convex = sweeps_.forward(covariance_.lambda);
      if (!convex && !factor_expected()) return false;
      newton_step();
      const double decrement = mode_.decrement;
      if (!std::isfinite(decrement) || decrement < 0.0) return false;
      // Where whole steps of Newton's method no longer lower it much, rounding errors are left.
      constexpr double kRounding = 1e-8;
      const bool rounded = decrement < kRounding && decrement > 0.25 * before && convex && whole_;
      stalls = rounded ? stalls + 1 : 0;
      if (decrement <= tolerance_ || stalls == 2) return convex && decrement <= kLargestDecrement;
      whole_ = convex;
      before = decrement;
      if (!move()) {
        if (!sweeps_.forward(covariance_.lambda)) return false;
        newton_step();
        return mode_.decrement <= kLargestDecrement;
      }
    }
    return false;
  }

 private:
  // From where the caller says, or from zero where some number is not finite there.
  bool begin() {
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (attempt == 1) mode_.dual = zero_effects(pattern_, 1);
      if (pass()) return true;
    }
    return false;
  }

  bool pass() {
    ++mode_.passes;
    times_covariance(pattern_, covariance_.d, 1, mode_.dual, mode_.effects);
    const bool finite = rows_.pass(mode_.effects, mode_.sums, a_);
    if (finite) measure();
    return finite;
  }

  // h by level of a single factor, else in total.
  void measure() {
    mode_.penalty = inner(mode_.dual, mode_.effects);
    if (mode_.sums.by_level.empty()) {
      h_.assign(1, 0.5 * mode_.penalty - mode_.sums.log_density);
      return;
    }
    const int q = pattern_.q[0];
    h_.resize(mode_.sums.by_level.size());
    for (std::size_t j = 0; j < h_.size(); ++j) {
      double sum = 0.0;
      for (std::size_t k = j * at(q); k < (j + 1) * at(q); ++k) {
        sum += mode_.dual[0][k] * mode_.effects[0][k];
      }
      h_[j] = 0.5 * sum - mode_.sums.by_level[j];
    }
  }

  // Expected weights are positive where the observed ones leave no minimum.
  bool factor_expected() {
    ++mode_.expected_steps;
    return rows_.expected_pass(mode_.effects, a_) && sweeps_.forward(covariance_.lambda);
  }

  void newton_step() {
    mode_.gap = mode_.sums.scores;
    for (std::size_t g = 0; g < mode_.gap.size(); ++g) {
      for (std::size_t k = 0; k < mode_.gap[g].size(); ++k) mode_.gap[g][k] -= mode_.dual[g][k];
    }
    solve_levels(sweeps_, 1, mode_.gap, nullptr, mode_.step, mode_.step_effects, rows_.threads());
    mode_.decrement = inner(mode_.gap, mode_.step_effects);
    if (mode_.decrement < 0.0 && mode_.decrement > -1e-14) mode_.decrement = 0.0;
  }

  // The step, halved where h goes up: for a single factor level by level. False where it is back
  // where it was.
  bool move() {
    const Effects before = mode_.dual;
    const std::vector<double> h_before = h_;
    std::vector<double> share(h_before.size(), 1.0);
    const auto place = [&](std::size_t unit) {
      if (share.size() > 1) {
        const std::size_t q = at(pattern_.q[0]);
        for (std::size_t k = unit * q; k < (unit + 1) * q; ++k) {
          mode_.dual[0][k] = before[0][k] + share[unit] * mode_.step[0][k];
        }
        return;
      }
      for (std::size_t g = 0; g < before.size(); ++g) {
        for (std::size_t k = 0; k < before[g].size(); ++k) {
          mode_.dual[g][k] = before[g][k] + share[0] * mode_.step[g][k];
        }
      }
    };
    for (std::size_t unit = 0; unit < share.size(); ++unit) place(unit);
    for (int halving = 0; halving < kMostHalvings; ++halving) {
      const bool finite = pass();
      bool fine = finite;
      for (std::size_t unit = 0; unit < share.size(); ++unit) {
        constexpr double kNoise = 1e-11;
        const double most = h_before[unit] + kNoise * (1.0 + std::abs(h_before[unit]));
        const bool up = finite ? h_[unit] > most : !level_is_finite(unit);
        if (!up) continue;
        fine = whole_ = false;
        share[unit] *= 0.5;
        place(unit);
      }
      if (fine) return true;
    }
    mode_.dual = before;
    pass();
    return false;
  }

  // After a pass that failed.
  bool level_is_finite(std::size_t unit) const {
    if (mode_.sums.by_level.empty()) return false;
    double sum = mode_.sums.by_level[unit];
    const std::size_t q = at(pattern_.q[0]);
    for (std::size_t k = unit * q; k < (unit + 1) * q; ++k) sum += mode_.sums.scores[0][k];
    const std::size_t block = q * q;
    for (std::size_t k = unit * block; k < (unit + 1) * block; ++k) sum += a_.chain[0].diagonal[k];
    return std::isfinite(sum);
  }

  WorkingRows& rows_;
  const Pattern& pattern_;
  AtCovariance covariance_;
  double tolerance_;
  Sweeps& sweeps_;
  Numbers& a_;
  Mode& mode_;
  std::vector<double> h_;
  bool whole_ = false;  // whether the last step was one of Newton's, not shortened
};

}  // namespace

bool find_mode(WorkingRows& rows, AtCovariance covariance, double tolerance, Sweeps& sweeps,
               Numbers& a, Mode& mode) {
  return Search(rows, covariance, tolerance, sweeps, a, mode).run();
}

}  // namespace ranef
