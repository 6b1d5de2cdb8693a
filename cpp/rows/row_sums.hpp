// One pass over the rows: sums of products of columns, in total and by level of each factor.
//
// Rows are cut into strips by their number alone. A strip is summed by one thread, and the strips
// of each level are added in their order, so that the result has the same bits whatever the number
// of threads.
#pragma once

#include <utility>
#include <vector>

#include "linalg/dense.hpp"
#include "linalg/numbers.hpp"
#include "rows/cross_products.hpp"

namespace ranef {

// Columns that differ in values, shift or scale, each once.
class DistinctColumns {
 public:
  int add(const ColumnView& column);  // its position
  int size() const { return static_cast<int>(columns_.size()); }
  const ColumnView& operator[](int k) const { return columns_[at(k)]; }

 private:
  std::vector<ColumnView> columns_;
};

// What to sum by level of one factor: products w z_a c_b, a < q <= size, a <= b < size, of the
// columns c, of which the first q are z.
struct LevelSums {
  const std::int32_t* codes = nullptr;
  Index n_levels = 0;
  int q = 0;
  std::vector<int> columns;  // positions among the distinct columns

  int size() const { return static_cast<int>(columns.size()); }
  int stride() const { return q * size() - q * (q - 1) / 2; }
  // Where the sum for z_a and c_b, a <= b, stands among the sums of a level.
  int slot(int a, int b) const { return a * size() - a * (a - 1) / 2 + b - a; }
};

struct RowSums {
  double sum_log_weights = 0.0;
  std::vector<double> totals;      // by pair: sum of w c_a c_b over all rows
  std::vector<HugeVector> levels;  // by factor: level-major, stride() sums each
};

using ColumnPairs = std::vector<std::pair<int, int>>;

RowSums sum_rows(Index n, const DistinctColumns& columns, const ColumnPairs& pairs,
                 const std::vector<LevelSums>& factors, const double* weights,
                 const PassOptions& options);

}  // namespace ranef
