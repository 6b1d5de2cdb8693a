// The profiled criterion of a linear mixed model, in deviance units, and its derivatives.
//
//   f = log|V| [+ log|X'V^-1 X|] + nu (1 + log(2 pi r2 / nu)) - sum log w + constant,
//
// plus the penalty that priors of the relative covariances make of it (penalty.hpp); nu = n (ML) or
// n - p (REML), r2 = min over beta of |y - X beta|^2 in the metric of V^-1 (Bates, Maechler, Bolker
// & Walker 2015, eqs 34 and 42). Derivatives are taken with respect to the relative covariance D =
// Lambda Lambda' of each grouping factor; charts come on top.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "criterion/penalty.hpp"
#include "criterion/refinement.hpp"
#include "factor/single_factor.hpp"
#include "factor/sweeps.hpp"
#include "structure/direction.hpp"

namespace ranef {

struct Curvature {
  Matrix hessian;          // second derivatives along the directions
  Vector r2;               // first derivatives of r2
  std::vector<Matrix> xx;  // first derivatives of X'V^-1 X, p x p
};

class Criterion {
 public:
  Criterion(const Arranged& arranged, bool reml, double constant = 0.0, Penalty penalty = {},
            int threads = 1);

  // False where the arithmetic broke down or a prior's density is zero (then value() is
  // meaningless).
  bool evaluate(const std::vector<Matrix>& lambda);

  // Gamma by group: df/dD. Needs a successful evaluate().
  const std::vector<Matrix>& gamma(bool keep = false);

  // Threads that share the levels of a single grouping factor.
  void set_threads(int threads) {
    if (single_) single_->set_threads(threads);
  }

  // To be called when numbers of the problem have changed, its structure not.
  void reload();

  // From now on what is left of X and y is summed over the rows: value, beta, Gamma and predictors
  // keep their digits where cross-products lose them. Exact second derivatives do not: they guide
  // the search, and who judges takes differences of Gamma. `others`: the problem's rows of [X y]
  // without random effects.
  void refine(const RowsView& rows, const Matrix& others) {
    refinement_ = std::make_unique<Refinement>(arranged_, rows, others);
  }

  bool refined() const { return refinement_ != nullptr; }

  // Whether y is so much larger than what is left of it that cross-products have lost digits which
  // the rows still hold.
  bool loses_digits() const;

  // To be called by whoever runs a reverse sweep of its own on sweeps().
  void forget_gamma() { gamma_ready_ = false; }

  // Exact second derivatives along the directions, by the way that serves the layout.
  Matrix hessian(const std::vector<Direction>& directions);

  // The same with the derivatives of r2 and X'V^-1 X.
  Curvature curvature(const std::vector<Direction>& directions);

  // Average information along the directions, one solve each, and the penalty's Hessian.
  Matrix average_information(const std::vector<Direction>& directions);

  // The same by tangents, for every layout: slower, and the oracle of the others.
  Curvature hessian_by_tangents(const std::vector<Direction>& directions);

  // Derivative with respect to the Schur complement of [X y].
  Matrix top() const;

  const Penalty& penalty() const { return penalty_; }
  double value() const { return value_; }
  // Size of the rounding error of value(): where X explains nearly all of y, r2 is a small
  // difference of large sums, and each level adds to it.
  double rounding() const;
  double r2() const { return r2_; }
  double log_determinant() const { return log_determinant_; }
  double log_determinant_x() const { return log_determinant_x_; }
  double nu() const { return nu_; }
  const Vector& beta() const { return beta_; }
  const Matrix& xx_inverse() const { return xx_inverse_; }
  const Arranged& arranged() const { return arranged_; }
  Sweeps& sweeps();
  bool reml() const { return reml_; }

  // Coefficients b of the best linear predictor of the columns of [X y] v, and E = Z'V^-1 [X y] v
  // (Sweeps::predictors).
  void predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                  std::vector<std::vector<double>>& e);

 private:
  double share() const;
  Matrix root_of_top(const Vector& beta);
  void refined_gamma(bool keep);
  Matrix information_in_the_data(const std::vector<Direction>& directions, Vector& r2);
  void differentiate_single();
  Curvature single_curvature(const std::vector<Direction>& directions, bool parts);
  Curvature curvature_with_tail(const std::vector<Direction>& directions, bool parts);
  void tangent(const Direction& direction, std::size_t which,
               const std::vector<Direction>& directions, Curvature& out);

  const Arranged& arranged_;
  bool reml_;
  double constant_;
  Penalty penalty_;
  Sweeps sweeps_;                           // behind lambda_ where there is a single factor
  std::optional<SingleFactor> single_;      // instead of sweeps, until somebody asks for them
  std::unique_ptr<Refinement> refinement_;  // what is left of X and y, where rows have been given
  std::vector<Matrix> lambda_;
  bool swept_ = false;           // whether sweeps_ are at lambda_
  bool differentiated_ = false;  // whether single_ has made its second pass
  double nu_;
  double value_ = 0.0;
  double log_determinant_ = 0.0;
  double r2_ = 0.0;
  double log_determinant_x_ = 0.0;
  Vector beta_;
  Vector beta_left_;  // less the refinement's origin
  Matrix xx_factor_;  // Cholesky factor of X'V^-1 X
  Matrix xx_root_;    // its inverse, transposed
  Matrix xx_inverse_;
  std::vector<Matrix> gamma_;
  bool gamma_ready_ = false;
  bool gamma_kept_ = false;
};

}  // namespace ranef
