#include "marginal/start.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/products.hpp"
#include "marginal/channel_start.hpp"
#include "marginal/covariance_start.hpp"
#include "marginal/first_fit.hpp"
#include "marginal/inner.hpp"
#include "marginal/joint_modes.hpp"
#include "marginal/recession.hpp"

namespace ranef {

namespace {

constexpr int kFirstSteps = 5;   // of the joint search, at D0
constexpr int kNextSteps = 3;    // and at D
constexpr double kModes = 1e-2;  // what a search for modes may leave
constexpr int kMostSteps = 12;   // before there is suspicion of separation

class StartSearch {
 public:
  StartSearch(WorkingRows& rows, Sweeps& sweeps, Numbers& a, const Chart& chart,
              const NormalPrior* normal)
      : rows_(rows),
        map_(rows.map()),
        sweeps_(sweeps),
        a_(a),
        chart_(chart),
        joint_(rows, sweeps, a, normal),
        channels_(rows, normal),
        weights_(rows.family().log_concave() ? RowWeights::kObserved : RowWeights::kLarger) {}

  Start run() {
    point_ = {first_coefficients(rows_), zero_effects(map_.pattern(), 1)};
    fit_without_effects();
    covariances();
    if (map_.others() > 0) {
      for (int k = 0; k < 2; ++k) channels_.step(effects_, point_.coefficients);
      covariances();
    }
    return ended();
  }

  Start run_at(const Vector& coordinates, const Vector& coefficients) {
    coordinates_ = coordinates;
    lambda_ = lambda_at(coordinates);
    point_ = {coefficients, zero_effects(map_.pattern(), 1)};
    effects_ = point_.dual;
    rows_.set_coefficients(coefficients);
    std::vector<Matrix> d;
    for (const Matrix& l : lambda_) d.push_back(outer_gram(l));
    Mode mode;
    mode.dual = point_.dual;
    if (find_mode(rows_, {lambda_, d}, kModes, sweeps_, a_, mode)) {
      point_.dual = mode.dual;
      effects_ = mode.effects;
    }
    return ended();
  }

 private:
  Start ended() {
    shrink_until_convex();
    Start out;
    out.coordinates = coordinates_;
    out.coefficients = point_.coefficients;
    out.dual = point_.dual;
    out.effects = effects_;
    look_for_separation(out);
    out.looks = joint_.looks() + channels_.looks();
    return out;
  }

  void fit_without_effects() {
    constexpr int kRounds = 3;
    constexpr int kSteps = 2;
    std::vector<Matrix> nothing;
    for (const int q : map_.pattern().q) nothing.push_back(Matrix::Zero(q, q));
    fit_first(rows_, joint_.rows(), point_.coefficients);
    effects_ = zero_effects(map_.pattern(), 1);
    for (int k = 0; k < kRounds && map_.others() > 0; ++k) {
      joint_.run(nothing, RowWeights::kLarger, k == 0 ? 1 : kSteps, point_);
      point_.dual = zero_effects(map_.pattern(), 1);
      channels_.step(effects_, point_.coefficients);
    }
    if (rows_.family().in_units_of_response()) {
      rows_.set_coefficients(point_.coefficients);
      const bool fine = joint_.rows().look(effects_, RowWeights::kLarger);
      const double unit = joint_.rows().spread();
      if (fine && unit > 0.0 && std::isfinite(unit)) unit_ = unit;
    }
    units_ = effect_units(map_, unit_);
  }

  // Joint modes at D0, D by Fisher scoring, joint modes there. The random effects are kept.
  void covariances() {
    const Pattern& pattern = map_.pattern();
    const std::vector<Matrix> first = first_lambda(units_);
    point_.dual = dual_of(pattern, first, effects_);
    const JointPoint before = point_;
    Vector found;
    if (joint_.run(first, weights_, kFirstSteps, point_)) {
      effects_ = joint_.effects();
      std::vector<Matrix> gamma;
      const Matrix top = Matrix::Zero(pattern.m, pattern.m);
      sweeps_.reverse(top, gamma, true);
      found = scored_covariances(chart_, units_, pattern, blocks_of(pattern, sweeps_.kept(top)),
                                 joint_.scores(), least_variance());
    } else {
      point_ = before;
    }
    if (found.size() == 0 || !found.allFinite()) found = first_coordinates();
    coordinates_ = found;
    settle();
  }

