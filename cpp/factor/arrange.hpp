// The order in which random effects are eliminated, and A arranged for it.
//
// The factor with the most columns goes first. Factors it is nested in follow as a *chain*: their
// diagonal blocks stay block-diagonal whatever is eliminated before them, so nesting costs no
// fill. All other factors form the *tail*, with an order of its own (tail_pattern.hpp). Every row
// of data touches one level per factor, and the levels it touches form a clique; the factor L has
// exactly the pattern of A on chain rows.
#pragma once

#include <cstdint>
#include <vector>

#include "factor/tail_matrix.hpp"
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
  Numbers diagonal;                                // q x q per level
  Numbers rest;                                    // q x rest columns, all levels
  std::vector<std::int64_t> rest_start;            // first rest column of each level (n + 1)
  std::vector<std::int64_t> tail_start;            // first entry in tail_column (n + 1)
  std::vector<std::int32_t> tail_column;           // tail columns met, in order of elimination
  std::vector<std::int32_t> tail_position;         // their positions in that order, ascending
  std::vector<std::int32_t> tail_row;              // of border columns: row in the level's block
  std::vector<std::int32_t> tail_block;            // the block that the level meets, or -1
  std::vector<std::int32_t> tail_inside;           // how many of its columns are in that block
  std::vector<std::vector<std::int32_t>> parent;   // [later stage][level] -> its level
  std::vector<std::vector<std::int32_t>> tail_at;  // [later stage][entry] -> place in its list

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
  Numbers diagonal;  // A, q x q per level
};

// A between two tail factors, by level of the first.
struct TailPair {
  std::size_t first = 0;  // places in the tail
  std::size_t second = 0;
  PairBlocks blocks;
};

struct Arranged {
  Index n = 0;
  int p = 0;
  int m = 0;  // p + 1
  double sum_log_weights = 0.0;
  int n_groups = 0;
  std::vector<int> q;           // by group
  std::vector<Index> n_levels;  // by group
  Matrix fixed;                 // m x m
  std::vector<Stage> chain;
  std::vector<TailGroup> tail;
  Index tail_columns = 0;
  TailPattern tail_pattern;
  std::vector<TailSegment> tail_segments;  // in order of elimination
  std::vector<TailPair> tail_pairs;
  Matrix tail_fixed;  // tail columns x m
};

// Throws where levels of the chain and of the tail meet as no rows of data could make them meet.
Arranged arrange(const CrossProducts& a, int threads = 1);

// The same for levels within the tail: only for cross-products that come from elsewhere.
void check_tail(const Arranged& arranged);

// a += A over the tail columns.
void add_tail(const Arranged& arranged, TailMatrix& a);

// A v over the tail columns, v by tail column.
Matrix tail_times(const Arranged& arranged, const Matrix& v);

// Rows by tail column in the order of elimination, and back.
Matrix in_order(const Arranged& arranged, const Matrix& by_column);
Matrix by_column(const Arranged& arranged, const Matrix& in_order);

}  // namespace ranef
