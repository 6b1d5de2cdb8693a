#include "structure/step_chart.hpp"

#include <cmath>

namespace ranef {

namespace {

// Curvature in log tau, deviance units: from here on its standard error is below a half.
constexpr double kSure = 8.0;
// The longest step of a parameter's own model in log tau. On the way to a variance of zero it tends
// to -1, and tau would shrink by the same factor for ever.
constexpr double kDown = -0.5;
constexpr double kUp = 1.0;
// Of the size of a block. A trust region and the tolerances of its steps are made for sizes of 1.
constexpr double kUnit = 0.1;

}  // namespace

StepChart::StepChart(const Chart& chart, const Vector& theta, const Vector& slope,
                     const Matrix& curvature, bool average)
    : theta_slope_(slope), theta_curvature_(curvature) {
  for (std::size_t k = 0; k < chart.terms().size(); ++k) {
    const Structure& structure = chart.structure(k);
    if (!structure.triangular()) continue;
    const int q = structure.q();
    const Index i = chart.first(k);
    if (q == 1) {
      // With s = log tau, dt/ds = t / 2 and d2t/ds2 = t / 4. Average information is that of tau:
      // what the bend of D = t^2 has added comes off again.
      const double t = theta(i);
      const double g = 0.5 * t * slope(i);
      const double h = 0.25 * t * t * curvature(i, i) + (average ? -0.5 : 0.5) * g;
      if (h > kSure && -g > kDown * h && -g < kUp * h) {
        change(i, 0.5 * t);
        curvature_(i, i) = h;
        slope_(i) = g;
        logs_.push_back(i);
        continue;
      }
    }
    const Index size = Index{q} * (q + 1) / 2;
    const double unit = kUnit * theta.segment(i, size).norm();
    if (!(unit > 1.0)) continue;
    for (Index j = i; j < i + size; ++j) {
      change(j, unit);
      units_.push_back({j, unit});
    }
  }
}

// Stretches the coordinate i.
void StepChart::change(Index i, double factor) {
  if (plain()) {
    slope_ = theta_slope_;
    curvature_ = theta_curvature_;
  }
  slope_(i) *= factor;
  curvature_.row(i) *= factor;
  curvature_.col(i) *= factor;
}

Vector StepChart::from(const Vector& theta, const Vector& step) const {
  Vector out = theta + step;
  for (const Index i : logs_) out(i) = theta(i) * std::exp(0.5 * step(i));
  for (const Unit& unit : units_) out(unit.i) = theta(unit.i) + unit.size * step(unit.i);
  return out;
}

}  // namespace ranef
