// Priors of the relative covariances, as penalties of the criterion: -2 log density.
//
// With S = B D B' the relative covariance of one term on the data's scale, s_i = sqrt(S_ii) and C
// its correlation matrix, every prior offered is a sum of the forms
//
//   -a log|S| + tr(K S) - kappa log|C| + sum_i (-g_i log s_i + r_i s_i)
//             + sum_i w_i log(1 + S_ii / t_i) + constant
//
// (Wishart: a, K; Lewandowski, Kurowicka & Joe: kappa; gamma on SDs: g, r; half-normal: K; half-t:
// w, t), and so are products of priors. A density of zero at a singular S is a barrier: evaluate()
// says false there. Log|C| has no derivative where an SD is zero, only the limit over the best
// direction (see add_gamma).
#pragma once

#include <utility>
#include <vector>

#include "factor/arrange.hpp"

namespace ranef {

struct Direction;

// A normal prior of the fixed effects, in units of sigma: rows of [X y] without random effects
// (Lindley & Smith 1972). What they add to the constant is the caller's to know.
void add_fixed_rows(Numbers& numbers, const Matrix& rows);

struct TermPenalty {
  int group = 0;
  int offset = 0;  // first column of the term among the factor's columns
  Matrix change;   // B
  double log_det = 0.0;
  double log_correlation = 0.0;
  Matrix trace;
  Vector log_sd;
  Vector sd;
  Matrix tail_weight;  // one row a half-t prior
  Matrix tail_scale;
  double constant = 0.0;

  int q() const { return static_cast<int>(change.rows()); }
};

class Penalty {
 public:
  Penalty() = default;
  explicit Penalty(std::vector<TermPenalty> terms) : terms_(std::move(terms)) {}

  bool empty() const { return terms_.empty(); }

  // One Lambda per grouping factor, lower triangular. False where the density is zero.
  bool evaluate(const std::vector<Matrix>& lambda);
  double value() const { return value_; }

  // Effects of a term whose SD is zero where its correlations have a prior: rows of B. Correlations
  // of an SD of zero are free, but it can only leave zero with all of them at once.
  std::vector<Vector> pinned(int group, int offset) const;

  // Adds the derivative with respect to D. At an SD of zero the correlations that go with it are at
  // their best for the slope that `gamma` has so far.
  void add_gamma(std::vector<Matrix>& gamma) const;

  void add_hessian(const std::vector<Direction>& directions, Matrix& hessian) const;

 private:
  struct State {
    Matrix s;        // S
    Matrix inverse;  // of S on the effects whose SD is not zero, zero elsewhere
    std::vector<bool> zero;
    bool any_zero = false;
  };
  static bool evaluate_term(const TermPenalty& term, const Matrix& t, State& state, double& value);
  static Matrix slope(const TermPenalty& term, const State& state);
  static double curvature(const TermPenalty& term, const State& state, const Matrix& e,
                          const Matrix& f);

  std::vector<TermPenalty> terms_;
  std::vector<State> states_;
  double value_ = 0.0;
};

}  // namespace ranef
