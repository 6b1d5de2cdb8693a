// The criterion's sums over the levels of a single grouping factor, four levels at a time.
//
// With C = Z'WZ and C_r = Z'W[X y] of a level and the notation of sweeps.hpp, the first pass leaves
//
//   sum of log|M|,   [X y]'W[X y] - sum of C_r' P C_r,   S = F C,   U = F C_r.
//
// The criterion comes in through its derivative T_first T_first' with respect to the Schur
// complement C of [X y] (`Top`): T is upper triangular, and only its columns from `first` on have
// weight in the slope. The second pass has Y = U T at each level; W = S / 2 - Y_first Y_first', and
// for symmetric changes E, G of D = Lambda Lambda' with N_E = sum of Y' E Y,
//
//   Gamma = sum of S - Y_first Y_first',
//   d2f(E, G) = - sum of [tr(S E W G) + tr(W E S G)] + d2g(E, G).
//
// The last part is the second derivative of the function g of C for the changes dC = -T^-T N T^-1.
// That function is not known here: along() gives N_E, and the caller, who knows g, does the rest.
//
// Numbers are kept by strips of levels, those of one kind side by side, so that one instruction
// serves neighbouring levels. The levels that fill up the last strip are zero and add nothing. Runs
// of many strips are shared among threads and added up in their order: the same bits on any number.
#pragma once

#include <vector>

#include "factor/factor.hpp"
#include "linalg/clones.hpp"

namespace ranef {

class SingleFactor {
 public:
  // `arranged` has one grouping factor.
  explicit SingleFactor(const Arranged& arranged, int threads = 1);

  // To be called when numbers of the problem have changed.
  void reload();

  void set_threads(int threads) { threads_ = threads; }

  // The first pass. False where the arithmetic broke down.
  bool forward(const Matrix& lambda);
  double log_determinant() const { return log_determinant_; }
  const Matrix& fixed() const { return fixed_; }  // Schur complement of [X y], m x m

  // The second pass, for the criterion's derivative with respect to C.
  void differentiate(const Top& top);
  const Matrix& gamma() const { return gamma_; }

  // For symmetric changes E, vec(E) to a column: the lower triangle of N_E by column, and the q x q
  // matrix whose inner product with any symmetric G is the sum of tr(S E W G).
  void along(const Matrix& changes, Matrix& forms, Matrix& traces) const;

 private:
  // A run of strips with its scratch and its sums.
  struct Run {
    Index first = 0;     // strip
    Index last = 0;      // one past it
    HugeVector strip;    // of one strip: L^-1 Lambda' C_r, or Y
    HugeVector strip_w;  // W
    double log_determinant = 0.0;
    Matrix update;    // sum of C_r' P C_r, lower triangle
    Matrix s;         // sum of S, lower triangle
    Matrix products;  // sum of vec(Y) vec(Y)', lower triangle
    Matrix sw;        // sum of S W' over lower triangles
  };

  int used(Index strip) const;
  bool reads_whole_strips() const;
  void reload_run(const Run& run);
  template <int Q>
  RANEF_LANE_CLONES void forward_run(const Matrix& lambda, Run& run);
  template <int Q>
  RANEF_LANE_CLONES void differentiate_run(const Matrix& t, int first_w, Run& run) const;
  void clear_after(int used, Run& run) const;
  RANEF_LANE_CLONES void apply(const double* u, const Matrix& t, int used, Run& run) const;

  const Pattern& pattern_;
  const Numbers& numbers_;
  int q_;
  int m_;
  int pairs_;  // entries of a symmetric q x q matrix
  Index n_levels_;
  HugeVector in_;           // by strip: C (lower triangle), C_r
  HugeVector out_;          // the same of S and U
  std::vector<int> place_;  // of the entries of a symmetric matrix in its lower triangle
  std::vector<Run> runs_;
  int threads_ = 1;
  Matrix fixed_;
  double log_determinant_ = 0.0;
  Matrix s_;         // sum of S, q x q
  Matrix products_;  // sum of vec(Y) vec(Y)'
  Matrix sw_;        // sum of S W' over lower triangles, pairs x pairs
  Matrix gamma_;
};

}  // namespace ranef
