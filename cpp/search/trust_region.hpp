// Steps of a trust-region Newton search.
#pragma once

#include "linalg/dense.hpp"

namespace ranef {

struct Step {
  Vector change;
  double length = 0.0;
  double gain = 0.0;  // decrease of the quadratic model
  bool fine = false;  // false: no finite derivatives
};

// Minimiser of the quadratic model within the radius (More & Sorensen 1983).
Step trust_region_step(const Matrix& hessian, const Vector& gradient, double radius);

// The symmetric change of rank one that makes h agree with what a step has shown: by how much the
// gradient changes along it.
void correct(Matrix& h, const Vector& step, const Vector& change);

}  // namespace ranef
