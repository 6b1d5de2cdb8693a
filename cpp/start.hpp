// Start values by the method of moments.
#pragma once

#include "chart.hpp"

namespace ranef {

// The variances that make the expectations of the least-squares scores and of the residual sum of
// squares come true, had beta not been estimated:
//   sum_j e_j'E e_j = s2 sum_j tr(A_jj E) + sum_jk tr(E A_jk C_k A_kj),   r2 = s2 nu + sum tr(A C),
// j over the levels of one factor, k over those of all, A_jk = Z_j'Z_k, e_j = Z_j'(y - X beta), C =
// s2 D (Rao 1971's MINQUE with no prior variances).
// Eigenvalues of D are kept off zero, where the criterion has no slope in theta.
Vector moment_start(const Problem& problem, double nu, const Chart& chart, int threads = 1);

}  // namespace ranef
