// Where replicates of a fitted model come from: new responses, or groups drawn again.
//
// Each replicate is a function of the seed and its number alone. Everything is on the scale of the
// problem's columns.
#pragma once

#include <cstdint>
#include <vector>

#include "linalg/philox.hpp"
#include "replicate/error_factor.hpp"
#include "replicate/joint_vector.hpp"

namespace ranef {

// What a thread needs to make replicates.
struct ReplicateSpace {
  explicit ReplicateSpace(const Arranged& arranged)
      : effects(arranged), response{JointVector(arranged)}, errors(arranged) {}

  JointVector effects;  // b and beta
  ResponseProducts response;
  JointVector errors;
};

class Replicates {
 public:
  Replicates() = default;
  Replicates(const Replicates&) = delete;
  Replicates& operator=(const Replicates&) = delete;
  virtual ~Replicates() = default;

  // Makes replicate k in `arranged`, a copy of the original or an earlier replicate.
  virtual void make(std::uint64_t k, ReplicateSpace& space, Arranged& arranged) const = 0;

  // Whether the number of rows is the same in all replicates.
  virtual bool same_rows() const { return true; }
};

// The model that responses are drawn from.
struct Truth {
  std::vector<Matrix> lambda;  // by grouping factor
  Vector beta;
  double sigma = 0.0;
  std::uint64_t seed = 0;
};

// Random effects and errors drawn from the model; with `modes` (by grouping factor, level-major)
// the random effects stay at these and errors alone are drawn.
class ParametricReplicates : public Replicates {
 public:
  ParametricReplicates(const Arranged& arranged, Truth truth,
                       std::vector<std::vector<double>> modes = {});
  void make(std::uint64_t k, ReplicateSpace& space, Arranged& arranged) const override;

 private:
  const Arranged& arranged_;
  Truth truth_;
  std::vector<std::vector<double>> modes_;
  ErrorFactor factor_;
};

// One random-effects term's pool: rows to draw for each level, q entries each.
struct EffectPool {
  int group = 0;
  int offset = 0;
  int q = 0;
  std::vector<double> values;
};

// Random effects and errors drawn with replacement from pools; one pass over the rows each.
// `errors` are residuals times the roots of the weights.
class ResidualReplicates : public Replicates {
 public:
  ResidualReplicates(const Arranged& arranged, const RowsView& rows, Vector beta,
                     std::vector<EffectPool> effects, std::vector<double> errors,
                     std::uint64_t seed);
  void make(std::uint64_t k, ReplicateSpace& space, Arranged& arranged) const override;

 private:
  const Arranged& arranged_;
  const RowsView& rows_;
  Vector beta_;
  std::vector<EffectPool> effects_;
  std::vector<double> errors_;
  std::uint64_t seed_;
};

// Levels of the only grouping factor drawn with replacement, rows and all; a level drawn twice
// counts as two levels.
class ClusterReplicates : public Replicates {
 public:
  ClusterReplicates(const Arranged& arranged, const RowsView& rows, std::uint64_t seed);
  void make(std::uint64_t k, ReplicateSpace& space, Arranged& arranged) const override;
  bool same_rows() const override { return false; }

 private:
  const Arranged& arranged_;
  std::vector<Matrix> fixed_;  // [X y]'W[X y] of each level
  std::vector<Index> n_rows_;
  std::vector<double> sum_log_weights_;
  std::uint64_t seed_;
};

}  // namespace ranef
