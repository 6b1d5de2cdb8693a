#include "criterion/criterion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace ranef {

namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;

}  // namespace

Criterion::Criterion(const Arranged& arranged, bool reml, double constant, Penalty penalty,
                     int threads)
    : arranged_(arranged),
      reml_(reml),
      constant_(constant),
      penalty_(std::move(penalty)),
      sweeps_(arranged),
      nu_(static_cast<double>(arranged.n - (reml ? arranged.p : 0))) {
  if (arranged.n_groups == 1) single_.emplace(arranged, threads);
}

void Criterion::reload() {
  if (single_) single_->reload();
}

bool Criterion::evaluate(const std::vector<Matrix>& lambda) {
  gamma_ready_ = false;
  gamma_kept_ = false;
  differentiated_ = false;
  swept_ = !single_;
  if (!penalty_.evaluate(lambda)) return false;
  if (single_) lambda_ = lambda;
  if (!(single_ ? single_->forward(lambda[0]) : sweeps_.forward(lambda))) return false;
  if (refinement_ && !refinement_->evaluate(lambda)) return false;
  log_determinant_ = single_ ? single_->log_determinant() : sweeps_.log_determinant();
  const Matrix& c = refinement_ ? refinement_->fixed()
                    : single_   ? single_->fixed()
                                : sweeps_.fixed();
  const int p = arranged_.p;
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
  if (refinement_) {
    beta_left_ = beta_;
    beta_ += refinement_->origin();
  }
  value_ = log_determinant_ + (reml_ ? log_determinant_x_ : 0.0) +
           nu_ * (1.0 + std::log(kTwoPi * r2_ / nu_)) - arranged_.sum_log_weights + constant_ +
           penalty_.value();
  return r2_ > 0.0 && std::isfinite(value_);
}

double Criterion::share() const {
  // Where next to nothing is left, the criterion falls without end: that is no rounding error.
  constexpr double kMost = 1e12;
  return std::min(arranged_.fixed(arranged_.p, arranged_.p) / r2_, kMost);
}

bool Criterion::loses_digits() const {
  // The size of y beside what is left of it: from 300 on.
  constexpr double kLarge = 1e5;
  return !(arranged_.fixed(arranged_.p, arranged_.p) < kLarge * r2_);
}

double Criterion::rounding() const {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  if (refinement_) {
    const double size = arranged_.fixed(arranged_.p, arranged_.p) / r2_;
    return kEpsilon * (32.0 * std::abs(value_) + 4.0 * nu_ * std::sqrt(std::max(size, 1.0))) +
           nu_ * refinement_->error_of_r2() + refinement_->error_of_determinants();
  }
  double levels = 0.0;
  for (const Index n : arranged_.n_levels) levels += static_cast<double>(n);
  return kEpsilon * (32.0 * std::abs(value_) + (4.0 + 2.0 * std::sqrt(levels)) * nu_ * share());
}

Sweeps& Criterion::sweeps() {
  if (!swept_) sweeps_.forward(lambda_);
  swept_ = true;
  return sweeps_;
}

Matrix Criterion::top() const {
  const int p = arranged_.p;
  Vector v(p + 1);
  v.head(p) = -beta_;
  v(p) = 1.0;
  Matrix out = (nu_ / r2_) * (v * v.transpose());
  if (reml_) out.topLeftCorner(p, p) += xx_inverse_;
  return out;
}

const std::vector<Matrix>& Criterion::gamma(bool keep) {
  if (!gamma_ready_ || (keep && !gamma_kept_)) {
    if (refinement_) {
      refined_gamma(keep);
    } else if (single_ && !keep) {
      differentiate_single();
      gamma_.assign(1, single_->gamma());
    } else {
      sweeps().reverse(top(), gamma_, keep);
    }
    penalty_.add_gamma(gamma_);
    gamma_ready_ = true;
    gamma_kept_ = keep;
  }
  return gamma_;
}

// The sweep of the problem itself leaves what second derivatives ask for.
void Criterion::refined_gamma(bool keep) {
  if (keep || !single_) sweeps().reverse(top(), gamma_, keep);
  refinement_->gamma(root_of_top(beta_left_), reml_, gamma_);
}

Matrix Criterion::root_of_top(const Vector& beta) {
  const int p = arranged_.p;
  const double root = std::sqrt(nu_ / r2_);
  xx_root_.setIdentity(p, p);
  if (p > 0) {
    solve_lower(xx_factor_, xx_root_, true);
  }
  Matrix t = Matrix::Zero(p + 1, p + 1);
  t.topLeftCorner(p, p).triangularView<Eigen::Upper>() = xx_root_;
  t.col(p).head(p) = -root * beta;
  t(p, p) = root;
  return t;
}

void Criterion::predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                           std::vector<std::vector<double>>& e) {
  gamma();
  if (!refinement_) {
    sweeps().predictors(v, b, e);
    return;
  }
  // [X y] v = [X, y - X origin] w.
  const int p = arranged_.p;
  Matrix w = v;
  w.topRows(p) += refinement_->origin() * v.row(p);
  refinement_->predictors(w, b, e);
}

}  // namespace ranef
