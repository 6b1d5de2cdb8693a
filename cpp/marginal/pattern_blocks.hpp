// A symmetric matrix on the pattern of A = Z'WZ, by blocks that rows find by the same slots.
#pragma once

#include <vector>

#include "factor/sweeps.hpp"

namespace ranef {

// Blocks of a symmetric matrix on the pattern of A = Z'WZ, as Numbers hold them.
struct PatternBlocks {
  std::vector<const double*> diagonal;  // by stage
  std::vector<const double*> rest;
  std::vector<std::vector<double>> tail;  // by tail factor
  std::vector<std::vector<double>> tail_pairs;
};
PatternBlocks blocks_of(const Pattern& pattern, OnPattern w);

// Zero on the pattern.
Numbers zero_numbers(const Pattern& pattern);

}  // namespace ranef
