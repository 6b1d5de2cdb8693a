// Symmetric matrices by their lower triangles, in panels of columns.
//
// A panel holds the columns from one boundary to the next and the rows from its first column on,
// column-major, so that all work is products of dense blocks and the whole takes little more than
// half of a square. A small matrix is one panel, and LAPACK works on it; a large one is shared by
// threads, each the only writer of the blocks it takes, so that results do not depend on their
// number.
#pragma once

#include <cstdint>
#include <vector>

#include "linalg/dense.hpp"

namespace ranef {

class Packed {
 public:
  Packed() = default;
  // Boundaries ascend from 0 to the size.
  explicit Packed(std::vector<Index> boundaries);

  Index size() const { return boundaries_.back(); }
  std::size_t panels() const { return boundaries_.size() - 1; }
  Index first(std::size_t panel) const { return boundaries_[panel]; }
  // Rows and columns of a panel: the square on the diagonal, then what is below it.
  Eigen::Map<Matrix> panel(std::size_t k);
  Eigen::Map<const Matrix> panel(std::size_t k) const;

  // Element (i, j) with i >= j is column(j)[i].
  double* column(Index j) { return values_.data() + column_start_[at(j)]; }
  const double* column(Index j) const { return values_.data() + column_start_[at(j)]; }
  double operator()(Index i, Index j) const { return i >= j ? column(j)[i] : column(i)[j]; }

  void set_zero();

  // Lower Cholesky factor in place. False where the matrix is not positive definite.
  bool cholesky();
  // Inverse of L L' in place of L.
  void invert();
  // b <- L^-1 b or L^-T b, for L in place.
  void solve(Eigen::Ref<Matrix> b, bool transposed) const;

 private:
  bool threaded() const { return panels() > 1; }
  void invert_panel(std::size_t k);

  std::vector<Index> boundaries_ = {0};
  std::vector<std::int64_t> offset_;        // of each panel among the values
  std::vector<std::int64_t> column_start_;  // of row 0 of each column; its first rows do not exist
  std::vector<double> values_;
};

// Boundaries of panels for columns that come in groups which must not be parted; `starts` holds the
// first column of each group and, last, their number.
std::vector<Index> panel_boundaries(const std::vector<Index>& starts);

// Numbers that a matrix with these boundaries holds.
Index packed_entries(const std::vector<Index>& boundaries);

}  // namespace ranef
