// Whether the scores of the rows at joint modes of the coefficients and the random effects prove
// that the likelihood has a finite maximum in the coefficients.
//
// Rows have the signs s of Family::recession(). A change gamma of beta with s_i x_i'gamma >= 0, and
// x_i'gamma = 0 where s_i = 0, would raise the likelihood without end. By Stiemke's lemma there is
// none if some g with X'g = 0 has the signs s. At joint modes X'g = 0 but for rounding errors, and
// for what the search has left: the nearest such numbers have the same signs if
//
//   max |x_i'(X'|G|X)^-1 X'g| < 1   over rows with s_i != 0,
//
// |G| = diag |g|, with any positive number where s_i = 0: a large one keeps these rows still.
#pragma once

#include "marginal/joint_rows.hpp"

namespace ranef {

// That maximum, for the scores at the last look of `joint`. Infinite where a score has not the
// row's sign; NaN where the coefficients are not those of X alone (cut points).
double separation_margin(const WorkingRows& rows, const JointRows& joint);

}  // namespace ranef
