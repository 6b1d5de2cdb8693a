#include "columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ranef {

namespace {

struct Moments {
  double sum = 0.0;
  double squares = 0.0;
};

// Sums of (value - shift) factor and of its square. Four running sums in each run of rows, then the
// sum of the runs: rounding error grows with the length of a run, not with n.
Moments moments(const double* values, Index n, double shift, double factor) {
  constexpr Index kRun = 1024;
  Moments total;
  for (Index from = 0; from < n; from += kRun) {
    const Index to = std::min(n, from + kRun);
    double sum[4] = {};
    double squares[4] = {};
    Index i = from;
    for (; i + 4 <= to; i += 4) {
      for (int k = 0; k < 4; ++k) {
        const double d = (values[i + k] - shift) * factor;
        sum[k] += d;
        squares[k] += d * d;
      }
    }
    for (; i < to; ++i) {
      const double d = (values[i] - shift) * factor;
      sum[0] += d;
      squares[0] += d * d;
    }
    total.sum += (sum[0] + sum[1]) + (sum[2] + sum[3]);
    total.squares += (squares[0] + squares[1]) + (squares[2] + squares[3]);
  }
  return total;
}

}  // namespace

ColumnScale column_scale(const double* values, Index n, bool centred) {
  ColumnScale out;
  if (n == 0) return out;
  const auto count = static_cast<double>(n);
  // About the first value first: a far origin costs no digits in the second pass.
  const double origin = centred ? values[0] : 0.0;
  Moments about = moments(values, n, origin, 1.0);
  if (centred) {
    out.shift = origin + about.sum / count;
    about = moments(values, n, out.shift, 1.0);
    if (std::isfinite(about.sum)) out.shift += about.sum / count;
    about.squares -= about.sum * (about.sum / count);
  }
  double size = std::sqrt(about.squares / count);
  if (!(size > 1e-140) || !(size < 1e140)) {
    // Squares may have left the range of doubles: once more relative to the largest.
    double largest = 0.0;
    for (Index i = 0; i < n; ++i) largest = std::max(largest, std::abs(values[i] - out.shift));
    if (!(largest > 0.0) || !(largest < std::numeric_limits<double>::infinity())) return out;
    size = std::sqrt(moments(values, n, out.shift, 1.0 / largest).squares / count) * largest;
  }
  out.scale = size;
  return out;
}

}  // namespace ranef
