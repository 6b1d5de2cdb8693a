// Exact second derivatives for one chain factor and a tail, from traces over pairs of levels.
#pragma once

#include <vector>

#include "curvature/curvature.hpp"

namespace ranef {

// With kappa = dg/dr2, d = dr2 and AI the average information without priors,
//   H = 2 AI - (d2g/dr2^2) d d' - tr(N E N F):
// average information has the quadratic forms. With `parts` also the derivatives of X'V^-1 X.
Curvature tail_curvature(Criterion& criterion, const std::vector<Direction>& directions,
                         bool parts);

// tr(N E N F) for pairs of directions, the part of the Hessian that information does not hold.
// N = Z'V^-1 Z (ML) or Z'P Z (REML, P the projection that removes X), E and F block-diagonal over
// levels. Needs gamma(); the scores are those of Sweeps::predictors, used under REML alone.
Matrix trace_products(Criterion& criterion, const std::vector<Direction>& directions,
                      const std::vector<std::vector<double>>& scores);

}  // namespace ranef
