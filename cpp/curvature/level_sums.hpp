// Exact second derivatives for a single grouping factor, from the sums over its levels.
#pragma once

#include <vector>

#include "curvature/curvature.hpp"

namespace ranef {

// With `parts` also the derivatives of r2 and X'V^-1 X.
Curvature level_sums(Criterion& criterion, const std::vector<Direction>& directions, bool parts);

}  // namespace ranef
