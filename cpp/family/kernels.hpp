// The two families that most models have, as loops over rows without a branch.
#pragma once

#include "family/family.hpp"

namespace ranef {

// Binomial with logit link, except that l of rows with 0 < y < 1 lacks log C(n, k).
void binomial_logit_rows(const FamilyRows& rows, RowOrder order, const RowDerivatives& out);

// Poisson with log link, except that l lacks -log(y!).
void poisson_log_rows(const FamilyRows& rows, RowOrder order, const RowDerivatives& out);

// -l'' by row.
void negative_curvature(const Family& family, const FamilyRows& rows, double* out);

}  // namespace ranef
