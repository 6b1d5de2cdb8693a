// The search for the conditional modes of the random effects.
//
// Modes minimise h(b) = -sum l + b'D^-1 b / 2. In the dual variable e^, with b = D e^, nothing
// divides by D: Newton's step is e^ += K rho with rho = Z'g - e^, and lowers h by half the
// *decrement* rho'P rho.
#pragma once

#include <vector>

#include "marginal/working_rows.hpp"

namespace ranef {

struct Mode {
  Effects dual;     // e^
  Effects effects;  // b = D e^
  PassSums sums;    // at b
  Effects gap;      // rho
  Effects step;     // K rho, which is left to do
  Effects step_effects;
  double decrement = 0.0;
  double penalty = 0.0;  // e^'D e^
  int passes = 0;
  int expected_steps = 0;  // with expected weights: h was not convex where they began
};

// The covariance at which modes are wanted.
struct AtCovariance {
  const std::vector<Matrix>& lambda;
  const std::vector<Matrix>& d;
};

// From mode.dual, until the decrement is at most `tolerance`, or 1e-4 if that is less. Leaves A in
// `a` and its factorisation in `sweeps`, both at the mode. False where the search did not arrive:
// where the decrement stays above 1e-4, or where h is not convex at its end.
bool find_mode(WorkingRows& rows, AtCovariance covariance, double tolerance, Sweeps& sweeps,
               Numbers& a, Mode& mode);

}  // namespace ranef
