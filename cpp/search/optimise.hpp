// Minimises the criterion over theta: trust-region Newton on sign-free Lambda, in log tau where
// that serves a scalar term (step_chart.hpp).
//
// Curvature is the exact Hessian where all factors are nested; where some are crossed, average
// information plus the bend of D = Lambda Lambda', and the exact Hessian once that gets slow.
// Stationary points with a singular Lambda are tested for descent into the cone (a negative
// eigenvalue of Gamma on the null space of Lambda) and left along the violating eigenvector;
// rank-deficient optima are put on the boundary exactly. Where the trust region breaks down (no
// finite curvature, or steps without progress) L-BFGS goes on from there, and the outcome says so.
#pragma once

#include <functional>
#include <vector>

#include "search/objective.hpp"

namespace ranef {

// How the steps are found. Newton falls back on L-BFGS where it gets stuck.
enum class OptimiseMethod { kNewton, kLbfgs };

struct OptimiseControl {
  int max_evaluations = 500;
  double gain = 1e-11;  // stop when the predicted remaining decrease is below this
  OptimiseMethod method = OptimiseMethod::kNewton;
};

// kAtEnd: a coordinate has come to an end of its range that the objective names.
enum class OptimiseStatus {
  kConverged,
  kNoProgress,
  kMaxEvaluations,
  kBrokeDown,
  kInterrupted,
  kAtEnd
};

struct OptimiseRecord {
  double value;
  double predicted_gain;
  double radius;
  bool accepted;
};

struct Optimum {
  Vector theta;
  double value = 0.0;
  OptimiseStatus status = OptimiseStatus::kBrokeDown;
  int evaluations = 0;
  int escapes = 0;                                  // saddle points left
  OptimiseMethod method = OptimiseMethod::kNewton;  // what found the point
  std::vector<OptimiseRecord> log;
};

// Leaves the criterion evaluated at what it returns.
Optimum optimise(Objective& objective, const Vector& start, const OptimiseControl& control,
                 const std::function<bool()>& interrupted);

}  // namespace ranef
