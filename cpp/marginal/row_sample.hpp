// A part of the rows of a model with one grouping factor: every so many of its levels, whole.
//
// Estimates from a few ten thousand rows are where a search over millions begins.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "marginal/row_map.hpp"

namespace ranef {

class RowSample {
 public:
  RowSample(const RowMap& map, Index stride);
  RowSample(const RowSample&) = delete;
  RowSample& operator=(const RowSample&) = delete;

  // They view memory of this object.
  const GeneralisedRows& rows() const { return rows_; }

 private:
  ColumnView column(const SortedColumn& from);
  const double* numbers(const double* from);

  std::vector<std::pair<Index, Index>> parts_;  // first and last row of the levels
  std::vector<std::pair<const double*, const double*>> known_;
  std::vector<HugeVector> owned_;
  std::vector<std::vector<std::int32_t>> owned_codes_;
  GeneralisedRows rows_;
};

// How many levels to a sampled one; 1 where all rows are to be read from the beginning, since they
// or their levels are few, or since there are several factors.
Index sample_stride(const RowMap& map);

}  // namespace ranef
