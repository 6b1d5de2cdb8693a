// The numbers of A as the iterative path reads them: for each level of a chain factor the levels of
// each tail factor that it meets. The tail itself is never formed.
//
// Where all blocks are the number 1, as for intercepts whose levels meet at most once, an entry is
// four bytes: the place of the tail level.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "factor/pattern.hpp"
#include "iterative/tail_order.hpp"
#include "linalg/numbers.hpp"
#include "rows/cross_products.hpp"

namespace ranef {

// Sums over the levels of a factor are made of this many parts, each by one thread, and then added
// in order.
constexpr int kStrips = 4;

// Blocks between the levels of one factor and those of a later one, by level of the first.
struct LevelList {
  int q = 0;
  int q_tail = 0;
  Index offset = 0;                 // first tail column of the later factor
  std::vector<std::int64_t> start;  // n + 1
  std::vector<std::int32_t> place;  // of the tail level
  HugeVector values;                // q x q_tail by entry; empty where all of them are 1

  bool unit() const { return values.empty(); }
  std::size_t entries() const { return place.size(); }
};

// One factor of the chain.
struct ChainLevels {
  int group = 0;
  int q = 0;
  Index n_levels = 0;
  HugeVector diagonal;                            // q x q by level
  HugeVector fixed;                               // q x m by level
  std::vector<LevelList> lists;                   // by tail run
  std::vector<std::vector<std::int32_t>> parent;  // [later stage][level] -> its level
  std::vector<HugeVector> to_parent;              // [later stage]: q x q_later by level
  // [later stage][tail run][entry] -> entry of its parent's list
  std::vector<std::vector<std::vector<std::int32_t>>> entry_above;
  std::array<Index, kStrips + 1> strips = {};  // first levels, about as many entries in each
};

// Two tail factors that meet, by place of the first.
struct TailMeeting {
  std::size_t first = 0;  // runs
  std::size_t second = 0;
  LevelList list;  // `offset` and `place` of the second
  std::array<Index, kStrips + 1> strips = {};
};

struct LevelLists {
  int p = 0;
  int m = 0;
  TailOrder tail;
  std::vector<ChainLevels> chain;
  std::vector<HugeVector> tail_diagonal;  // by run: q x q by place
  std::vector<HugeVector> tail_fixed;     // by run: q x m by level
  std::vector<TailMeeting> meetings;

  // Numbers that one application of the operator reads.
  double work() const;
};

// `outline`: which factors are chain, and which are tail (factor/pattern.hpp). Throws where levels
// occur together in a way that is impossible in data.
LevelLists level_lists(const CrossProducts& a, const Pattern& outline);

}  // namespace ranef
