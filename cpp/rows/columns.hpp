// Typical sizes of columns: what they are centred and scaled by before cross-products are formed.
#pragma once

#include <vector>

#include "linalg/dense.hpp"

namespace ranef {

struct ColumnScale {
  double shift = 0.0;
  double scale = 1.0;  // root mean square of value - shift; 1 where that is zero or not finite
};

// Centred: the shift is the mean, else 0.
ColumnScale column_scale(const double* values, Index n, bool centred);

struct ColumnToScale {
  const double* values = nullptr;
  Index n = 0;
  bool centred = false;
};

// Each column by one thread.
std::vector<ColumnScale> column_scales(const std::vector<ColumnToScale>& columns, int threads);

}  // namespace ranef
