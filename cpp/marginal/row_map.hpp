// The rows of a generalised model in the order in which they are summed, and where in A each of
// them goes.
//
// Rows are sorted by the level of the factor that is eliminated first, unless they are in this
// order already: then nothing is copied but columns that are shifted or scaled. For each pair of
// grouping factors a row knows the block of A = Z'WZ that it adds to, so that A is summed without a
// search under every W.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "factor/arrange.hpp"
#include "linalg/numbers.hpp"
#include "marginal/marginal.hpp"

namespace ranef {

// Rows that a pass takes at a time; their numbers stay in the first cache.
inline constexpr Index kChunk = 512;

struct SortedColumn {
  const double* values = nullptr;
  bool constant = false;  // kChunk times the same number

  const double* from(Index row) const { return constant ? values : values + row; }
};

// A grouping factor: its columns, and its place in the order of elimination.
struct SortedGroup {
  int q = 0;
  Index n_levels = 0;
  bool in_tail = false;
  std::size_t place = 0;                // in the chain, or in the tail
  const std::int32_t* codes = nullptr;  // null for the factor that rows are sorted by
  std::vector<SortedColumn> columns;
};

// Where rows add to the blocks of two factors: block (start[level of early] + column) of `unit`
// numbers each.
struct SortedPair {
  int early = 0;  // the factor that is eliminated first
  int late = 0;
  bool in_tail = false;   // both of them
  std::size_t place = 0;  // of the early one in the chain, or of the pair in the tail
  Index unit = 0;
  const std::int64_t* start = nullptr;
  std::vector<std::int32_t> column;  // by row; empty where it is `fixed`
  std::int32_t fixed = 0;
};

// Consecutive rows, of whole levels, that one thread sums.
struct RowRun {
  Index first_row = 0, last_row = 0;
  Index first_level = 0, last_level = 0;
};

struct SortedChannel {
  std::vector<SortedColumn> columns;
  std::vector<int> coefficients;
  const std::int32_t* which = nullptr;
};

class RowMap {
 public:
  RowMap(const GeneralisedRows& rows, int threads);
  RowMap(const RowMap&) = delete;
  RowMap& operator=(const RowMap&) = delete;

  Index n() const { return n_; }
  int others() const { return others_; }
  const Pattern& pattern() const { return *pattern_; }
  const std::shared_ptr<const Pattern>& shared_pattern() const { return pattern_; }

  const std::vector<SortedGroup>& groups() const { return groups_; }
  const std::vector<SortedPair>& pairs() const { return pairs_; }
  const std::vector<RowRun>& runs() const { return runs_; }
  const std::vector<SortedColumn>& fixed() const { return fixed_; }
  const std::vector<SortedChannel>& channels() const { return channels_; }
  const SortedColumn& response() const { return response_; }
  const double* weights() const { return weights_; }  // null: all 1
  const double* offset() const { return offset_; }    // null: all 0

  // First row of each level of the factor that rows are sorted by.
  const std::vector<Index>& level_start() const { return level_start_; }

 private:
  void sort(const GroupView& group);
  void make_runs();
  void make_pairs(const GeneralisedRows& rows);
  SortedColumn column(const ColumnView& view);
  const double* sorted(const double* values);
  const std::int32_t* sorted(const std::int32_t* values);

  Index n_ = 0;
  int others_ = 0;
  std::shared_ptr<const Pattern> pattern_;
  std::vector<Index> order_;  // empty where rows are in order; only while the map is made
  std::vector<Index> level_start_;
  std::vector<SortedGroup> groups_;
  std::vector<SortedPair> pairs_;
  std::vector<RowRun> runs_;
  std::vector<SortedColumn> fixed_;
  std::vector<SortedChannel> channels_;
  SortedColumn response_;
  const double* weights_ = nullptr;
  const double* offset_ = nullptr;
  std::vector<std::pair<ColumnView, SortedColumn>> known_;
  std::vector<HugeVector> owned_;
  std::vector<std::vector<std::int32_t>> owned_codes_;
};

}  // namespace ranef
