// The criterion of a linear mixed model, in deviance units: a function of a factorisation, and the
// priors.
//
//   f = (Outer of log|M| and C) - sum log w + constant + penalty
//
// `Factor` eliminates the random effects (factor/factor.hpp). `Outer` is the criterion as a
// function of log|M| and C (outer.hpp). `Penalty` adds priors of the relative covariances
// (penalty.hpp). If cross-products lose digits, a `Refinement` gives C from the rows
// (refinement.hpp). Derivatives are those with respect to the relative covariance D = Lambda
// Lambda' of each grouping factor; charts lead from there to coordinates. Second derivatives are in
// curvature/.
#pragma once

#include <memory>
#include <vector>

#include "criterion/outer.hpp"
#include "criterion/penalty.hpp"
#include "criterion/refinement.hpp"
#include "factor/factor.hpp"
#include "factor/sweeps.hpp"

namespace ranef {

class Criterion {
 public:
  // `arranged` has to stay where it is.
  Criterion(const Arranged& arranged, std::unique_ptr<Outer> outer, double constant = 0.0,
            Penalty penalty = {}, int threads = 1);

  // The profiled one.
  Criterion(const Arranged& arranged, bool reml, double constant = 0.0, Penalty penalty = {},
            int threads = 1);

  // With a factorisation that the caller has made.
  Criterion(const Arranged& arranged, std::unique_ptr<Factor> factor, bool reml,
            double constant = 0.0, Penalty penalty = {});

  // From now on the criterion at this sigma. evaluate() comes next.
  void fix_sigma(double sigma);
  // Back to the profiled one.
  void profile_sigma();

  // False where the arithmetic broke down or a prior's density is zero (then value() is
  // meaningless).
  bool evaluate(const std::vector<Matrix>& lambda);

  // Gamma by group: df/dD. Needs a successful evaluate(). With keep, df/dA stays in sweeps().
  const std::vector<Matrix>& gamma(bool keep = false);

  // Threads that share the levels of a single grouping factor.
  void set_threads(int threads) { factor_->set_threads(threads); }

  // Call it after numbers of the problem have changed; the pattern may not change.
  void reload() { factor_->reload(); }

  // From now on what is left of X and y is summed over the rows: value, beta, Gamma and predictors
  // keep their digits where cross-products lose them. Exact second derivatives do not: they guide
  // the search, and who judges takes differences of Gamma. `others`: the problem's rows of [X y]
  // without random effects. Throws NeedsExact where the tail is not factorised.
  void refine(const RowsView& rows, const Matrix& others) {
    if (factor_->iterative() != nullptr) throw NeedsExact();
    refinement_ = std::make_unique<Refinement>(arranged_, rows, others);
  }

  bool refined() const { return refinement_ != nullptr; }

  // Whether y is so much larger than what is left of it that cross-products have lost digits which
  // the rows still hold.
  bool loses_digits() const;

  // To be called by whoever runs a reverse sweep of its own on sweeps().
  void forget_gamma() { gamma_ready_ = false; }

  double value() const { return value_; }
  // Size of the rounding error of value(): where X explains nearly all of y, r2 is a small
  // difference of large sums, and each level adds to it.
  double rounding() const;

  // The parts.
  const Arranged& arranged() const { return arranged_; }
  const Pattern& pattern() const { return *arranged_; }
  const Numbers& numbers() const { return arranged_.numbers; }
  Factor& factor() { return *factor_; }
  const IterativeFactor* iterative() const { return factor_->iterative(); }
  const Outer& outer() const { return *outer_; }
  const Penalty& penalty() const { return penalty_; }
  Sweeps& sweeps() { return factor_->sweeps(); }

  // The derivative with respect to the Schur complement of [X y].
  const Top& top() { return outer_->top(); }

  double log_determinant() const { return factor_->log_determinant(); }
  double log_determinant_x() const { return outer_->log_determinant_x(); }
  double r2() const { return outer_->r2(); }
  double nu() const { return outer_->nu(); }
  bool reml() const { return outer_->reml(); }
  const Vector& beta() const { return outer_->beta(); }
  const Matrix& xx_inverse() const { return outer_->xx_inverse(); }

  // Coefficients b of the best linear predictor of the columns of [X y] v, and E = Z'V^-1 [X y] v
  // (Factor::predictors).
  void predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                  std::vector<std::vector<double>>& e);

 private:
  double share() const;

  const Arranged& arranged_;
  std::unique_ptr<Outer> outer_;
  std::unique_ptr<Factor> factor_;
  std::unique_ptr<Refinement> refinement_;  // what is left of X and y, where rows have been given
  Penalty penalty_;
  double constant_;
  double value_ = 0.0;
  std::vector<Matrix> gamma_;
  bool gamma_ready_ = false;
  bool gamma_kept_ = false;
};

}  // namespace ranef
