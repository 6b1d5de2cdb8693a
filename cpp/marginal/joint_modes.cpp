#include "marginal/joint_modes.hpp"

#include <cmath>

#include "linalg/products.hpp"

namespace ranef {

namespace {

using ConstMap = Eigen::Map<const Matrix>;

constexpr double kEnough = 1e-2;  // decrement: what a step may leave

}  // namespace

Vector guarded_solution(const Matrix& s, const Vector& r) {
  Vector scale = s.diagonal().cwiseAbs().cwiseSqrt();
  if (r.size() == 0) return r;
  for (double& value : scale) {
    if (!(value > 0.0)) value = 1.0;
  }
  const Matrix scaled = scale.cwiseInverse().asDiagonal() * s * scale.cwiseInverse().asDiagonal();
  for (double ridge = 0.0; ridge < 2.0; ridge = std::max(1e-10, 100.0 * ridge)) {
    constexpr double kClear = 1e-7;  // of a pivot's root
    Matrix factor = scaled;
    factor.diagonal().array() += ridge;
    if (!cholesky_lower(factor) || !(factor.diagonal().minCoeff() > (ridge > 0.0 ? 0.0 : kClear))) {
      continue;
    }
    Vector out = r.cwiseQuotient(scale);
    solve_lower(factor, out);
    solve_lower(factor, out, true);
    out = out.cwiseQuotient(scale);
    if (out.allFinite()) return out;
  }
  return Vector::Zero(r.size());
}

JointModes::JointModes(WorkingRows& rows, Sweeps& sweeps, Numbers& a, const NormalPrior* normal)
    : rows_(rows), sweeps_(sweeps), a_(a), normal_(normal), joint_(rows) {}

bool JointModes::stand(const std::vector<Matrix>& lambda, RowWeights weights,
                       const JointPoint& point) {
  lambda_ = &lambda;
  d_.clear();
  for (const Matrix& l : lambda) d_.push_back(outer_gram(l));
  return look(point, weights);
}

bool JointModes::run(const std::vector<Matrix>& lambda, RowWeights weights, int steps,
                     JointPoint& point) {
  if (!stand(lambda, weights, point)) return false;
  for (int k = 0;; ++k) {
    if (!newton_step(point)) return false;
    if (decrement_ < kEnough || k == steps) return true;
    if (move(weights, point)) continue;
    // Observed weights of a row far off can be next to nothing.
    if (!look(point, RowWeights::kLarger)) return false;
    if (weights == RowWeights::kLarger) return newton_step(point);
    weights = RowWeights::kLarger;
  }
}

bool JointModes::look(const JointPoint& point, RowWeights weights) {
  rows_.set_coefficients(point.coefficients);
  times_covariance(rows_.map().pattern(), d_, 1, point.dual, effects_);
  if (!joint_.look(effects_, weights)) return false;
  h_ = 0.5 * inner(point.dual, effects_) - joint_.log_density();
  if (normal_ != nullptr) {
    const Vector away = point.coefficients - normal_->centre;
    h_ += 0.5 * away.dot(normal_->precision * away);
  }
  dual_ = point.dual;
  return std::isfinite(h_);
}

bool JointModes::newton_step(const JointPoint& point) {
  joint_.sum(sums_, a_);
  if (!sweeps_.forward(*lambda_)) return false;
  const Pattern& pattern = rows_.map().pattern();
  const Index p = sums_.fixed_scores.size();
  const Index columns = p + 1;
  // rho, and Z'WX.
  Effects r = zero_effects(pattern, static_cast<int>(columns));
  for (std::size_t g = 0; g < r.size(); ++g) {
    const Index q = pattern.q[g];
    for (Index level = 0; level < pattern.n_levels[g]; ++level) {
      double* to = &r[g][at(level * q * columns)];
      for (Index a = 0; a < q; ++a) {
        to[a] = sums_.scores[g][at(level * q + a)] - point.dual[g][at(level * q + a)];
      }
      std::copy_n(sums_.cross[g].data() + level * q * p, q * p, to + q);
    }
  }
  Effects e;
  Effects b;
  solve_levels(sweeps_, static_cast<int>(columns), r, nullptr, e, b, rows_.threads());
  Matrix products = Matrix::Zero(columns, columns);  // of r with b
  for (std::size_t g = 0; g < r.size(); ++g) {
    const Index q = pattern.q[g];
    for (Index level = 0; level < pattern.n_levels[g]; ++level) {
      const std::size_t from = at(level * q * columns);
      products.noalias() += ConstMap(&r[g][from], q, columns)
                                .transpose()
                                .lazyProduct(ConstMap(&b[g][from], q, columns));
    }
  }
  Matrix s = sums_.fixed - products.bottomRightCorner(p, p);
  Vector right = sums_.fixed_scores - products.col(0).tail(p);
  if (normal_ != nullptr) {
    s += normal_->precision.topLeftCorner(p, p);
    right -= (normal_->precision * (point.coefficients - normal_->centre)).head(p);
  }
  fixed_step_ = guarded_solution(0.5 * (s + s.transpose()), right);
  decrement_ = products(0, 0) + right.dot(fixed_step_);
  dual_step_ = zero_effects(pattern, 1);
  for (std::size_t g = 0; g < r.size(); ++g) {
    const Index q = pattern.q[g];
    for (Index level = 0; level < pattern.n_levels[g]; ++level) {
      const ConstMap own(&e[g][at(level * q * columns)], q, columns);
      Eigen::Map<Vector>(&dual_step_[g][at(level * q)], q) =
          own.col(0) - own.rightCols(p).lazyProduct(fixed_step_);
    }
  }
  return std::isfinite(decrement_);
}

// The step, halved until h falls. False where it does not: then `point` is what it was.
bool JointModes::move(RowWeights weights, JointPoint& point) {
  constexpr int kHalvings = 14;
  const JointPoint before = point;
  const double from = h_;
  double share = 1.0;
  ++steps_;
  for (int k = 0; k < kHalvings; ++k, share *= 0.5) {
    point.coefficients.head(fixed_step_.size()) =
        before.coefficients.head(fixed_step_.size()) + share * fixed_step_;
    for (std::size_t g = 0; g < point.dual.size(); ++g) {
      for (std::size_t i = 0; i < point.dual[g].size(); ++i) {
        point.dual[g][i] = before.dual[g][i] + share * dual_step_[g][i];
      }
    }
    if (look(point, weights) && h_ < from) return true;
  }
  point = before;
  return false;
}

Effects JointModes::scores() const {
  Effects out = dual_;
  for (std::size_t g = 0; g < out.size(); ++g) {
    for (std::size_t i = 0; i < out[g].size(); ++i) out[g][i] += dual_step_[g][i];
  }
  return out;
}

}  // namespace ranef
