#include "search/marginal_objective.hpp"

#include <algorithm>
#include <utility>

namespace ranef {

namespace {

// What an inner search may leave to gain, so that the value is right to a small part of the
// decrease that the outer search expects.
constexpr double kSharp = 1e-18;
constexpr double kCoarse = 1e-6;

double tolerance(double promised) {
  return std::clamp(1e-4 * promised * promised, kSharp, kCoarse);
}

}  // namespace

MarginalObjective::MarginalObjective(Marginal& marginal, const Chart& chart, MarginalPriors priors,
                                     const std::vector<HeldCoefficient>& held, MarginalStart start)
    : Objective(chart),
      marginal_(marginal),
      priors_(std::move(priors)),
      start_(std::move(start)),
      held_(Vector::Zero(marginal.coefficients())) {
  std::vector<bool> is_held(at(held_.size()), false);
  for (const HeldCoefficient& one : held) {
    held_(one.index) = one.value;
    is_held[at(one.index)] = true;
  }
  for (Index k = 0; k < held_.size(); ++k) {
    if (!is_held[at(k)]) free_.push_back(k);
  }
}

Vector MarginalObjective::whole(const Vector& free) const {
  Vector out = held_;
  for (std::size_t k = 0; k < free_.size(); ++k) out(free_[k]) = free(static_cast<Index>(k));
  return out;
}

Vector MarginalObjective::part(const Vector& coefficients) const {
  Vector out(static_cast<Index>(free_.size()));
  for (std::size_t k = 0; k < free_.size(); ++k)
    out(static_cast<Index>(k)) = coefficients(free_[k]);
  return out;
}

Vector MarginalObjective::coefficients(const Vector& x) const {
  return whole(x.tail(chart().others()));
}

bool MarginalObjective::stand_at(const std::vector<Matrix>& lambda, const Vector& free,
                                 double promised) {
  gamma_ready_ = false;
  const Vector c = whole(free);
  if (priors_.coefficients) away_ = c - priors_.coefficients->centre;
  const double left = tolerance(promised);
  sharp_ = left <= kSharp;
  return priors_.covariances.evaluate(lambda) && marginal_.evaluate(lambda, c, left);
}

double MarginalObjective::value() const {
  const double priors = priors_.covariances.value();
  if (!priors_.coefficients) return marginal_.value() + priors;
  const NormalPrior& normal = *priors_.coefficients;
  return marginal_.value() + priors + away_.dot(normal.precision * away_) + normal.constant;
}

const std::vector<Matrix>& MarginalObjective::gamma() {
  if (gamma_ready_) return gamma_;
  gamma_ = marginal_.gamma();
  priors_.covariances.add_gamma(gamma_);
  gamma_ready_ = true;
  return gamma_;
}

Vector MarginalObjective::slopes() {
  Vector out = marginal_.slopes();
  if (priors_.coefficients) out += 2.0 * priors_.coefficients->precision * away_;
  return part(out);
}

Matrix MarginalObjective::second(const std::vector<Direction>& directions, bool /*exact*/) {
  Matrix all = marginal_.second(directions);
  const auto count = static_cast<Index>(directions.size());
  priors_.covariances.add_hessian(directions, all);
  if (priors_.coefficients) {
    all.bottomRightCorner(held_.size(), held_.size()) += 2.0 * priors_.coefficients->precision;
  }
  if (free_.size() == at(held_.size())) return all;
  std::vector<Index> kept;
  for (Index k = 0; k < count; ++k) kept.push_back(k);
  for (const Index k : free_) kept.push_back(count + k);
  return all(kept, kept);
}

Vector MarginalObjective::start() {
  const Index own = chart().covariance_size();
  Vector out = Vector::Zero(chart().size());
  if (start_) {
    const Vector all = start_(chart());
    out << all.head(own), part(all.tail(held_.size()));
    return out;
  }
  for (std::size_t k = 0; k < chart().terms().size(); ++k) {
    const int q = chart().terms()[k].q;
    chart().set_part(out, k, chart().structure(k).nearest(0.25 * Matrix::Identity(q, q)));
  }
  return out;
}

}  // namespace ranef
