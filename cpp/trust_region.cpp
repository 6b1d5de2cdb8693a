#include "trust_region.hpp"

#include <cmath>

namespace ranef {

QuadraticModel::QuadraticModel(const Matrix& hessian, const Vector& g) {
  if (!hessian.allFinite() || !g.allFinite()) return;
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(hessian);
  eigenvalues = solver.eigenvalues();
  vectors = solver.eigenvectors();
  gradient = vectors.transpose() * g;
  fine = solver.info() == Eigen::Success;
}

Vector trust_region_step(const QuadraticModel& model, double radius) {
  const double lowest = model.eigenvalues(0);
  double low = std::max(0.0, -lowest);
  if (lowest > model.floor() || model.gradient.isZero(0.0)) {
    Vector newton = model.step(0.0);
    if (newton.norm() <= radius) return newton;
  } else {
    low += model.floor() * 2.0;
    Vector edge = model.step(low);
    if (edge.norm() <= radius) {
      // The hard case: go on along the lowest eigenvector to the edge of the region.
      if (lowest < -model.floor()) {
        const double room = std::sqrt(radius * radius - edge.squaredNorm());
        edge(0) += edge(0) > 0.0 ? room : -room;
      }
      return edge;
    }
  }
  double high = low + model.gradient.norm() / radius + model.floor();
  for (int k = 0; k < 100 && high - low > 1e-6 * high; ++k) {
    const double middle = 0.5 * (low + high);
    (model.step(middle).norm() > radius ? low : high) = middle;
  }
  return model.step(high);
}

}  // namespace ranef
