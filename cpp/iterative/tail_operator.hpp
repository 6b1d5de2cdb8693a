// C over the tail, applied to columns without being formed:
//
//   C v = A_tail v - sum over chain levels of R_j' P_j (R_j v),
//
// one pass over the lists for up to kWidth columns side by side.
#pragma once

#include <vector>

#include "iterative/chain_elimination.hpp"
#include "iterative/strip_sums.hpp"
#include "linalg/numbers.hpp"

namespace ranef {

class TailOperator {
 public:
  // Both have to stay where they are. `chain` has eliminated what is applied.
  TailOperator(const LevelLists& lists, const ChainElimination& chain)
      : lists_(lists), chain_(chain) {}

  void set_threads(int threads);

  // out = C v, both tail columns x width.
  void apply(int width, const double* v, double* out);

  // The blocks of C on the diagonal, q x q by place, run after run.
  std::vector<HugeVector> diagonal_blocks();

  const LevelLists& lists() const { return lists_; }
  Index columns() const { return lists_.tail.columns; }
  int threads() const { return threads_; }

 private:
  const LevelLists& lists_;
  const ChainElimination& chain_;
  StripSums sums_;
  int threads_ = 1;
};

}  // namespace ranef
