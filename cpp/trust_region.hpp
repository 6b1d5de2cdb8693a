// Steps of a trust-region Newton search.
#pragma once

#include <algorithm>

#include "dense.hpp"

namespace ranef {

// A quadratic model in the eigenbasis of its Hessian.
struct QuadraticModel {
  Vector eigenvalues;
  Matrix vectors;
  Vector gradient;    // in the eigenbasis
  bool fine = false;  // whether the eigendecomposition succeeded

  QuadraticModel(const Matrix& hessian, const Vector& g);

  // Eigenvalues this small carry rounding error only.
  double floor() const { return 1e-12 * std::max(1.0, eigenvalues.cwiseAbs().maxCoeff()); }

  Vector step(double shift) const {
    Vector out(gradient.size());
    for (Index k = 0; k < out.size(); ++k) {
      const double curvature = eigenvalues(k) + shift;
      out(k) = curvature > floor() ? -gradient(k) / curvature : 0.0;
    }
    return out;
  }

  double decrease(const Vector& step) const {
    return -(gradient.dot(step) + 0.5 * step.cwiseProduct(eigenvalues).dot(step));
  }
};

// Minimiser of the model within the radius (More & Sorensen 1983).
Vector trust_region_step(const QuadraticModel& model, double radius);

}  // namespace ranef
