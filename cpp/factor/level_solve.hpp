// Solutions with the eliminated matrix for right-hand sides by level.
//
// With A = Z'WZ, D the block-diagonal covariance of all levels, K = (I + A D)^-1 and P = D K, the
// pair of
//
//   e = r - A b,   b = D e + v,   is   e = K (r - A v),   b = P r + K'v.
//
// In the notation of sweeps.hpp, with the rest of a level without X and y:
//
//   forward:  r_rest -= H'r_j + U'v_j,
//   back:     e_j = F (r_j - C_jj v_j) - U b_rest,   b_j = F'v_j + P r_j - H b_rest.
//
// Nothing divides by Lambda where it is nearly singular.
#pragma once

#include <vector>

#include "factor/sweeps.hpp"

namespace ranef {

// Numbers for each level: by grouping factor, level-major, q x columns each.
using Effects = std::vector<std::vector<double>>;

Effects zero_effects(const Pattern& pattern, int columns);

// sum of products over all numbers.
double inner(const Effects& a, const Effects& b);

// out = D a, for one D per grouping factor.
void times_covariance(const Pattern& pattern, const std::vector<Matrix>& d, int columns,
                      const Effects& a, Effects& out);

// Solves for e and b at the Lambda of the last forward(). `v` is null where it is zero. e and b may
// not be r or v.
void solve_levels(const Sweeps& sweeps, int columns, const Effects& r, const Effects* v, Effects& e,
                  Effects& b, int threads);

}  // namespace ranef
