// The order in which random effects are eliminated, and A arranged for it.
//
// The factor with the most columns goes first. Factors it is nested in follow as a *chain*: their
// diagonal blocks stay block-diagonal whatever is eliminated before them, so nesting costs no
// fill. All other factors form the dense *tail*. Every row of data touches one level per factor,
// and the levels it touches form a clique; the factor L has exactly the pattern of A on chain rows.
#pragma once

#include <cstdint>
#include <vector>

#include "cross_products.hpp"
#include "dense.hpp"

namespace ranef {

// One factor of the chain. For level j the "rest" is everything eliminated later that shares rows
// with it: columns of its parents (one level of each later chain factor), the tail columns it
// meets, then X and y. Blocks are q x (number of rest columns), column-major, contiguous.
struct Stage {
  int group = 0;
  int q = 0;
  Index n_levels = 0;
  int parent_columns = 0;
  std::vector<double> diagonal;                    // q x q per level
  std::vector<double> rest;                        // q x rest columns, all levels
  std::vector<std::int64_t> rest_start;            // first rest column of each level (n + 1)
  std::vector<std::int64_t> tail_start;            // first entry in tail_column (n + 1)
  std::vector<std::int32_t> tail_column;           // ascending tail columns met by the level
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
};

struct TailGroup {
  int group = 0;
  int q = 0;
  Index n_levels = 0;
  Index offset = 0;  // first tail column
};

struct Problem {
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
  Matrix tail_block;  // A over tail columns, symmetric
  Matrix tail_fixed;  // tail columns x m
};

Problem arrange(const CrossProducts& a);

}  // namespace ranef
