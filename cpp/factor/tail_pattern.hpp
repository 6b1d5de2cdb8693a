// The order of elimination within the tail: blocks that are independent of each other, bordered by
// the columns that connect them.
//
// The levels of tail factors which a level of the last chain factor meets form a clique once the
// chain is eliminated. Eliminating next a level with few neighbours fills little; a minimum-degree
// order finds such levels, and subtrees of its elimination tree become the blocks. The Cholesky
// factor of a block has rows in the block and in the few border columns the block meets; only the
// border is dense. Levels met by one chain level only are the simplest blocks: they cost no fill.
#pragma once

#include <cstdint>
#include <vector>

#include "linalg/dense.hpp"

namespace ranef {

struct TailBlock {
  Index first = 0;                 // position of its first column
  Index size = 0;                  // columns
  std::vector<std::int32_t> rows;  // border columns it meets, ascending, counted from the border
};

// One tail level in the order of elimination.
struct TailSegment {
  Index first = 0;  // position of its first column
  int group = 0;
};

struct TailPattern {
  std::vector<std::int32_t> position;  // of each tail column in the order of elimination
  std::vector<std::int32_t> column;    // the tail column at each position
  std::vector<TailBlock> blocks;
  Index border = 0;                     // position of the first border column
  std::vector<Index> boundaries = {0};  // of the panels of the border
  double work = 0.0;                    // multiplications for the factor and its inverse, roughly

  Index size() const { return static_cast<Index>(position.size()); }
  // Numbers that a matrix on this pattern holds.
  Index entries() const;
  // The block that holds a position; -1 in the border.
  std::int32_t block_of(Index at_position) const;
};

// Cliques of tail levels, one after the other: members[start[k]] to members[start[k + 1]].
struct Cliques {
  std::vector<std::int64_t> start = {0};
  std::vector<std::int32_t> members;
};

// `q` holds the number of columns of each tail level; columns are numbered level after level.
TailPattern tail_pattern(const std::vector<int>& q, const Cliques& cliques);

}  // namespace ranef
