#include "criterion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace ranef {

namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;

}  // namespace

Criterion::Criterion(const Problem& problem, bool reml, double constant, Penalty penalty,
                     int threads)
    : problem_(problem),
      reml_(reml),
      constant_(constant),
      penalty_(std::move(penalty)),
      sweeps_(problem),
      nu_(static_cast<double>(problem.n - (reml ? problem.p : 0))) {
  if (problem.n_groups == 1) lone_.emplace(problem, threads);
}

void Criterion::reload() {
  if (lone_) lone_->reload();
}

bool Criterion::evaluate(const std::vector<Matrix>& lambda) {
  gamma_ready_ = false;
  gamma_kept_ = false;
  differentiated_ = false;
  swept_ = !lone_;
  if (!penalty_.evaluate(lambda)) return false;
  if (lone_) lambda_ = lambda;
  if (!(lone_ ? lone_->forward(lambda[0]) : sweeps_.forward(lambda))) return false;
  log_determinant_ = lone_ ? lone_->log_determinant() : sweeps_.log_determinant();
  const Matrix& c = lone_ ? lone_->fixed() : sweeps_.fixed();
  const int p = problem_.p;
  log_determinant_x_ = 0.0;
  beta_.setZero(p);
  xx_inverse_.setZero(p, p);
  r2_ = c(p, p);
  if (p > 0) {
    xx_factor_ = c.topLeftCorner(p, p);
    if (!cholesky_lower(xx_factor_)) return false;
    log_determinant_x_ = 2.0 * xx_factor_.diagonal().array().log().sum();
    beta_ = c.col(p).head(p);
    solve_lower(xx_factor_, beta_);
    r2_ -= beta_.squaredNorm();
    solve_lower(xx_factor_, beta_, true);
    xx_inverse_ = xx_factor_;
    inverse_from_cholesky(xx_inverse_);
  }
  value_ = log_determinant_ + (reml_ ? log_determinant_x_ : 0.0) +
           nu_ * (1.0 + std::log(kTwoPi * r2_ / nu_)) - problem_.sum_log_weights + constant_ +
           penalty_.value();
  return r2_ > 0.0 && std::isfinite(value_);
}

double Criterion::rounding() const {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  // Where next to nothing is left, the criterion falls without end: that is no rounding error.
  constexpr double kMost = 1e12;
  const double share = std::min(problem_.fixed(problem_.p, problem_.p) / r2_, kMost);
  double levels = 0.0;
  for (const Index n : problem_.n_levels) levels += static_cast<double>(n);
  return kEpsilon * (32.0 * std::abs(value_) + (4.0 + 2.0 * std::sqrt(levels)) * nu_ * share);
}

Sweeps& Criterion::sweeps() {
  if (!swept_) sweeps_.forward(lambda_);
  swept_ = true;
  return sweeps_;
}

Matrix Criterion::top() const {
  const int p = problem_.p;
  Vector v(p + 1);
  v.head(p) = -beta_;
  v(p) = 1.0;
  Matrix out = (nu_ / r2_) * (v * v.transpose());
  if (reml_) out.topLeftCorner(p, p) += xx_inverse_;
  return out;
}

const std::vector<Matrix>& Criterion::gamma(bool keep) {
  if (!gamma_ready_ || (keep && !gamma_kept_)) {
    if (lone_ && !keep) {
      differentiate_lone();
      gamma_.assign(1, lone_->gamma());
    } else {
      sweeps().reverse(top(), gamma_, keep);
    }
    penalty_.add_gamma(gamma_);
    gamma_ready_ = true;
    gamma_kept_ = keep;
  }
  return gamma_;
}

}  // namespace ranef
