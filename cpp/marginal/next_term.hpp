// How far Laplace's approximation is from the likelihood, by the next term of its expansion.
//
// With T = -l''', Q = -l'''', lev_i = z_i'P z_i and P the conditional covariance of all random
// effects (Shun and McCullagh 1995, equation 6; in deviance units):
//
//   E = sum Q lev^2 / 4 - a'r / 4 - sum_ik T_i T_k (z_i'P z_k)^3 / 6,   a = T lev,  r = Z P Z'a.
//
// The last sum needs pairs of rows; of a single factor it is a sum over levels, and elsewhere it is
// taken where there are few rows and few random effects.
#pragma once

#include "marginal/working_rows.hpp"

namespace ranef {

// At random effects `b`, without the part of a'r.
NextTerm next_term_of_rows(const WorkingRows& rows, const Sweeps& sweeps, const PatternBlocks& p,
                           const Effects& b);

}  // namespace ranef
