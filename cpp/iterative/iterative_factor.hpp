// The elimination of a chain and a tail that is too large to be factorised: the chain level by
// level, the tail by conjugate gradients, log|M| and Gamma by probes.
//
// C, E = Z'V^-1 [X y], beta and average information come from solves and are exact up to their
// tolerance. What is estimated is log|M| and the traces in Gamma; probes follow from a seed, so
// that results repeat, and change smoothly with Lambda once the directions that are taken out of
// them are frozen. Each probe is an estimate by itself, and their spread is the error.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "factor/factor.hpp"
#include "iterative/traces.hpp"

namespace ranef {

struct IterativeControl {
  std::uint64_t seed = 0;
  Index deflated = 16;  // directions that are taken out of the probes
  Index probes = 8;
  double tolerance = 1e-9;          // of solves for [X y]
  double probe_tolerance = 1e-5;    // of solves for probes
  double variate_tolerance = 1e-7;  // of solves for average information
  int settle = 3;                   // evaluations that the directions follow before they freeze
};

// Conditional variances over sigma^2 by group, q x q by level, and the standard error of each
// element on the diagonal, q by level.
struct EstimatedVariances {
  std::vector<std::vector<double>> values;
  std::vector<std::vector<double>> errors;
};

class IterativeFactor final : public Factor {
 public:
  // From cross-products, and which of their factors are chain and tail (make_outline). `fixed` is
  // [X y]'W[X y], which may be more than theirs by the rows of a prior.
  IterativeFactor(const CrossProducts& a, const Pattern& outline, const Matrix& fixed, int threads,
                  const IterativeControl& control);

  void reload() override { throw NeedsExact(); }
  void set_threads(int threads) override;
  bool forward(const std::vector<Matrix>& lambda) override;
  double log_determinant() const override;
  const Matrix& fixed() const override { return complement_; }
  void reverse(const Top& top, std::vector<Matrix>& gamma, bool keep) override;
  Sweeps& sweeps() override { throw NeedsExact(); }
  IterativeFactor* iterative() override { return this; }
  const SingleFactor* sums(const Top&) override { return nullptr; }
  void predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                  std::vector<std::vector<double>>& e) override;
  Noise noise() const override;

  // The quadratic form of Z'V^-1 Z, with X projected out by (X'V^-1 X)^-1, in variates: w of one
  // group each, q by level, zero for the others.
  Matrix quadratic_form(const std::vector<std::pair<int, std::vector<double>>>& variates,
                        const Matrix& xx_inverse);

  // Sums of Z_j'V^-1 Z_j without the fixed part by each probe; and what each says of log|M|.
  const std::vector<std::vector<Matrix>>& informations() const { return traces_.informations(); }
  const std::vector<Matrix>& information() const { return traces_.information(); }
  std::vector<double> log_determinants() const;
  double log_determinant_error() const { return traces_.log_determinant_error(); }
  double log_determinant_df() const { return traces_.log_determinant_df(); }

  // Lambda M^-1 Lambda' at every level by `deflated` directions and `signs` probes or more, with
  // the blocks that need neither taken exactly (conditional.cpp).
  EstimatedVariances conditional_variances(Index deflated, Index signs);

  // z'P z for the rows z of these columns, each by a solve. A negative code: no such level.
  std::vector<double> row_forms(const RowsView& rows);

  // Of the columns of X and y, by group: q x m by level.
  const std::vector<std::vector<double>>& modes() const { return b_; }

  // More probes and directions. forward() comes next.
  void refine(Index deflated, Index signs);
  // Whether as many directions again could take out half of the variance, as twice as many probes
  // do for sure.
  bool directions_pay() const {
    constexpr double kHalf = 0.5;
    return static_cast<double>(std::max<Index>(deflated(), 1)) * traces_.most_each() >
           kHalf * traces_.rest();
  }
  Index deflated() const { return probes_.directions(); }
  Index probes() const { return probes_.signs(); }
  int iterations() const { return std::max(solve_iterations_, traces_.iterations()); }
  double work() const { return lists_.work(); }
  const LevelLists& lists() const { return lists_; }

 private:
  bool solve_fixed();
  void add_tail_variances(const HugeVector& b, const Krylov& solved, int width,
                          std::vector<HugeVector>& out) const;
  void add_chain_variances(const HugeVector& b, const Krylov& solved, int width,
                           std::vector<HugeVector>& out);
  HugeVector exact_chain_variance(std::size_t i);
  HugeVector right_side(int width, const HugeVector& tail) const;
  void to_groups(const ColumnBlocks& from, std::vector<std::vector<double>>& out) const;

  LevelLists lists_;
  Matrix fixed_;
  IterativeControl control_;
  ChainElimination chain_;
  TailOperator operator_;
  BlockJacobi s_;
  ColumnElimination columns_;
  Traces traces_;
  Probes probes_;
  std::vector<Matrix> lambda_;
  ColumnBlocks eliminated_;  // [X y] when each level's turn comes
  Matrix complement_;
  std::vector<std::vector<double>> b_;  // of the columns of [X y], by group
  std::vector<std::vector<double>> e_;
  int evaluations_ = 0;
  int solve_iterations_ = 0;
};

}  // namespace ranef
