// Typical sizes of columns: what they are centred and scaled by before cross-products are formed.
#pragma once

#include "dense.hpp"

namespace ranef {

struct ColumnScale {
  double shift = 0.0;
  double scale = 1.0;  // root mean square of value - shift; 1 where that is zero or not finite
};

// Centred: the shift is the mean, else 0.
ColumnScale column_scale(const double* values, Index n, bool centred);

}  // namespace ranef
