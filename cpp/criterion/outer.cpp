#include "criterion/outer.hpp"

#include <cmath>

#include "linalg/products.hpp"

namespace ranef {

namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;

}  // namespace

bool Outer::evaluate(double log_determinant, const Matrix& c, const Vector& origin) {
  top_ready_ = false;
  log_determinant_x_ = 0.0;
  beta_.setZero(p_);
  xx_inverse_.setZero(p_, p_);
  r2_ = c(p_, p_);
  if (p_ > 0) {
    xx_factor_ = c.topLeftCorner(p_, p_);
    if (!cholesky_lower(xx_factor_)) return false;
    log_determinant_x_ = 2.0 * xx_factor_.diagonal().array().log().sum();
    beta_ = c.col(p_).head(p_);
    solve_lower(xx_factor_, beta_);
    r2_ -= beta_.squaredNorm();
    solve_lower(xx_factor_, beta_, true);
    xx_inverse_ = xx_factor_;
    inverse_from_cholesky(xx_inverse_);
  }
  beta_left_ = beta_;
  if (origin.size() > 0) beta_ += origin;
  value_ = log_determinant + (reml_ ? log_determinant_x_ : 0.0) + of_r2();
  return r2_ > 0.0 && std::isfinite(value_);
}

Vector Outer::residual() const {
  Vector v(p_ + 1);
  v.head(p_) = -beta_;
  v(p_) = 1.0;
  return v;
}

const Top& Outer::top() {
  if (!top_ready_) fill(beta_, top_);
  top_ready_ = true;
  return top_;
}

Top Outer::top_about_origin() {
  Top out;
  fill(beta_left_, out);
  return out;
}

// Plain loops: m is small, and each step of a search calls this.
void Outer::fill(const Vector& beta, Top& out) {
  const double kappa = slope();
  const double root = std::sqrt(kappa);
  const auto v = [&](int k) { return k < p_ ? -beta(k) : 1.0; };
  out.first = reml_ ? 0 : p_;
  out.value.resize(p_ + 1, p_ + 1);
  out.root.resize(p_ + 1, p_ + 1);
  if (p_ > 0) {
    xx_root_.setIdentity(p_, p_);
    solve_lower(xx_factor_, xx_root_, true);
  }
  for (int l = 0; l <= p_; ++l) {
    for (int k = 0; k <= p_; ++k) {
      const bool of_x = k < p_ && l < p_;
      out.value(k, l) = kappa * v(k) * v(l);
      if (of_x && reml_) out.value(k, l) += xx_inverse_(k, l);
      out.root(k, l) = l == p_ ? root * v(k) : of_x && k <= l ? xx_root_(k, l) : 0.0;
    }
  }
}

Matrix Outer::dtop(const Matrix& dc) const {
  const Vector v = residual();
  const Vector along = times(dc, v);
  Vector dv = Vector::Zero(p_ + 1);
  dv.head(p_) = -times(xx_inverse_, along.head(p_));
  Matrix out = times((bend() * v.dot(along)) * v, Form::kPlain, v, Form::kTransposed);
  subtract_both(times(-slope() * dv, Form::kPlain, v, Form::kTransposed), out);
  if (reml_) out.topLeftCorner(p_, p_) -= congruent(xx_inverse_, dc.topLeftCorner(p_, p_));
  return out;
}

void Outer::add_second(const std::vector<Matrix>& dc, Matrix& hessian) const {
  const auto count = static_cast<Index>(dc.size());
  const Vector v = residual();
  Vector r2(count);
  Matrix slopes(p_, count);  // (dC v) at X
  Matrix solved(p_ * p_, count);
  Matrix turned(p_ * p_, count);
  for (Index k = 0; k < count; ++k) {
    const Vector along = dc[at(k)] * v;
    r2(k) = v.dot(along);
    slopes.col(k) = along.head(p_);
    if (!reml_) continue;
    const Matrix ratio = times(xx_inverse_, dc[at(k)].topLeftCorner(p_, p_));
    solved.col(k) = Eigen::Map<const Vector>(ratio.data(), p_ * p_);
    const Matrix transposed = ratio.transpose();
    turned.col(k) = Eigen::Map<const Vector>(transposed.data(), p_ * p_);
  }
  add(bend(), r2, Form::kPlain, r2, Form::kTransposed, hessian);
  if (p_ == 0) return;
  hessian -= (2.0 * slope()) * congruent_transposed(slopes, xx_inverse_);
  if (reml_) add(-1.0, solved, Form::kTransposed, turned, Form::kPlain, hessian);
}

double ProfiledGaussian::of_r2() const { return nu() * (1.0 + std::log(kTwoPi * r2() / nu())); }

double FixedSigma::of_r2() const {
  return nu() * std::log(kTwoPi * sigma_ * sigma_) + r2() / (sigma_ * sigma_);
}

}  // namespace ranef
