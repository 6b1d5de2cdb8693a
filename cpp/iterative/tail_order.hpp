// The columns of the tail as the iterative path numbers them.
//
// An application of the operator reads and writes the tail at each entry of a list, so levels that
// occur often stand side by side, at the front of their factor, where caches hold them.
#pragma once

#include <cstdint>
#include <vector>

#include "linalg/dense.hpp"
#include "rows/cross_products.hpp"

namespace ranef {

// The levels of one tail factor. A level's place is its rank by frequency.
struct TailRun {
  int group = 0;
  int q = 0;
  Index n_levels = 0;
  Index offset = 0;                 // first tail column
  std::vector<std::int32_t> place;  // of each level
  std::vector<std::int32_t> level;  // at each place

  Index columns() const { return n_levels * q; }
};

struct TailOrder {
  std::vector<TailRun> runs;
  Index columns = 0;
};

// `tail`: the groups of the tail; `counted`: a group of the chain, whose levels are counted.
TailOrder tail_order(const CrossProducts& a, const std::vector<int>& tail, int counted);

// The tail of a vector by group (levels in the data's order, q x width each, column-major), and
// back from it. `width` columns of the tail's vector stand side by side.
void to_tail(const TailRun& run, const double* by_level, int width, double* tail);
void from_tail(const TailRun& run, const double* tail, int width, double* by_level);

}  // namespace ranef
