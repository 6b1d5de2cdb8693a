// The inverse of the penalised cross-products of random and fixed effects together: prediction
// error variances, conditional variances and leverages.
//
// With W = blockdiag(0, (X'V^-1 X)^-1) at the top, the reverse sweep fills the blocks of this
// inverse on the pattern of the factor. Others follow from W_j,r = -H_j,rest W_rest,r, one level
// at a time (Erisman & Tinney 1975).
#pragma once

#include <vector>

#include "criterion/criterion.hpp"
#include "iterative/iterative_factor.hpp"

namespace ranef {

// a_i' Omega a_i for each row, a_i = [z_i x_i]: the variance of x'beta + z'b minus its prediction,
// over sigma^2. A row with a negative code has no such level: that factor is left out of it.
// With weights each value is multiplied by its row's weight, which makes it the leverage.
std::vector<double> row_variances(Criterion& criterion, const RowsView& rows);

// Throws NeedsExact if the tail is not factorised and the rows are too many for a solve each.
void check_solvable(const Criterion& criterion, const RowsView& rows);

// The same of a factorisation, with (X'V^-1 X)^-1 for its p columns of X. Without any it is
// z_i'P z_i: the conditional variance of z'b, all parameters held fixed.
std::vector<double> row_variances(Sweeps& sweeps, const Matrix& xx_inverse, const RowsView& rows);

// Lambda M^-1 Lambda' at every level, by group, level-major, q x q each: conditional variances
// of the random effects over sigma^2, beta held fixed.
std::vector<std::vector<double>> conditional_variances(Criterion& criterion);

// The same with their standard errors where the tail is not factorised; else empty.
EstimatedVariances estimated_variances(Criterion& criterion);

}  // namespace ranef
