// Columns over the random effects, eliminated as [X y] is: what they are to a level when its turn
// comes, and best linear predictors from what is known of later levels.
#pragma once

#include <vector>

#include "iterative/chain_elimination.hpp"
#include "iterative/strip_sums.hpp"
#include "iterative/width.hpp"
#include "linalg/dense.hpp"

namespace ranef {

// `count` columns in blocks that stand side by side.
struct ColumnBlocks {
  ColumnBlocks() = default;
  ColumnBlocks(const LevelLists& lists, Index columns);

  std::size_t blocks() const { return tail.size(); }
  Index first(std::size_t block) const { return static_cast<Index>(block) * width; }

  Index count = 0;
  int width = 1;
  std::vector<std::vector<HugeVector>> chain;  // [stage][block]: q x width by level
  std::vector<HugeVector> tail;                // [block]: tail columns x width
};

// rows' a and b: a'b for blocks of columns over the same rows, count x count.
Matrix products(const std::vector<HugeVector>& a, const std::vector<HugeVector>& b, int width,
                Index count_a, Index count_b);

class ColumnElimination {
 public:
  // Both have to stay where they are.
  ColumnElimination(const LevelLists& lists, const ChainElimination& chain)
      : lists_(lists), chain_(chain) {}

  void set_threads(int threads) { threads_ = threads; }

  // rest += C_rest,j u_j over the levels of a stage: for parents, and for the tail.
  void pass_on(std::size_t i, int width, const HugeVector& u, std::vector<HugeVector>& parents,
               HugeVector& tail);

  // Columns of Z'[..] become those of C when each level's turn comes.
  void eliminate(ColumnBlocks& c);

  // P c, or F c: q x width by level of a stage.
  HugeVector p_times(std::size_t i, int width, const HugeVector& c) const;

  // e = F (c - C_j,rest b_rest) and b = D e, from eliminated columns c and b's of the tail.
  // `lambda` by group.
  void back(const std::vector<Matrix>& lambda, const ColumnBlocks& c, ColumnBlocks& b,
            ColumnBlocks& e) const;

  // out = C_j,rest v over the levels of a stage: parents (null: none of them) and tail.
  void pull_rest(std::size_t i, int width, const std::vector<const HugeVector*>& parents,
                 const HugeVector& tail, HugeVector& out) const;

  int threads() const { return threads_; }

 private:
  const LevelLists& lists_;
  const ChainElimination& chain_;
  StripSums sums_;
  int threads_ = 1;
};

}  // namespace ranef
