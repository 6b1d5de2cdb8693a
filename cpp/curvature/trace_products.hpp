// tr(N E N F) for pairs of directions, the part of the Hessian that information does not hold.
#pragma once

#include <vector>

#include "criterion/criterion.hpp"

namespace ranef {

// Whether trace_products() covers the layout: one chain factor and a dense tail.
bool has_trace_products(const Arranged& arranged);

// Which exact Hessian serves a layout.
enum class HessianPath { kSumsOverLevels, kTraceProducts, kNested, kTallProducts };
HessianPath hessian_path(const Arranged& arranged);

// N = Z'V^-1 Z (ML) or Z'P Z (REML, P the projection that removes X), E and F block-diagonal over
// levels. Needs gamma(); the scores are those of Sweeps::predictors, used under REML alone.
Matrix trace_products(Criterion& criterion, const std::vector<Direction>& directions,
                      const std::vector<std::vector<double>>& scores);

}  // namespace ranef
