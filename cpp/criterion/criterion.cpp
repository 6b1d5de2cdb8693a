#include "criterion/criterion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace ranef {

namespace {

double degrees(const Arranged& arranged, bool reml) {
  return static_cast<double>(arranged.numbers.n - (reml ? arranged->p : 0));
}

}  // namespace

Criterion::Criterion(const Arranged& arranged, std::unique_ptr<Outer> outer, double constant,
                     Penalty penalty, int threads)
    : arranged_(arranged),
      outer_(std::move(outer)),
      factor_(make_factor(arranged, threads)),
      penalty_(std::move(penalty)),
      constant_(constant) {}

Criterion::Criterion(const Arranged& arranged, bool reml, double constant, Penalty penalty,
                     int threads)
    : Criterion(arranged,
                std::make_unique<ProfiledGaussian>(arranged->p, degrees(arranged, reml), reml),
                constant, std::move(penalty), threads) {}

Criterion::Criterion(const Arranged& arranged, std::unique_ptr<Factor> factor, bool reml,
                     double constant, Penalty penalty)
    : arranged_(arranged),
      outer_(std::make_unique<ProfiledGaussian>(arranged->p, degrees(arranged, reml), reml)),
      factor_(std::move(factor)),
      penalty_(std::move(penalty)),
      constant_(constant) {}

void Criterion::fix_sigma(double sigma) {
  outer_ = std::make_unique<FixedSigma>(arranged_->p, nu(), reml(), sigma);
}

void Criterion::profile_sigma() {
  outer_ = std::make_unique<ProfiledGaussian>(arranged_->p, nu(), reml());
}

bool Criterion::evaluate(const std::vector<Matrix>& lambda) {
  gamma_ready_ = false;
  gamma_kept_ = false;
  if (!penalty_.evaluate(lambda) || !factor_->forward(lambda)) return false;
  const double determinant = factor_->log_determinant();
  bool fine = false;
  if (refinement_) {
    fine = refinement_->evaluate(lambda) &&
           outer_->evaluate(determinant, refinement_->fixed(), refinement_->origin());
  } else {
    fine = outer_->evaluate(determinant, factor_->fixed());
  }
  value_ = outer_->value() - arranged_.numbers.sum_log_weights + constant_ + penalty_.value();
  return fine && std::isfinite(value_);
}

double Criterion::share() const {
  // Where next to nothing is left, the criterion falls without end: that is no rounding error.
  constexpr double kMost = 1e12;
  return std::min(arranged_.numbers.fixed(arranged_->p, arranged_->p) / r2(), kMost);
}

bool Criterion::loses_digits() const {
  // The size of y beside what is left of it: from 300 on.
  constexpr double kLarge = 1e5;
  return !(arranged_.numbers.fixed(arranged_->p, arranged_->p) < kLarge * r2());
}

double Criterion::rounding() const {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  const Noise noise = factor_->noise();
  const double weight = outer_->weight();
  const double of_value = noise.determinant * std::abs(value_);
  if (refinement_) {
    const double size = arranged_.numbers.fixed(arranged_->p, arranged_->p) / r2();
    return kEpsilon * (of_value + 4.0 * weight * std::sqrt(std::max(size, 1.0))) +
           weight * refinement_->error_of_r2() + refinement_->error_of_determinants();
  }
  return kEpsilon * (of_value + noise.complement * weight * share());
}

const std::vector<Matrix>& Criterion::gamma(bool keep) {
  if (!gamma_ready_ || (keep && !gamma_kept_)) {
    // The sweep of the problem itself leaves what second derivatives ask for.
    factor_->reverse(outer_->top(), gamma_, keep);
    if (refinement_) refinement_->gamma(outer_->top_about_origin(), gamma_);
    penalty_.add_gamma(gamma_);
    gamma_ready_ = true;
    gamma_kept_ = keep;
  }
  return gamma_;
}

void Criterion::predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                           std::vector<std::vector<double>>& e) {
  gamma();
  if (!refinement_) {
    factor_->predictors(v, b, e);
    return;
  }
  // [X y] v = [X, y - X origin] w.
  const int p = arranged_->p;
  Matrix w = v;
  w.topRows(p) += refinement_->origin() * v.row(p);
  refinement_->predictors(w, b, e);
}

}  // namespace ranef
