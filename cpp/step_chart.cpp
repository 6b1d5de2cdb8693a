#include "step_chart.hpp"

#include <cmath>

namespace ranef {

namespace {

// Curvature in log tau, deviance units: from here on its standard error is below a half.
constexpr double kSure = 8.0;
// The longest step of a parameter's own model in log tau. On the way to a variance of zero it tends
// to -1, and tau would shrink by the same factor for ever.
constexpr double kDown = -0.5;
constexpr double kUp = 1.0;

}  // namespace

StepChart::StepChart(const Chart& chart, const Vector& theta, const Vector& slope,
                     const Matrix& curvature, bool average)
    : theta_slope_(slope), theta_curvature_(curvature) {
  for (std::size_t k = 0; k < chart.terms().size(); ++k) {
    if (chart.terms()[k].q > 1) continue;
    // With s = log tau, dt/ds = t / 2 and d2t/ds2 = t / 4. Average information is that of tau: what
    // the bend of D = t^2 has added comes off again.
    const Index i = chart.first(k);
    const double t = theta(i);
    const double g = 0.5 * t * slope(i);
    const double h = 0.25 * t * t * curvature(i, i) + (average ? -0.5 : 0.5) * g;
    if (!(h > kSure) || !(-g > kDown * h) || !(-g < kUp * h)) continue;
    if (logs_.empty()) {
      slope_ = slope;
      curvature_ = curvature;
    }
    logs_.push_back(i);
    slope_(i) = g;
    curvature_.row(i) *= 0.5 * t;
    curvature_.col(i) *= 0.5 * t;
    curvature_(i, i) = h;
  }
}

Vector StepChart::from(const Vector& theta, const Vector& step) const {
  Vector out = theta + step;
  for (const Index i : logs_) out(i) = theta(i) * std::exp(0.5 * step(i));
  return out;
}

}  // namespace ranef
