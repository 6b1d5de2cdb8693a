// Limited-memory quasi-Newton descent: what the search falls back on when second derivatives fail.
//
// Nocedal & Wright (2006), Numerical Optimization, algorithms 7.4 and 7.5; the step length
// satisfies the weak Wolfe conditions, by bisection (Lewis & Overton 2013).
#pragma once

#include <functional>

#include "linalg/dense.hpp"

namespace ranef {

struct DescentPoint {
  Vector theta;
  double value = 0.0;
  Vector gradient;
};

enum class DescentEnd { kConverged, kNoProgress, kStopped };

struct Descent {
  // Value and gradient at point.theta; false where the arithmetic breaks down.
  std::function<bool(DescentPoint& point)> evaluate;
  // Asked before each evaluation; true ends the descent.
  std::function<bool()> stop;
  // Told about each step taken: the point, the decrease predicted, the length.
  std::function<void(const DescentPoint& point, double gain, double length)> taken;
  double gain = 1e-11;  // converged when the predicted remaining decrease is below this
  double noise = 0.0;   // decreases below this are rounding error
};

// Lowers `at`, whose value and gradient are given.
DescentEnd lbfgs(const Descent& descent, DescentPoint& at);

}  // namespace ranef
