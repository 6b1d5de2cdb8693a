// Which of the exact Hessians serves the layout.
#include <utility>

#include "curvature/curvature.hpp"
#include "curvature/information.hpp"
#include "curvature/level_sums.hpp"
#include "curvature/nested_hessian.hpp"
#include "curvature/trace_products.hpp"
#include "curvature/wide_hessian.hpp"

namespace ranef {

HessianPath hessian_path(const Pattern& pattern) {
  if (pattern.n_groups == 1) return HessianPath::kSumsOverLevels;
  if (pattern.chain.size() > 1) return HessianPath::kNested;
  return has_wide_hessian(pattern) ? HessianPath::kTallProducts : HessianPath::kTraceProducts;
}

HessianPath hessian_path(const Criterion& criterion) {
  return criterion.iterative() != nullptr ? HessianPath::kAverage
                                          : hessian_path(criterion.pattern());
}

namespace {

// With `parts` also the derivatives of r2 and X'V^-1 X.
Curvature along(Criterion& criterion, const std::vector<Direction>& directions, bool parts) {
  switch (hessian_path(criterion)) {
    case HessianPath::kAverage:
      return average_curvature(criterion, directions);
    case HessianPath::kSumsOverLevels:
      return level_sums(criterion, directions, parts);
    case HessianPath::kTraceProducts:
      return tail_curvature(criterion, directions, parts);
    case HessianPath::kTallProducts:
      return wide_hessian(criterion, directions);
    case HessianPath::kNested:
      break;
  }
  return nested_hessian(criterion, directions);
}

}  // namespace

Curvature curvature(Criterion& criterion, const std::vector<Direction>& directions) {
  Curvature out = along(criterion, directions, true);
  criterion.penalty().add_hessian(directions, out.hessian);
  return out;
}

Matrix hessian(Criterion& criterion, const std::vector<Direction>& directions) {
  Curvature out = along(criterion, directions, false);
  criterion.penalty().add_hessian(directions, out.hessian);
  return std::move(out.hessian);
}

}  // namespace ranef
