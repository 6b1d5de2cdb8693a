// Gauss-Hermite rules for the standard normal distribution.
//
// A rule of K nodes integrates polynomials up to degree 2K - 1 against the density of N(0, 1)
// exactly (Abramowitz and Stegun 1972, 25.4.46, in the scale of the density). Its product takes
// all combinations of nodes of q such rules.
#pragma once

#include "linalg/dense.hpp"

namespace ranef {

struct HermiteRule {
  Vector nodes;    // ascending
  Vector weights;  // sum to 1
};

// Nodes and weights to a few units of the last digit, for 1 <= nodes <= 40.
HermiteRule hermite_rule(int nodes);

struct ProductRule {
  Matrix nodes;        // q x K^q
  Vector log_weights;  // log of the weight, plus z'z / 2
};

ProductRule product_rule(int nodes, int q);

}  // namespace ranef
