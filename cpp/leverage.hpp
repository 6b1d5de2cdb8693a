// Diagonal of the map from y to the fitted values, one entry per row of data.
#pragma once

#include <vector>

#include "criterion.hpp"

namespace ranef {

// w_i a_i' Omega a_i, with a_i = [z_i x_i] and Omega the inverse of the penalised cross-products
// of random and fixed effects together. Every pair of levels met by one row lies in the pattern
// that the reverse sweep fills.
std::vector<double> leverage(Criterion& criterion, const RowsView& rows);

// Lambda M^-1 Lambda' at every level, by group, level-major, q x q each: conditional variances
// of the random effects over sigma^2, beta held fixed.
std::vector<std::vector<double>> conditional_variances(Criterion& criterion);

}  // namespace ranef
