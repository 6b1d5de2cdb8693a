// Where the rows of replicates of a generalised model come from: other responses, or groups drawn
// again. Each replicate is a function of its number alone.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "marginal/marginal.hpp"

namespace ranef {

// What a thread needs to make replicates: the numbers that its rows view.
struct RowSpace {
  std::deque<std::vector<double>> numbers;
  std::deque<std::vector<std::int32_t>> codes;
};

class RowReplicates {
 public:
  RowReplicates() = default;
  RowReplicates(const RowReplicates&) = delete;
  RowReplicates& operator=(const RowReplicates&) = delete;
  virtual ~RowReplicates() = default;

  // The rows of replicate k. They view `space` and the original rows.
  virtual GeneralisedRows make(Index k, RowSpace& space) const = 0;
};

// Replicate k has column k of `responses`, rows in the order of the data. With `ordered` answers 1
// to K the two channels are the cut points above and below the answer, whose coefficients are the
// last K - 1; they follow the response.
class OtherResponses : public RowReplicates {
 public:
  OtherResponses(const GeneralisedRows& rows, const Matrix& responses, bool ordered)
      : rows_(rows), responses_(responses), ordered_(ordered) {}
  GeneralisedRows make(Index k, RowSpace& space) const override;

 private:
  const GeneralisedRows& rows_;
  const Matrix& responses_;
  bool ordered_;
};

// So many levels drawn with replacement.
std::vector<Index> drawn_levels(std::uint64_t seed, std::uint64_t replicate, Index n_levels);

// Levels of the only grouping factor drawn with replacement, rows and all; a level drawn twice
// counts as two levels. The numbers of replicates begin at `first`.
class DrawnLevels : public RowReplicates {
 public:
  DrawnLevels(const GeneralisedRows& rows, std::uint64_t seed, std::uint64_t first);
  GeneralisedRows make(Index k, RowSpace& space) const override;

 private:
  const GeneralisedRows& rows_;
  std::vector<Index> start_;  // of each level among order_
  std::vector<Index> order_;  // rows by level
  std::uint64_t seed_;
  std::uint64_t first_;
};

}  // namespace ranef
