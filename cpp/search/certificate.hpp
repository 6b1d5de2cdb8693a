// The evidence for or against an optimum.
//
// The criterion is minimised over relative covariances D_k of given structures; for one without
// structure those are the positive semidefinite matrices. A point is a local minimum when (Karush,
// Kuhn and Tucker)
//
// 1. along the face it lies on, the Newton decrement g'H^-1 g / 2 with the exact Hessian is nil;
// 2. out of the face, no way D_k + t E has a negative slope <Gamma_k, E>, Gamma_k = df/dD_k: for
// any
//    covariance, Gamma_k has no negative eigenvalue on the null space of D_k; for a structure, none
//    of its parameters gains by leaving its bound;
// 3. H is positive definite on the face.
//
// A slope of zero decides nothing. Then the second derivative along that way out of the face must
// be positive, where the coordinates of the face are free to follow.
#pragma once

#include <cstddef>
#include <vector>

#include "search/objective.hpp"
#include "structure/face.hpp"

namespace ranef {

struct Evidence {
  double gain = 0.0;  // predicted decrease that is left, deviance units
  double step = 0.0;  // largest step to the predicted optimum, standard errors
  double dual = 0.0;  // smallest eigenvalue of Gamma on null spaces, data's units; or NaN
  double complementarity = 0.0;  // largest element of D Gamma
  double curvature = 0.0;  // smallest eigenvalue of H in relative SDs; NaN without coordinates
  std::vector<int> rank;   // by term
  Matrix flat;             // columns: steps along the coordinates at no cost
  std::vector<int> loose;  // term whose variance changes with each of the last columns of `flat`
  double rounding = 0.0;   // error of the criterion as computed, deviance units

  // What is promised: a step along the coordinates of the face, and out of it.
  Vector towards;
  std::vector<std::vector<Leave>> leaves;  // by term
};

// `bases` by term: b = B b_inner, for eigenvalues in the data's units. The criterion stands at
// theta.
Evidence evidence(Objective& objective, const Vector& theta, const std::vector<Matrix>& bases);

// Where `length` times what is promised leads to.
Vector promised(const Chart& chart, const Vector& theta, const Evidence& evidence, double length);

}  // namespace ranef
