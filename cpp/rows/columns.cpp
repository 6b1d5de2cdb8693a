#include "rows/columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/parallel.hpp"

namespace ranef {

namespace {

// A mean that lies less than four standard deviations off costs the variance four bits at most.
constexpr double kFar = 16.0;

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
  // About a typical value: a far origin costs no digits. A constant column is its own first value.
  const Index first = std::min<Index>(n, 1024);
  double origin = 0.0;
  if (centred) {
    origin = values[0] + moments(values, first, values[0], 1.0).sum / static_cast<double>(first);
  }
  Moments about = moments(values, n, origin, 1.0);
  if (centred) {
    double off = about.sum / count;
    out.shift = origin + off;
    // The first values were not typical: once more about the mean.
    if (!(off * off <= kFar * (about.squares / count - off * off))) {
      about = moments(values, n, out.shift, 1.0);
      off = about.sum / count;
      if (std::isfinite(off)) out.shift += off;
    }
    about.squares -= about.sum * off;
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

std::vector<ColumnScale> column_scales(const std::vector<ColumnToScale>& columns, int threads) {
  std::vector<ColumnScale> out(columns.size());
  run_tasks(static_cast<Index>(columns.size()), threads, [&](Index k) {
    const ColumnToScale& column = columns[at(k)];
    out[at(k)] = column_scale(column.values, column.n, column.centred);
  });
  return out;
}

}  // namespace ranef
