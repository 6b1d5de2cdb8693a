// The most likely random effects of each level, by Newton's method.
//
// A level has h(u) = -sum l + u'u / 2 with gradient u - C'l' and second derivatives
// M = I + C'WC, W = -l''. The search halves a step that does not lower h, and takes expected
// weights where M is not positive definite.
#pragma once

#include <array>
#include <vector>

#include "marginal/level_run.hpp"

namespace ranef {

// One level at its mode. Where M = L L', the root is R = L^-T, so that R R' = M^-1.
template <int Q>
struct Peak {
  std::array<double, Q> u;
  std::array<double, Q> dual;  // e = Z'l'; at the mode u = Lambda'e
  std::array<double, Q * Q> root;
  double log_determinant = 0.0;  // of M
  double height = 0.0;           // -h(u)
  double size = 0.0;             // sum |l|
};

// Brings u (levels x Q, where the search begins) to the modes. The last step of a level is the
// first one that lowers h by less than `tolerance`. False if a level does not get there.
template <int Q>
bool find_modes(LevelRun<Q>& run, double tolerance, double* u);

// Derivatives of all rows at the modes, and the peaks. `arrays` have l, l' and l'' among them.
// False if an M is not positive definite there, or a number is not finite.
template <int Q>
bool stand_at_modes(LevelRun<Q>& run, const double* u, RowOrder order,
                    const DerivativeArrays& arrays, std::vector<Peak<Q>>& peaks);

}  // namespace ranef
