// Forward and reverse sweeps over the elimination order.
//
// With D = Lambda Lambda' and C the Schur complement of A that is left when a level's turn comes
// (in the unscaled coordinates of Z), eliminating the level means, for V_k = V_(k-1) + Z_k D Z_k',
//
//   M = I + Lambda' C_jj Lambda,  P = Lambda M^-1 Lambda' = D (I + C_jj D)^-1,  F = (I + C_jj
//   D)^-1, H = P C_j,rest,   U = F C_j,rest,   C_rest <- C_rest - C_rest,j P C_j,rest,
//
// and log|V| grows by log|M|. Nothing divides by Lambda, so a singular D needs no special case.
// The reverse sweep carries W, the derivative with respect to C_rest, back through this map:
//
//   G_j = F C_jj - U W U'   is d/dD summed over levels (Gamma in the notes on notation),
//   W_j,rest = -H W,  W_jj = P + H W H'.
//
// With W = 0 at the top W_jj is Lambda M^-1 Lambda' of the whole system at level j: the conditional
// variance of its random effects relative to sigma^2.
#pragma once

#include <cstdint>
#include <vector>

#include "factor/factor.hpp"

namespace ranef {

// What the forward sweep leaves behind for one chain factor.
struct StageState {
  HugeVector diagonal;    // C_jj; empty for the first factor (it is A_jj)
  HugeVector rest;        // C_j,rest; empty for the first factor
  std::vector<double> p;  // P
  std::vector<double> f;  // F
  std::vector<double> h;  // H
  std::vector<double> u;  // U
  std::vector<double> w_diagonal;
  std::vector<double> w_rest;
};

struct TailState {
  TailMatrix factor;          // C, then the Cholesky factor of M = I + Lambda' C Lambda
  TailMatrix c;               // C, kept only where some Lambda is nearly singular
  std::vector<bool> regular;  // by tail factor
  Matrix fixed;               // C against X and y, by tail column
  Matrix half;                // L^-1 Lambda' C against X and y, in order of elimination
  bool solved = false;        // whether H and U are there
  Matrix h;                   // by tail column, as U
  Matrix u;
  // M^-1 on the pattern, or W: the derivative with respect to C.
  enum class Filled { kNothing, kInverse, kDerivative };
  TailMatrix w;
  Filled filled = Filled::kNothing;
  Matrix w_fixed;
  Matrix p;  // P, F = I - C P and S = F C by tail column, where second derivatives have asked
  Matrix f;
  Matrix s;
};

// A derivative with respect to A on the pattern of A, by the arrays that hold it: w_diagonal and
// w_rest of the stages, W over the tail, the tail against X and y, and X and y.
struct OnPattern {
  const std::vector<StageState>* stages;
  const TailMatrix* tail;
  const Matrix* tail_fixed;
  const Matrix* top;
};

// The factorisation of a chain, with a tail or without; and of a single factor, level by level.
class Sweeps final : public Factor {
 public:
  explicit Sweeps(const Arranged& arranged);

  void reload() override {}  // forward() reads the numbers
  void set_threads(int) override {}
  bool forward(const std::vector<Matrix>& lambda) override;
  double log_determinant() const override { return log_determinant_; }
  const Matrix& fixed() const override { return fixed_; }
  void reverse(const Top& top, std::vector<Matrix>& gamma, bool keep) override {
    reverse(top.value, gamma, keep);
  }
  Sweeps& sweeps() override { return *this; }
  const SingleFactor* sums(const Top&) override { return nullptr; }
  void predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                  std::vector<std::vector<double>>& e) override;
  Noise noise() const override { return noise_of_sums(pattern_); }

  // Pulls `top` (m x m, derivative with respect to the Schur complement of [X y]) back; adds G to
  // gamma by group. With keep the W of every chain level stays in the state.
  void reverse(const Matrix& top, std::vector<Matrix>& gamma, bool keep);

  // Fills P, F and S over the tail.
  void tail_products();

  // L^-1 Lambda' a over the tail for columns a by tail column; the result is in order of
  // elimination, and its products are those of P between the columns.
  Matrix tail_half(const Matrix& a) const;

  // P a over the tail, rows by tail column.
  Matrix tail_p_times(const Matrix& a) const;

