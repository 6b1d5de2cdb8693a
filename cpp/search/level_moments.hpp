// Sums over the levels of one factor for the equations of moments.hpp; by threads.
#pragma once

#include <vector>

#include "factor/arrange.hpp"

namespace ranef {

// The fixed part by least squares.
struct FixedFit {
  Vector v;                // (-beta, 1)
  Matrix root;             // L, L L' = X'WX
  bool projected = false;  // whether what X explains is taken off
};

// With B_j = L^-1 X'W Z_j (nothing if not projected), C = B_j'B_j and A = Z_j'W Z_j - C.
struct LevelMoments {
  Matrix aa;                    // sum of vec(A) vec(A)' - vec(C) vec(C)'
  Matrix a;                     // sum of A
  Matrix ee;                    // sum of e e', e = Z_j'W[X y] v
  std::vector<Matrix> spreads;  // sum of B_j E B_j' for E of each entry of a lower triangle
};

// Runs of levels, added up in their order: the same bits on any number of threads. `loadings` gets
// all B_j side by side, p x (q levels), where they are projected.
LevelMoments level_moments(const Arranged& arranged, int group, const FixedFit& fit, int threads,
                           Matrix& loadings);

}  // namespace ranef
