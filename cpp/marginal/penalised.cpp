#include "marginal/penalised.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace ranef {

Penalised::Penalised(std::unique_ptr<Marginal> marginal, Penalty penalty,
                     std::optional<NormalPrior> normal)
    : marginal_(std::move(marginal)), penalty_(std::move(penalty)), normal_(std::move(normal)) {}

bool Penalised::evaluate(const std::vector<Matrix>& lambda, const Vector& coefficients,
                         double tolerance) {
  if (!penalty_.evaluate(lambda) || !marginal_->evaluate(lambda, coefficients, tolerance)) {
    return false;
  }
  value_ = marginal_->value() + penalty_.value();
  if (normal_) {
    const Vector away = coefficients - normal_->centre;
    pull_ = normal_->precision * away;
    value_ += away.dot(pull_) + normal_->constant;
  }
  gamma_ = marginal_->gamma();
  penalty_.add_gamma(gamma_);
  slopes_ = marginal_->slopes();
  if (normal_) slopes_ += 2.0 * pull_;
  return std::isfinite(value_);
}

double Penalised::rounding() const {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  return marginal_->rounding() + kEpsilon * std::abs(value_ - marginal_->value());
}

Matrix Penalised::second(const std::vector<Direction>& directions) {
  return with_priors(directions, marginal_->second(directions));
}

Matrix Penalised::exact_second(const std::vector<Direction>& directions) {
  return with_priors(directions, marginal_->exact_second(directions));
}

Matrix Penalised::with_priors(const std::vector<Direction>& directions, Matrix second) const {
  penalty_.add_hessian(directions, second);
  if (normal_) {
    const Index size = normal_->centre.size();
    second.bottomRightCorner(size, size) += 2.0 * normal_->precision;
  }
  return second;
}

}  // namespace ranef
