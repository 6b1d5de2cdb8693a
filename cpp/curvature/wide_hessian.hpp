// Exact second derivatives where the first factor's levels are stacked (wide_stage) and all other
// factors form the tail: a few products of tall matrices, whatever the number of directions.
#pragma once

#include <vector>

#include "criterion/criterion.hpp"

namespace ranef {

// Whether it serves the layout, and takes less work than traces over the tail.
bool has_wide_hessian(const Arranged& arranged);

Curvature wide_hessian(Criterion& criterion, const std::vector<Direction>& directions);

}  // namespace ranef