  // M^-1 over the tail, all of it, in order of elimination.
  Matrix tail_full_inverse() const;

  // W over the tail for this `top`, all of it, in order of elimination.
  Matrix tail_derivative(const Matrix& top);

  // H and U of the tail, by tail column.
  const Matrix& tail_h();
  const Matrix& tail_u();

  // W on the pattern of A, after a reverse sweep with keep and this `top`.
  OnPattern kept(const Matrix& top) const { return {&stages_, &tail_.w, &tail_.w_fixed, &top}; }

  // W over the rest columns of one level, after a reverse sweep with this `top`.
  void gather_w(std::size_t i, Index level, const Matrix& top, Eigen::Ref<Matrix> out) const;

  const Pattern& pattern() const { return pattern_; }
  const Numbers& numbers() const { return numbers_; }
  const std::vector<Matrix>& lambda() const { return lambda_; }
  const StageState& stage(std::size_t i) const { return stages_[i]; }
  const std::vector<StageState>& stages() const { return stages_; }
  const TailState& tail() const { return tail_; }
  const double* c_diagonal(std::size_t i) const;
  const double* c_rest(std::size_t i) const;

 private:
  void allocate();
  template <int Q>
  bool forward_stage(std::size_t i);
  template <int Q>
  void reverse_stage(std::size_t i, const Matrix& top, Matrix& gamma, bool keep);
  bool forward_wide(std::size_t i);
  void reverse_wide(std::size_t i, const Matrix& top, Matrix& gamma, bool keep);
  void subtract_forms(const Matrix& top, int q, Matrix& sum) const;
  void start_tail();
  void invert_tail();
  bool forward_tail();
  void solve_tail();
  void reverse_tail(const Matrix& top, std::vector<Matrix>& gamma, bool direct);
  bool regular(const TailGroup& group) const;
  Matrix tail_information(std::size_t group);
  bool scalar_with_tail() const;
  bool forward_scalar();
  void reverse_scalar(const Matrix& top, Matrix& gamma);

  const Pattern& pattern_;
  const Numbers& numbers_;
  std::vector<Matrix> lambda_;
  std::vector<StageState> stages_;
  TailState tail_;
  Matrix fixed_;
  double log_determinant_ = 0.0;
  std::vector<double> scratch_b_;
  std::vector<double> small_a_;
  std::vector<double> small_b_;
  std::vector<double> small_c_;
  std::vector<double> scratch_w_;
  Matrix stacked_;    // of wide stages: root of the update, or U
  Matrix stacked_w_;  // U W
};

// C_rest -= update, for the rest columns of one level; `target` gives the arrays to change.
struct RestTarget {
  std::vector<StageState>* stages;
  TailMatrix* tail;
  Matrix* tail_fixed;
  Matrix* fixed;
};
void scatter_subtract(const Pattern& pattern, std::size_t i, Index level,
                      const Eigen::Ref<const Matrix>& update, RestTarget target);

// The part of it that parents take: update is (their columns) x (rest columns).
void subtract_from_parents(const Pattern& pattern, std::size_t i, Index level,
                           const Eigen::Ref<const Matrix>& update, std::vector<StageState>& stages);

// The r x r matrix W over the rest columns of one level, from the kept W of later factors.
void gather(const Pattern& pattern, std::size_t i, Index level, OnPattern source,
            Eigen::Ref<Matrix> out);

// <W, dA> over the whole symmetric matrices, each block off the diagonal twice: the derivative
// along a change dA of A, whose numbers lie on the same pattern.
double inner(const Pattern& pattern, OnPattern w, const Numbers& change);

// The rows of it that belong to parents.
void gather_parent_rows(const Pattern& pattern, std::size_t i, Index level,
                        const std::vector<StageState>& stages, Eigen::Ref<Matrix> out);

// a <- a diag(Lambda, Lambda, ...) over the tail columns; the second form is diag(..)' a. Rows and
// columns by tail column.
void times_lambda(const Pattern& pattern, const std::vector<Matrix>& lambda, Matrix& a);
void lambda_transposed_times(const Pattern& pattern, const std::vector<Matrix>& lambda, Matrix& a);

}  // namespace ranef
