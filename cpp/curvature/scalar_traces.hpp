// trace_products() where every factor has one column: random intercepts by crossed factors.
#pragma once

#include <vector>

#include "curvature/curvature.hpp"

namespace ranef {

// Whether scalar_traces() covers the layout at the Lambda of the sweeps.
bool has_scalar_traces(const Sweeps& sweeps);

// tr(N E N F) between the factors, the chain factor first, then those of the tail. `scores` are
// those of Sweeps::predictors for all of [X y], used under REML alone.
Matrix scalar_traces(Criterion& criterion, const std::vector<std::vector<double>>& scores);

}  // namespace ranef
