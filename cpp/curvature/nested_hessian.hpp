// Exact second derivatives for nested factors, with or without a tail: one forward tangent for each
// direction, and sums over pairs of directions instead of reverse tangents.
#pragma once

#include <vector>

#include "curvature/curvature.hpp"

namespace ranef {

Curvature nested_hessian(Criterion& criterion, const std::vector<Direction>& directions);

}  // namespace ranef
