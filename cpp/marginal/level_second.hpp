// Second derivatives of a Laplace approximation with a single grouping factor, level by level.
//
// All terms are sums over levels of what a level's rows give: with n_k = x_k + z'b_k along
// coefficient k and the letters of laplace_second.cpp, the sums of (r l''' - lev l'''') c c',
// -l''' z z'c and the like over the columns c = (z, n). Rows are read once; a run of them stays in
// the second cache.
#pragma once

#include <vector>

#include "marginal/working_rows.hpp"
#include "structure/direction.hpp"

namespace ranef {

// The point, q numbers a level: b, e, t and D t.
struct LevelPoint {
  const Effects& effects;
  const Effects& scores;
  const Effects& third;
  const Effects& third_effects;
};

struct LevelSecond {
  Matrix hessian;  // along the changes of D, then along the coefficients
  Effects e;       // their e_d and b_d, q x (changes + coefficients) a level
  Effects b;
};

LevelSecond level_second(const WorkingRows& rows, const Sweeps& sweeps, const PatternBlocks& p,
                         const LevelPoint& point, const std::vector<Matrix>& changes);

}  // namespace ranef
