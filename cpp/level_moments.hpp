// Second moments over the levels of one factor, for the start values; by threads.
#pragma once

#include "elimination.hpp"

namespace ranef {

struct Moments {
  Matrix aa;  // sum of vec(A) vec(A)', A the diagonal block of a level
  Matrix a;   // sum of A
  Matrix ee;  // sum of e e', e = Z'W[X y] v
};

// Runs of levels, added up in their order: the same bits on any number of threads.
Moments level_moments(const Stage& stage, int m, const Vector& v, int threads);

}  // namespace ranef
