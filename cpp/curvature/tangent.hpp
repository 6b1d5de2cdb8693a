// The sweeps differentiated along one change: of D of a grouping factor, or of A.
//
// A change dA enters where A does: into C of every level before anything is eliminated, and into
// [X y]'W[X y]. From there on it is carried as the dC of a change of D is. So the second
// derivatives of a criterion f along pairs of changes are all exact:
//
//   D, D:  <dGamma, E>,   A, D:  <dGamma, E>,   A, A:  <dW, dA_l>,
//
// where dGamma, dW and dtop are what a change does to the first derivatives df/dD, df/dA and df/dC.
// They serve every layout; for directions of D alone curvature.hpp is faster.
#pragma once

#include <variant>
#include <vector>

#include "curvature/curvature.hpp"

namespace ranef {

// A change of D of one grouping factor, or a change of A: numbers on the criterion's pattern, which
// stay with the caller. Of these count the matrices; rows and weights do not.
using Change = std::variant<Direction, const Numbers*>;

// Change of everything that the sweeps leave, along one change.
struct Tangent {
  std::vector<StageState> stages;  // diagonal and rest: dC; w_diagonal and w_rest: dW
  TailMatrix tail;                 // dC over tail columns
  Matrix tail_dense;               // the same, full, by tail column
  Matrix tail_fixed;
  Matrix fixed;  // dC of [X y]
  TailMatrix tail_w;
  Matrix tail_w_fixed;
  Matrix top;                 // change of df/dC of [X y]
  std::vector<Matrix> gamma;  // change of Gamma

  // dW on the pattern of A.
  OnPattern w() const { return {&stages, &tail_w, &tail_w_fixed, &top}; }
};

Tangent zero_tangent(const Pattern& pattern);

// Fills all dC of a zero tangent; returns dC_j - dC_jj H of the tail.
Matrix forward_tangent(const Sweeps& sweeps, const Direction& direction, Tangent& t);

// All of it, dW on the whole pattern included. Needs gamma(true) of the criterion; of a tail,
// Sweeps::tail_products().
Tangent tangent(Criterion& criterion, const Change& change);

// First derivatives along the changes: <Gamma, E> and <W, dA>.
Vector slopes(Criterion& criterion, const std::vector<Change>& changes);

// Second derivatives for all pairs of the changes, priors included. Of a criterion that is refined
// by its rows, those of the cross-products.
Matrix hessian_along(Criterion& criterion, const std::vector<Change>& changes);

// The same as curvature(), by tangents: slower, and the oracle of the others; without priors.
Curvature curvature_by_tangents(Criterion& criterion, const std::vector<Direction>& directions);

}  // namespace ranef
