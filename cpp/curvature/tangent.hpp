// The sweeps differentiated along one change: of D of a grouping factor, or of A.
//
// A change dA enters where A does: into C of every level before anything is eliminated, and into
// [X y]'W[X y]. From there on it propagates like the dC of a change of D. The formulas are in
// tangent.cpp.
#pragma once

#include <vector>

#include "factor/sweeps.hpp"
#include "structure/direction.hpp"

namespace ranef {

// Derivative of everything that the sweeps leave, along one change.
struct Tangent {
  std::vector<StageState> stages;  // diagonal and rest: dC; w_diagonal and w_rest: dW
  TailMatrix tail;                 // dC over tail columns
  Matrix tail_dense;               // the same, full, by tail column
  Matrix tail_fixed;
  Matrix fixed;  // dC of [X y]
  TailMatrix tail_w;
  Matrix tail_w_fixed;
  Matrix top;                 // change of the derivative with respect to C of [X y]
  std::vector<Matrix> gamma;  // change of Gamma

  // dW on the pattern of A.
  OnPattern w() const { return {&stages, &tail_w, &tail_w_fixed, &top}; }
};

// The state before anything is eliminated: with the change of A, if there is one.
Tangent zero_tangent(const Pattern& pattern);
Tangent tangent_of(const Pattern& pattern, const Numbers& change);

// Fills all dC; returns dC_j - dC_jj H of the tail. `direction` is null if A changes.
Matrix forward_tangent(const Sweeps& sweeps, const Direction* direction, Tangent& t);

// Fills dGamma and dW from dC and the change of the top, which is in t. Needs the W that a reverse
// sweep with `top` has kept, and of a tail tail_products(). `tail` is what the forward tangent
// gave.
void reverse_tangent(const Sweeps& sweeps, const Direction* direction, const Matrix& tail,
                     const Matrix& top, Tangent& t);

}  // namespace ranef
