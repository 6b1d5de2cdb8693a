// Average information without priors.
#pragma once

#include <vector>

#include "curvature/curvature.hpp"

namespace ranef {

// Along the directions; `r2` takes the first derivatives of r2.
Matrix information_in_the_data(Criterion& criterion, const std::vector<Direction>& directions,
                               Vector& r2);

}  // namespace ranef
