// From cross-products to a solution with its evidence: start values, search, certificate, the step
// that it promises. Searches from other starts follow if the first one ends on the boundary or in
// doubt, or if the criterion may have other valleys. Solver::run() in solve.cpp shows all of it.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "search/certificate.hpp"
#include "search/optimise.hpp"

namespace ranef {

struct SolveControl {
  OptimiseControl search;
  int restarts = 3;
  double enough_gain = 1e-6;  // evidence below both: an optimum, or flat
  double enough_step = 1e-3;
  double same_basin = 1e-6;  // deviance units between the ends of two searches
  ValleyControl valleys;
  double cheap = 2e6;  // numbers read by one evaluation times parameters, for a look elsewhere for
                       // the sake of a boundary or of uneven levels
};

// How far an estimated optimum may be from that of the criterion itself (iterative_solve.hpp).
struct EstimationError {
  double step = 0.0;       // largest, in standard errors of a parameter
  Vector steps;            // of each coordinate of the face, in units of the coordinate
  double criterion = 0.0;  // deviance units
  Index deflated = 0;
  Index probes = 0;
  int iterations = 0;  // the most that a solve took
};

struct Solved {
  Optimum optimum;                  // of the search that found it; theta: coordinates, canonical
  Vector phi;                       // parameters of the residuals
  Vector coefficients;              // if they are not profiled out: all of them, inner scale
  Vector theta;                     // parameters on the data's scale
  std::vector<Matrix> covariances;  // T T' by term, data's scale
  Evidence evidence;
  int starts = 1;
  int elsewhere = 0;  // evaluations of the other searches
  int basins = 1;
  bool loses_digits = false;             // Objective::loses_digits()
  std::optional<EstimationError> error;  // of an estimated criterion
  double search_seconds = 0.0;
  double certificate_seconds = 0.0;
};

// Without a start the objective gives one. A start may leave out the others at its end: they begin
// at zero. `bases`: b = B b_inner for each term. Leaves the objective evaluated at the solution.
Solved solve(Objective& objective, const std::vector<Matrix>& bases,
             const std::optional<Vector>& start, const SolveControl& control,
             const std::function<bool()>& interrupted);

// Starts in other regions: strong effects, weak ones, alternating with correlations.
Vector other_start(const Chart& chart, int k);

}  // namespace ranef
