// The problem without its numbers: the order in which random effects are eliminated, and the place
// of each number of A.
//
// The factor with the most columns goes first. Factors it is nested in follow as a *chain*: their
// diagonal blocks stay block-diagonal whatever is eliminated before them, so nesting costs no
// fill. All other factors form the *tail*, with an order of its own (tail_pattern.hpp). Every row
// of data touches one level per factor, and the levels it touches form a clique; the factor L has
// exactly the pattern of A on chain rows.
//
// A pattern is made once and never changed. Threads and matrices A may share it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "factor/tail_pattern.hpp"
#include "linalg/dense.hpp"
#include "rows/cross_products.hpp"

namespace ranef {

// One factor of the chain. For level j the "rest" is everything eliminated later that shares rows
// with it: columns of its parents (one level of each later chain factor), the tail columns it
// meets, then X and y. Blocks are q x (number of rest columns), column-major, contiguous.
struct Stage {
  int group = 0;
  int q = 0;
  Index n_levels = 0;
  int parent_columns = 0;
  std::vector<std::int64_t> rest_start;            // first rest column of each level (n + 1)
  std::vector<std::int64_t> tail_start;            // first entry in tail_column (n + 1)
  std::vector<std::int32_t> tail_column;           // tail columns met, in order of elimination
  std::vector<std::int32_t> tail_position;         // their positions in that order, ascending
  std::vector<std::int32_t> tail_row;              // of border columns: row in the level's block
  std::vector<std::int32_t> tail_block;            // the block that the level meets, or -1
  std::vector<std::int32_t> tail_inside;           // how many of its columns are in that block
  std::vector<std::vector<std::int32_t>> parent;   // [later stage][level] -> its level
  std::vector<std::vector<std::int32_t>> tail_at;  // [later stage][entry] -> place in its list

  // Numbers in the blocks on the diagonal, and in the rest, of all levels.
  std::size_t diagonal_size() const { return at(n_levels) * at(q) * at(q); }
  std::size_t rest_size() const { return at(rest_start.back()) * at(q); }

  int rest_columns(Index level) const {
    return static_cast<int>(rest_start[static_cast<std::size_t>(level) + 1] -
                            rest_start[static_cast<std::size_t>(level)]);
  }
  int tail_columns(Index level) const {
    return static_cast<int>(tail_start[static_cast<std::size_t>(level) + 1] -
                            tail_start[static_cast<std::size_t>(level)]);
  }
  const std::int32_t* tail_list(Index level) const {
    return tail_column.data() + tail_start[static_cast<std::size_t>(level)];
  }
  const std::int32_t* tail_positions(Index level) const {
    return tail_position.data() + tail_start[static_cast<std::size_t>(level)];
  }
  const std::int32_t* tail_rows(Index level) const {
    return tail_row.data() + tail_start[static_cast<std::size_t>(level)];
  }
};

struct TailGroup {
  int group = 0;
  int q = 0;
  Index n_levels = 0;
  Index offset = 0;  // first tail column
};

// Levels of two tail factors that meet, by level of the first.
struct TailPair {
  std::size_t first = 0;  // places in the tail
  std::size_t second = 0;
  std::vector<std::int64_t> start;  // n_levels(first) + 1
  std::vector<std::int32_t> level;  // level of the second factor, ascending within a row
};

struct Pattern {
  int p = 0;
  int m = 0;  // p + 1
  int n_groups = 0;
  std::vector<int> q;           // by group
  std::vector<Index> n_levels;  // by group
  std::vector<Stage> chain;
  std::vector<TailGroup> tail;
  Index tail_columns = 0;
  TailPattern tail_pattern;
  std::vector<TailSegment> tail_segments;  // in order of elimination
  std::vector<TailPair> tail_pairs;

  // Numbers that one evaluation reads: a measure of its cost.
  double work() const;
};

// The pattern of cross-products. Throws if levels of the chain and of the tail occur together in a
// way that is impossible in data.
std::shared_ptr<const Pattern> make_pattern(const CrossProducts& a);

// Which factors form the chain and which the tail, without their lists of levels: enough for an
// elimination that reads cross-products itself (iterative/).
std::shared_ptr<const Pattern> make_outline(const CrossProducts& a);

// The order of the tail alone, from which follows what its factorisation costs.
TailPattern order_of_tail(const CrossProducts& a);

// The same check for levels within the tail: only for cross-products that come from elsewhere.
void check_tail(const Pattern& pattern);

// A row of data has a level of every factor: levels that two others meet together meet each other.
[[noreturn]] void contradiction();

// Rows by tail column in the order of elimination, and back.
Matrix in_order(const Pattern& pattern, const Matrix& by_column);
Matrix by_column(const Pattern& pattern, const Matrix& in_order);

}  // namespace ranef
