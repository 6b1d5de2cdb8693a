// The search with an estimated criterion, repeated with more probes until its error is small.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "search/iterative_objective.hpp"
#include "search/solve.hpp"

namespace ranef {

// A search on an estimate ends at this gain or a larger one: a step of 1e-4 standard errors, which
// is less than the error of any number of probes.
constexpr double kEstimatedGain = 1e-8;

struct IterativeGoal {
  double step = 0.01;       // error of any parameter, in its standard errors
  double criterion = 0.05;  // error of the criterion, deviance units; infinite: it does not matter
  Index most = 256;         // directions, and probes
};

// The half-widths of 95 % intervals where the objective stands: of the parameters along the face of
// the boundary, and of the criterion. The parameters move with the gradient as H^-1 g; its spread
// is that over the probes, and the interval is Student's, wider by the step that the search left.
EstimationError estimation_error(IterativeObjective& objective, const Vector& theta);

// The largest relative error of v'Dv over all v, D the covariance of a factor, where the
// coordinates of the face are off by `steps`. For M = D^-1 + A of any A >= 0, d(M^-1) is
// M^-1 D^-1 dD D^-1 M^-1, so that conditional variances are off by no more.
double covariance_error(const Chart& chart, const Vector& theta, const Vector& steps);

// As solve(). From each optimum it is decided whether its error is small enough; if not, there are
// twice as many directions, or probes, and the search goes on from there.
Solved solve_iteratively(IterativeObjective& objective, const std::vector<Matrix>& bases,
                         const std::optional<Vector>& start, const SolveControl& control,
                         const IterativeGoal& goal, const std::function<bool()>& interrupted);

}  // namespace ranef
