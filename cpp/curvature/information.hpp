// Average information without priors.
#pragma once

#include <vector>

#include "curvature/curvature.hpp"

namespace ranef {

// Along the directions; `r2` takes the first derivatives of r2.
Matrix information_in_the_data(Criterion& criterion, const std::vector<Direction>& directions,
                               Vector& r2);

// The same in place of second derivatives, with the first derivatives of r2 and X'V^-1 X, which are
// exact: -sum over levels of (Z_j'V^-1 X)' dD (Z_j'V^-1 X).
Curvature average_curvature(Criterion& criterion, const std::vector<Direction>& directions);

}  // namespace ranef
