// Levels stacked into tall matrices, for chain factors whose levels meet most of the tail.
//
// The Schur update of the tail is then one Gram matrix over many levels, and U W one product.
// Rows are those of consecutive levels, q each; columns those of the tail, then X and y. A level
// has zeros where it does not meet a tail column.
#pragma once

#include <vector>

#include "elimination.hpp"

namespace ranef {

// Whether stacking pays for a chain factor: several random effects, and levels that meet many tail
// columns and a good part of them.
bool is_wide(const Problem& problem, const Stage& stage);

// Consecutive levels that are stacked together.
struct LevelRange {
  Index first = 0;
  Index last = 0;  // exclusive
  Index size() const { return last - first; }
};
std::vector<LevelRange> level_ranges(const Stage& stage);

// Stacks rest columns of `values` (q x rest columns per level, as in Stage::rest) but those of
// parents: out is (levels * q) x (tail columns + m).
void stack(const Problem& problem, const Stage& stage, LevelRange levels,
           const std::vector<double>& values, Matrix& out);

}  // namespace ranef
