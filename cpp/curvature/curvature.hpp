// Exact second derivatives of a criterion along changes of D, and average information.
//
// There are four methods, one for each kind of layout; hessian_path() chooses. All of them start
// from the state that the factorisation has left and from the function of it (Outer), and add the
// Hessian of the priors.
#pragma once

#include <vector>

#include "criterion/criterion.hpp"
#include "structure/direction.hpp"

namespace ranef {

struct Curvature {
  Matrix hessian;          // second derivatives along the directions
  Vector r2;               // first derivatives of r2
  std::vector<Matrix> xx;  // first derivatives of X'V^-1 X, p x p
};

// The method for each layout: sums over the levels of a single factor (level_sums), one chain
// factor and a tail (trace_products), nested factors (nested_hessian), one factor with many effects
// whose levels are stacked (wide_hessian); and average information in place of second derivatives
// where the tail is not factorised.
enum class HessianPath { kSumsOverLevels, kTraceProducts, kNested, kTallProducts, kAverage };
HessianPath hessian_path(const Pattern& pattern);
HessianPath hessian_path(const Criterion& criterion);

// All of these need an evaluated criterion.
Curvature curvature(Criterion& criterion, const std::vector<Direction>& directions);

// The Hessian alone.
Matrix hessian(Criterion& criterion, const std::vector<Direction>& directions);

// Average information along the directions, one solve each, and the penalty's Hessian.
Matrix average_information(Criterion& criterion, const std::vector<Direction>& directions);

}  // namespace ranef
