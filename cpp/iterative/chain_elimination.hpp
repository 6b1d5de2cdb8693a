// The chain eliminated level by level at one Lambda, as in factor/sweeps.hpp, but for what a level
// leaves to the tail: its rows R_j = C_j,tail stay as they are, and
//
//   C_tail = A_tail - sum over levels of R_j' P_j R_j
//
// is applied to vectors (tail_operator.hpp). Parents take their updates, which fills no new place.
#pragma once

#include <vector>

#include "iterative/level_lists.hpp"
#include "linalg/dense.hpp"

namespace ranef {

// What the elimination leaves of one chain factor.
struct EliminatedLevels {
  HugeVector diagonal;                // C_jj; empty for the first factor (it is A_jj)
  std::vector<HugeVector> values;     // of its lists; empty where they are A's
  std::vector<HugeVector> to_parent;  // by later stage; empty for the first factor
  HugeVector p;
  HugeVector f;
};

class ChainElimination {
 public:
  // `lists` has to stay where it is.
  explicit ChainElimination(const LevelLists& lists);

  // False if the arithmetic broke down.
  bool eliminate(const std::vector<Matrix>& lambda);

  double log_determinant() const { return log_determinant_; }
  std::size_t stages() const { return stages_.size(); }
  const ChainLevels& levels(std::size_t i) const { return lists_.chain[i]; }
  const double* c(std::size_t i) const;
  const double* p(std::size_t i) const { return stages_[i].p.data(); }
  const double* f(std::size_t i) const { return stages_[i].f.data(); }
  // Numbers of the list against a tail run: null where all of them are 1.
  const double* values(std::size_t i, std::size_t run) const;
  // Blocks against the k-th later stage.
  const double* to_parent(std::size_t i, std::size_t k) const;

  // W over a level and its parents, tail and fixed effects held at zero: [own, parents] square, by
  // level. Filled for all stages but the first.
  const std::vector<HugeVector>& joint();

 private:
  template <int Q>
  bool eliminate_stage(std::size_t i, const Matrix& lambda);
  void pass_to_parents(std::size_t i, Index level, std::vector<double>& h);

  const LevelLists& lists_;
  std::vector<EliminatedLevels> stages_;
  std::vector<HugeVector> joint_;
  bool joint_ready_ = false;
  double log_determinant_ = 0.0;
};

}  // namespace ranef
