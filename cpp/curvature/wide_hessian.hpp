// Exact second derivatives where the first factor's levels are stacked (wide_stage) and all other
// factors form the tail: a few products of tall matrices, whatever the number of directions.
#pragma once

#include <vector>

#include "curvature/curvature.hpp"

namespace ranef {

// Whether it serves the layout, and takes less work than traces over the tail.
bool has_wide_hessian(const Pattern& pattern);

Curvature wide_hessian(Criterion& criterion, const std::vector<Direction>& directions);

}  // namespace ranef
