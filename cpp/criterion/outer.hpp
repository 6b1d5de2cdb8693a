// The criterion as a function of what a factorisation leaves: log|M| and C = [X y]'V^-1 [X y].
//
// With Q = X'V^-1 X, beta = Q^-1 X'V^-1 y and r2 = min over beta of |y - X beta|^2 in the metric of
// V^-1, all of them from C, the criteria of Gaussian models are
//
//   f = log|M| [+ log|Q|] + g(r2),
//
// with log|Q| under REML only. ProfiledGaussian has sigma at its optimum (Bates, Maechler, Bolker &
// Walker 2015, eqs 34 and 42), FixedSigma has a given sigma:
//
//   g = nu (1 + log(2 pi r2 / nu)),   g = nu log(2 pi sigma^2) + r2 / sigma^2,
//
// where nu = n (ML) or n - p (REML). With v = (-beta, 1), kappa = dg/dr2 and J = Q^-1 (REML; zero
// under ML) the derivatives are
//
//   df/dC = kappa v v' + [J 0; 0 0],
//   d2f/dC2 along dC:  (d kappa) v v' + kappa (dv v' + v dv') - [J dQ J 0; 0 0],
//   d kappa = (d2g/dr2^2) v' dC v,   dv = (-Q^-1 (dC v)_X, 0).
//
// A Laplace approximation would be a third. At the mode of the random effects A is made with the
// working weights and the working response, and f = log|M| + (deviance residuals) + |u|^2. Its
// `top` is that of FixedSigma(1) under ML, for the quadratic form of the mode. The deviance
// replaces g in the value. The weights, and so A, change with theta; that part of the slope is <W,
// dA> (factor/sweeps.hpp, inner()).
#pragma once

#include <vector>

#include "factor/factor.hpp"
#include "linalg/dense.hpp"

namespace ranef {

class Outer {
 public:
  Outer(int p, double nu, bool reml) : p_(p), nu_(nu), reml_(reml) {}
  virtual ~Outer() = default;

  // Evaluates at C. False if Q is not positive definite or the value is not finite; then nothing
  // below is valid. C may be that of y - X origin in place of y.
  bool evaluate(double log_determinant, const Matrix& c, const Vector& origin = {});

  double value() const { return value_; }
  double log_determinant_x() const { return log_determinant_x_; }
  const Vector& beta() const { return beta_; }
  double r2() const { return r2_; }
  const Matrix& xx_inverse() const { return xx_inverse_; }
  const Matrix& xx_factor() const { return xx_factor_; }  // Cholesky factor of Q
  bool reml() const { return reml_; }
  double nu() const { return nu_; }
  int p() const { return p_; }

  // (-beta, 1): the columns of [X y] v are the residuals.
  Vector residual() const;

  // dg/dr2 and d2g/dr2^2.
  virtual double slope() const = 0;
  virtual double bend() const = 0;
  // r2 dg/dr2: the effect of a relative error of r2 on the value.
  virtual double weight() const = 0;

  // df/dC with its root T = [R, -beta sqrt(kappa); 0, sqrt(kappa)], R R' = Q^-1. Under ML the
  // columns of X have no weight in the slope.
  const Top& top();
  // The same for the C that evaluate() was given, with y - X origin in place of y.
  Top top_about_origin();

  // The second derivative along dC: the change of df/dC.
  Matrix dtop(const Matrix& dc) const;

  // Adds the second derivatives for pairs of changes of C, <dtop(dC_k), dC_l>.
  void add_second(const std::vector<Matrix>& dc, Matrix& hessian) const;

  // The same in the coordinates of T, where it is a sum of squares. For N_k = -T' dC_k T the second
  // derivative is minus the sum of N_k(i, j) N_l(i, j) over all i and j, with these weights on the
  // block of X and on the last entry.
  double weight_of_x() const { return reml_ ? 1.0 : 0.0; }
  double weight_of_r2() const { return -bend() / (slope() * slope()); }

 protected:
  virtual double of_r2() const = 0;  // g

 private:
  void fill(const Vector& beta, Top& out);

  int p_;
  double nu_;
  bool reml_;
  double value_ = 0.0;
  double log_determinant_x_ = 0.0;
  double r2_ = 0.0;
  Vector beta_;
  Vector beta_left_;  // less the origin
  Matrix xx_factor_;
  Matrix xx_inverse_;
  Matrix xx_root_;  // the transposed inverse of the factor
  Top top_;
  bool top_ready_ = false;
};

// sigma^2 at r2 / nu.
class ProfiledGaussian final : public Outer {
 public:
  using Outer::Outer;
  double slope() const override { return nu() / r2(); }
  double bend() const override { return -(nu() / (r2() * r2())); }
  double weight() const override { return nu(); }

 protected:
  double of_r2() const override;
};

class FixedSigma final : public Outer {
 public:
  FixedSigma(int p, double nu, bool reml, double sigma) : Outer(p, nu, reml), sigma_(sigma) {}
  double slope() const override { return 1.0 / (sigma_ * sigma_); }
  double bend() const override { return 0.0; }
  double weight() const override { return r2() / (sigma_ * sigma_); }

 protected:
  double of_r2() const override;

 private:
  double sigma_;
};

}  // namespace ranef
