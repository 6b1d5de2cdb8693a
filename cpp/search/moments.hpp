// The equations of the method of moments for the variances of random effects.
//
// With e = Z'W(y - X beta) at the least-squares fit and P = W - WX (X'WX)^-1 X'W, for E in a basis
// of the symmetric matrices of each factor,
//
//   sum_j e_j'E e_j = s2 sum_j tr(A_jj E) + sum_jk tr(E A_jk C_k A_kj),   r2 = s2 nu + sum tr(A C),
//
// j over the levels of that factor, k over those of all, A_jk = Z_j'P Z_k, C = s2 D: Rao's (1971)
// MINQUE with no prior variances. Where the data are balanced its solution is that of REML. With W
// in the place of P, as if beta were known, it is that of ML.
#pragma once

#include <vector>

#include "factor/arrange.hpp"

namespace ranef {

// A symmetric matrix of a factor with one free entry.
struct MomentEntry {
  int group, a, b;
};

struct MomentEquations {
  std::vector<MomentEntry> entries;  // what the unknowns are after s2
  Matrix system;
  Vector right;
};

// `projected`: with P rather than W. The bits do not depend on the number of threads.
MomentEquations moment_equations(const Arranged& arranged, double nu, bool projected, int threads);

}  // namespace ranef
