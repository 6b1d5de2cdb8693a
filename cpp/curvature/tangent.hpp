// The forward sweep differentiated along one direction.
#pragma once

#include <vector>

#include "criterion/criterion.hpp"

namespace ranef {

// Change of everything that the forward sweep leaves, along one direction.
struct Tangent {
  std::vector<StageState> stages;  // diagonal and rest: dC; w_diagonal and w_rest: dW
  TailMatrix tail;                 // dC over tail columns
  Matrix tail_dense;               // the same, full, by tail column
  Matrix tail_fixed;
  Matrix fixed;
  TailMatrix tail_w;
  Matrix tail_w_fixed;
};

Tangent zero_tangent(const Arranged& arranged);

// Fills all but W of a zero tangent; returns dC_j - dC_jj H of the tail.
Matrix forward_tangent(const Sweeps& sweeps, const Direction& direction, Tangent& t);

}  // namespace ranef
