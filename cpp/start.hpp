// Start values by the method of moments.
#pragma once

#include "chart.hpp"

namespace ranef {

// For each grouping factor as if it were the only one, the variances that make the expectations of
// the least-squares scores and residual sum of squares come true:
//   sum e'E e = s2 sum tr(A E) + sum tr(A E A C),   r2 = s2 nu + sum tr(A C),   C = s2 D,
// over its levels, A = Z_j'Z_j, e = Z_j'(y - X beta) (Rao 1971's MINQUE with no prior variances).
// Eigenvalues of D are kept off zero, where the criterion has no slope in theta.
Vector moment_start(const Problem& problem, double nu, const Chart& chart);

}  // namespace ranef
