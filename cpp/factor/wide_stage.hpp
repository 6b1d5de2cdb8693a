// Levels stacked into tall matrices, for chain factors whose levels meet most of the tail.
//
// The Schur update of the tail is then one Gram matrix over many levels, and U W one product.
// Rows are those of consecutive levels, q each; columns those of the tail, then X and y. A level
// has zeros where it does not meet a tail column.
#pragma once

#include <vector>

#include "factor/sweeps.hpp"

namespace ranef {

// Whether a factor's levels meet many tail columns and a good part of them.
bool meets_most(const Pattern& pattern, const Stage& stage);

// Whether stacking pays in the sweeps: such a factor with several random effects.
bool is_wide(const Pattern& pattern, const Stage& stage);

// Consecutive levels that are stacked together.
struct LevelRange {
  Index first = 0;
  Index last = 0;  // exclusive
  Index size() const { return last - first; }
};
// Ranges that cover all levels, some hundred rows each; `height` rows a level.
std::vector<LevelRange> level_ranges(const Stage& stage, Index height);

// Gives a stack its size; all zero where some level does not meet some column.
void size_stack(const Pattern& pattern, const Stage& stage, LevelRange levels, Index height,
                Matrix& out);

// The rows of one level, from `row` on: its columns for the tail it meets, X and y.
void put_level(const Pattern& pattern, const Stage& stage, Index level, const double* columns,
               Index height, Index row, Matrix& out);

// The other way: the columns of one level out of a stack.
void take_level(const Pattern& pattern, const Stage& stage, Index level, const Matrix& stacked,
                Index height, Index row, double* columns);

// Stacks rest columns of `values` (q x rest columns per level, as in Stage::rest) but those of
// parents: out is (levels * q) x (tail columns + m).
void stack(const Pattern& pattern, const Stage& stage, LevelRange levels,
           const std::vector<double>& values, Matrix& out);

// out = x W for stacked rows x, without what parents add. Over tail, X and y, with P and H those of
// the tail, W = [P + H top H', -H top; ., top], hence
//   x W = [x_t P - v top H', v top],   v = x_f - x_t H.
void times_w(const Sweeps& sweeps, const Matrix& top, const Matrix& stacked, Matrix& out);

// Completes x W for the rows of one level over its rest columns: W of its parents.
void add_parents_w(const Sweeps& sweeps, std::size_t i, Index level,
                   const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> xw);

}  // namespace ranef
