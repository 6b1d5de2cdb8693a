// Log-determinant and traces by probes (probes.hpp): what no elimination gives in closed form.
//
// For a column b of [U, Qz], with S~ x~ = b, v1 = G x~ and v0 = G b:
//
//   log|S~| = sum over U and mean over z of b'(log S~ - S~ + I) b,
//   tail factor:   sum_j Z_j'V^-1 Z_j = sum_j F_j C_jj - Lambda^-T T Lambda^-1,
//                  T = E sum_j (K^-T (x~ - b))_j (K^-T b)_j',
//   chain factor:  sum_j F_j C_jj - F_j C_j,rest W C_rest,j F_j',  W over the tail = E v1 v0',
//
// where b over parents follows from that over the tail, and their own part is exact (joint()). The
// part of W with blocks of its own on the diagonal is exact too, so that only the rest is random.
//
// Lambda^-1 multiplies noise by 1 / eps along directions of a tail factor whose spread eps is next
// to nothing. There
//
//   sum_j F_j C_jj - F_j (C_off P C_off)_jj F_j',   C_off: C without its own blocks,
//
// is used: signs by level take solves of their own (for two such directions), or the solves above
// serve one side of it (one such direction and another).
#pragma once

#include <vector>

#include "iterative/column_blocks.hpp"
#include "iterative/krylov.hpp"
#include "iterative/probes.hpp"

namespace ranef {

class Traces {
 public:
  // All have to stay where they are.
  Traces(const LevelLists& lists, ChainElimination& chain, BlockJacobi& s,
         ColumnElimination& columns)
      : lists_(lists), chain_(chain), s_(s), columns_(columns) {}

  // False where a solve did not come to its tolerance.
  bool estimate(const Probes& probes, const KrylovControl& control);

  // log|S~| with its standard error and the degrees of freedom of that; and what each probe says of
  // it: their mean is it.
  double log_determinant() const { return log_determinant_; }
  double log_determinant_error() const { return log_error_; }
  double log_determinant_df() const { return log_df_; }
  const std::vector<double>& log_determinants() const { return by_probe_; }

  // Sum over levels of Z_j'V^-1 Z_j without the fixed part, by group, and for each probe.
  const std::vector<Matrix>& information() const { return information_; }
  const std::vector<std::vector<Matrix>>& informations() const { return informations_; }

  // Sum of (1 / lambda - 1)^2 over the eigenvalues of S~ beyond those of U, by the probes: about
  // the variance of one. And the most that a direction beyond U can have of it.
  double rest() const { return rest_; }
  double most_each() const { return most_each_; }
  int iterations() const { return iterations_; }

 private:
  // Directions of one tail factor by their spread.
  struct Basis {
    Matrix root;     // V_r diag(1 / sigma_r): rows of Lambda^-T along the regular ones
    Matrix regular;  // W_r
    Matrix null;     // W_0
  };
  struct Estimate {
    std::vector<Matrix> tail;   // by run
    std::vector<Matrix> chain;  // by stage
  };

  void find_bases();
  std::vector<Matrix> exact();
  void tail_part(int width, Index count, const HugeVector& b, const Krylov& solved,
                 std::vector<Estimate>& out);
  void chain_part(int width, Index count, const HugeVector& b, const Krylov& solved,
                  std::vector<Estimate>& out);
  bool null_part(const Probes& probes, const KrylovControl& control, std::vector<Estimate>& out);
  Estimate nothing() const;
  void collect(const std::vector<Matrix>& exact, const Probes& probes,
               const std::vector<Estimate>& all, const std::vector<double>& logs);

  const LevelLists& lists_;
  ChainElimination& chain_;
  BlockJacobi& s_;
  ColumnElimination& columns_;
  std::vector<Basis> bases_;
  std::vector<Matrix> information_;
  std::vector<std::vector<Matrix>> informations_;
  std::vector<double> by_probe_;
  double log_determinant_ = 0.0;
  double log_error_ = 0.0;
  double log_df_ = 0.0;
  double most_each_ = 0.0;
  double rest_ = 0.0;
  int iterations_ = 0;
};

}  // namespace ranef