  // A standard deviation of 0.1, or of 0.05 times the noise of a row where rows tell more.
  double least_variance() const {
    const double noise = 1.0 / (unit_ * unit_ * joint_.rows().mean_weight());
    return noise > 0.0 ? std::min(0.01, 0.0025 * noise) : 0.01;
  }

  Vector first_coordinates() const {
    Vector out = Vector::Zero(chart_.covariance_size());
    for (std::size_t k = 0; k < chart_.terms().size(); ++k) {
      const Term& term = chart_.terms()[k];
      const Vector sd = kFirstSd * units_[at(term.group)].segment(term.offset, term.q);
      const Matrix d = sd.cwiseAbs2().asDiagonal();
      out.segment(chart_.first(k), chart_.structure(k).size()) = chart_.structure(k).nearest(d);
    }
    return out;
  }

  // Joint modes at the coordinates, from the random effects as they are.
  void settle() {
    lambda_ = lambda_at(coordinates_);
    point_.dual = dual_of(map_.pattern(), lambda_, effects_);
    const JointPoint before = point_;
    if (!joint_.run(lambda_, weights_, kNextSteps, point_)) point_ = before;
    keep_effects();
  }

  std::vector<Matrix> lambda_at(const Vector& coordinates) const {
    Vector x = Vector::Zero(chart_.size());
    x.head(coordinates.size()) = coordinates;
    return chart_.lambda(x);
  }

  void keep_effects() {
    std::vector<Matrix> d;
    for (const Matrix& l : lambda_) d.push_back(outer_gram(l));
    times_covariance(map_.pattern(), d, 1, point_.dual, effects_);
  }

  // An evaluation needs a minimum in b. With less variance there is one.
  void shrink_until_convex() {
    if (rows_.family().log_concave()) return;
    constexpr int kMost = 6;
    PassSums sums;
    for (int k = 0; k < kMost; ++k) {
      rows_.set_coefficients(point_.coefficients);
      if (rows_.pass(effects_, sums, a_) && sweeps_.forward(lambda_)) return;
      Vector x = Vector::Zero(chart_.size());
      x.head(coordinates_.size()) = coordinates_;
      coordinates_ = chart_.scaled(x, 0.5).head(coordinates_.size());
      settle();
    }
  }

  // The proof at the joint modes; if it fails, the search for them goes on.
  void look_for_separation(Start& out) {
    out.separation_margin = std::numeric_limits<double>::quiet_NaN();
    JointPoint point = point_;
    double margin = std::numeric_limits<double>::infinity();
    for (int k = kFirstSteps; k <= kMostSteps; ++k) {
      const bool stands = k == kFirstSteps ? joint_.stand(lambda_, weights_, point)
                                           : joint_.run(lambda_, weights_, 1, point);
      if (!stands) return;
      margin = separation_margin(rows_, joint_.rows());
      if (margin < 1.0 || std::isnan(margin)) break;
    }
    if (std::isfinite(margin)) out.separation_margin = margin;
    const double longest =
        joint_.fixed_step().size() > 0 ? joint_.fixed_step().cwiseAbs().maxCoeff() : 0.0;
    if (margin >= 1.0 && longest > 0.0) out.suspected_direction = joint_.fixed_step() / longest;
  }

  WorkingRows& rows_;
  const RowMap& map_;
  Sweeps& sweeps_;
  Numbers& a_;
  const Chart& chart_;
  JointModes joint_;
  ChannelSteps channels_;
  RowWeights weights_;
  JointPoint point_;
  Effects effects_;
  Vector coordinates_;
  std::vector<Matrix> lambda_;
  double unit_ = 1.0;  // of eta
  std::vector<Vector> units_;
};

}  // namespace

Start find_start(WorkingRows& rows, Sweeps& sweeps, Numbers& a, const Chart& chart,
                 const NormalPrior* normal) {
  return StartSearch(rows, sweeps, a, chart, normal).run();
}

Start find_start_at(WorkingRows& rows, Sweeps& sweeps, Numbers& a, const Chart& chart,
                    const NormalPrior* normal, const Vector& coordinates,
                    const Vector& coefficients) {
  return StartSearch(rows, sweeps, a, chart, normal).run_at(coordinates, coefficients);
}

}  // namespace ranef
