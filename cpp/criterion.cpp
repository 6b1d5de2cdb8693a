#include "criterion.hpp"

#include <cmath>
#include <utility>

namespace ranef {

namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;

}  // namespace

Criterion::Criterion(const Problem& problem, bool reml, double constant, Penalty penalty)
    : problem_(problem),
      reml_(reml),
      constant_(constant),
      penalty_(std::move(penalty)),
      sweeps_(problem),
      nu_(static_cast<double>(problem.n - (reml ? problem.p : 0))) {}

bool Criterion::evaluate(const std::vector<Matrix>& lambda) {
  gamma_ready_ = false;
  gamma_kept_ = false;
  if (!penalty_.evaluate(lambda) || !sweeps_.forward(lambda)) return false;
  const Matrix& c = sweeps_.fixed();
  const int p = problem_.p;
  log_determinant_x_ = 0.0;
  beta_ = Vector::Zero(p);
  xx_inverse_ = Matrix::Zero(p, p);
  r2_ = c(p, p);
  if (p > 0) {
    Matrix factor = c.topLeftCorner(p, p);
    if (!cholesky_lower(factor)) return false;
    log_determinant_x_ = 2.0 * factor.diagonal().array().log().sum();
    Matrix z = c.topRightCorner(p, 1);
    solve_lower(factor, z);
    r2_ -= z.squaredNorm();
    solve_lower(factor, z, true);
    beta_ = z.col(0);
    inverse_from_cholesky(factor);
    xx_inverse_ = factor;
  }
  value_ = sweeps_.log_determinant() + (reml_ ? log_determinant_x_ : 0.0) +
           nu_ * (1.0 + std::log(kTwoPi * r2_ / nu_)) - problem_.sum_log_weights + constant_ +
           penalty_.value();
  return r2_ > 0.0 && std::isfinite(value_);
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
    sweeps_.reverse(top(), gamma_, keep);
    penalty_.add_gamma(gamma_);
    gamma_ready_ = true;
    gamma_kept_ = keep;
  }
  return gamma_;
}

}  // namespace ranef
