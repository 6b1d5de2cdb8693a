// Approximate minimum degree on the quotient graph (Amestoy, Davis & Duff 1996): cliques stay lists
// of their members, and the clique that a level leaves behind takes the place of those it was in.
// Memory is that of the cliques, whatever the number of levels.
#pragma once

#include <cstdint>
#include <vector>

#include "factor/tail_pattern.hpp"

namespace ranef {

struct LevelOrder {
  std::vector<std::int32_t> order;                    // levels as they leave
  std::vector<std::vector<std::int32_t>> neighbours;  // of each when it leaves
};

// Levels leave until the one with fewest neighbours meets more than the share `dense` of those that
// are left, or until `effort` steps have been taken: the rest is best left dense.
LevelOrder minimum_degree(Index n, const Cliques& cliques, double dense, double effort);

}  // namespace ranef
