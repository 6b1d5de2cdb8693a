// First-order autoregression ("ar1", "hetar1"): C_ij = rho^|t_i - t_j| for columns at times t in
// whole steps.
//
// From one time to the next the process is a Markov chain, so that with rho = sin(angle)
//
//   L_ij = L_(i-1)j rho^d,   L_ii = sqrt(1 - rho^2d) = cos(angle) sqrt(1 + rho^2 + ... ),
//
// where d is the step between the times.
#pragma once

#include "structure/family.hpp"

namespace ranef {

class Autoregressive : public CorrelationFamily {
 public:
  // Positions in time, ascending; empty: one step apart.
  Autoregressive(int q, bool heterogeneous, const std::vector<int>& positions);

 protected:
  Triangle<Jet> correlation_root(const std::vector<Jet>& angles) const override;
  Triangle<double> correlation_root(const std::vector<double>& angles) const override;
  Vector correlations_of(const Matrix& c) const override;
  Vector angles_of(const Vector& correlations) const override;
  Vector nearest_angles(const Matrix& c) const override;

 private:
  // The correlation one step apart, from the mean correlation of neighbours at each distance.
  double one_step_apart(const Matrix& c) const;
  // Mean correlation of neighbours at this distance.
  double neighbours(const Matrix& c, int step) const;

  std::vector<int> steps_;  // to each time from the one before it
  int shortest_;            // of the steps
  int odd_;  // the shortest odd step, which shows the sign of rho; 0 if there is none
};

}  // namespace ranef
