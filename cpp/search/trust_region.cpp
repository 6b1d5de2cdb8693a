#include "search/trust_region.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "linalg/spectrum.hpp"

namespace ranef {

namespace {

double decrease(const Matrix& h, const Vector& g, const Vector& step) {
  return -(g.dot(step) + 0.5 * step.dot(h.lazyProduct(step)));
}

// The Newton step where the Hessian is clearly positive definite. It is the minimiser where the
// radius leaves room for it.
bool newton_step(const Matrix& h, const Vector& g, Vector& step) {
  constexpr double kClearly = 1e-8;
  const Index n = h.rows();
  const double floor = kClearly * std::max(1.0, h.diagonal().maxCoeff());
  Matrix l = h;
  step = -g;
  for (Index j = 0; j < n; ++j) {
    const double pivot = l(j, j) - l.row(j).head(j).squaredNorm();
    if (!(pivot > floor)) return false;
    l(j, j) = std::sqrt(pivot);
    for (Index i = j + 1; i < n; ++i) {
      l(i, j) = (l(i, j) - l.row(i).head(j).dot(l.row(j).head(j))) / l(j, j);
    }
    step(j) = (step(j) - l.row(j).head(j).dot(step.head(j))) / l(j, j);
  }
  for (Index j = n; j-- > 0;) {
    step(j) = (step(j) - l.col(j).tail(n - j - 1).dot(step.tail(n - j - 1))) / l(j, j);
  }
  return true;
}

// The model in the eigenbasis of its Hessian.
class Spectral {
 public:
  Spectral(const Matrix& h, const Vector& g) {
    Spectrum spectrum = spectrum_of(h);
    fine = spectrum.fine;
    values_ = std::move(spectrum.values);
    vectors_ = std::move(spectrum.vectors);
    gradient_ = vectors_.transpose() * g;
    // Eigenvalues this small carry rounding error only.
    floor_ = 1e-12 * std::max(1.0, values_.cwiseAbs().maxCoeff());
  }

  Vector step(double radius) const { return vectors_ * reduced(radius); }

  bool fine;

 private:
  Vector shifted(double shift) const {
    Vector out(gradient_.size());
    for (Index k = 0; k < out.size(); ++k) {
      const double curvature = values_(k) + shift;
      out(k) = curvature > floor_ ? -gradient_(k) / curvature : 0.0;
    }
    return out;
  }

  Vector reduced(double radius) const {
    const double lowest = values_(0);
    double low = std::max(0.0, -lowest);
    if (lowest > floor_ || gradient_.isZero(0.0)) {
      Vector newton = shifted(0.0);
      if (newton.norm() <= radius) return newton;
    } else {
      low += floor_ * 2.0;
      Vector edge = shifted(low);
      if (edge.norm() <= radius) {
        // The hard case: go on along the lowest eigenvector to the edge of the region.
        if (lowest < -floor_) {
          const double room = std::sqrt(radius * radius - edge.squaredNorm());
          edge(0) += edge(0) > 0.0 ? room : -room;
        }
        return edge;
      }
    }
    double high = low + gradient_.norm() / radius + floor_;
    for (int k = 0; k < 100 && high - low > 1e-6 * high; ++k) {
      const double middle = 0.5 * (low + high);
      (shifted(middle).norm() > radius ? low : high) = middle;
    }
    return shifted(high);
  }

  Vector values_;
  Matrix vectors_;
  Vector gradient_;
  double floor_;
};

}  // namespace

Step trust_region_step(const Matrix& hessian, const Vector& gradient, double radius) {
  Step out;
  if (!hessian.allFinite() || !gradient.allFinite()) return out;
  const bool newton = newton_step(hessian, gradient, out.change);
  if (newton) out.length = out.change.norm();
  if (!newton || out.length > radius) {
    const Spectral model(hessian, gradient);
    if (!model.fine) return out;
    out.change = model.step(radius);
    out.length = out.change.norm();
  }
  out.gain = decrease(hessian, gradient, out.change);
  out.fine = true;
  return out;
}

void correct(Matrix& h, const Vector& step, const Vector& change) {
  const Vector wrong = change - h * step;
  const double along = wrong.dot(step);
  if (std::abs(along) > 1e-3 * wrong.norm() * step.norm()) {
    h += wrong * wrong.transpose() / along;
  }
}

}  // namespace ranef
