// Derivatives of the modes along changes of D and along the coefficients.
//
// With A = Z'WZ, M = I + Lambda'A Lambda, P = Lambda M^-1 Lambda' and e = Z'l' of a level,
//
//   db = (I - P A) dD e + P dv,   de = -A db + dv,   dv = Z'(l'_psi dpsi - W X dbeta).
#pragma once

#include <vector>

#include "marginal/level_run.hpp"

namespace ranef {

struct ModeSlopes {
  std::vector<double> effects;  // level-major, q x (directions + coefficients) each: of b
  std::vector<double> dual;     // the same of e
};

// Fills in the levels of a run. u: its modes. False if a number is not finite.
template <int Q>
bool mode_slopes(LevelRun<Q>& run, const double* u, const std::vector<Matrix>& directions,
                 ModeSlopes& out);

}  // namespace ranef
