// The data as cross-products: everything the criterion of a linear mixed model needs.
//
// With [Z X y] the model matrices and W the prior weights, A = [Z X y]' W [Z X y] is kept in
// blocks, one set per grouping factor and one per pair of factors (only level pairs that occur).
// Cross-products of disjoint sets of rows add. They are summed by several threads, with the same
// bits whatever their number (`row_sums`, `pair_blocks`).
#pragma once

#include <cstdint>
#include <vector>

#include "linalg/dense.hpp"
#include "linalg/numbers.hpp"

namespace ranef {

// One column of a model matrix, read as (value - shift) / scale.
struct ColumnView {
  const double* values = nullptr;  // nullptr: the constant 1, before shift and scale
  double shift = 0.0;
  double scale = 1.0;
};

// All random-effects columns that share one grouping factor.
struct GroupView {
  const std::int32_t* codes = nullptr;  // level of each row, 0 <= code < n_levels
  Index n_levels = 0;
  std::vector<ColumnView> columns;
};

// Rows in the caller's memory. Nothing here is copied or owned.
struct RowsView {
  Index n = 0;
  std::vector<GroupView> groups;
  std::vector<ColumnView> fixed;    // X
  ColumnView response;              // y
  const double* weights = nullptr;  // nullptr: all 1
};

struct GroupBlocks {
  Index n_levels = 0;
  int q = 0;
  HugeVector diagonal;  // level-major, q x q each
  HugeVector fixed;     // level-major, q x (p + 1) each: Z'W[X y]
};

// Blocks Z_g' W Z_h for the level pairs that occur, by level of the first factor.
struct PairBlocks {
  int first = 0;
  int second = 0;
  std::vector<std::int64_t> start;  // n_levels(first) + 1
  std::vector<std::int32_t> level;  // level of the second factor, ascending within a row
  std::vector<double> values;       // q_first x q_second each
};

struct CrossProducts {
  Index n = 0;
  int p = 0;
  double sum_log_weights = 0.0;
  Matrix fixed;  // (p + 1) x (p + 1): [X y]' W [X y]
  std::vector<GroupBlocks> groups;
  std::vector<PairBlocks> pairs;  // all first < second, lexicographic

  const PairBlocks& pair(int first, int second) const;
};

struct PassOptions {
  int threads = 1;
  Index strip_rows = Index{1} << 17;  // fewest rows that a thread sums before it adds them up
};

// Throws std::invalid_argument where a code lies outside of 0 .. n_levels - 1.
void check_codes(const RowsView& rows, int threads = 1);

// Throws where a code lies outside.
CrossProducts cross_products(const RowsView& rows, const PassOptions& options = {});

// How far X and y are from dependence.
struct FixedPart {
  // Smallest eigenvalue of the correlations of X's columns, or a bound below it that is far from 0.
  double independence = 1.0;
  double unexplained = 0.0;  // y'Wy less what X explains of it
};
FixedPart fixed_part(const CrossProducts& a);

// Sum over disjoint rows; both sides must have the same columns, levels, shifts and scales.
CrossProducts add(const CrossProducts& a, const CrossProducts& b);

// sum_k c_k A_k of the same rows under different weights; the caller knows the sum of
// the logarithms of the weights. Throws if levels or pairs of levels differ.
CrossProducts combine(const std::vector<const CrossProducts*>& terms, const Vector& coefficients,
                      double sum_log_weights);

}  // namespace ranef
