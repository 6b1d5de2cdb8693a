// Symmetric matrices over the tail columns on a TailPattern: C, its factor, and the elements of the
// inverse that the pattern holds.
//
// A block has its square on the diagonal and its rows against the border columns it meets; the
// border is packed. Rows and columns are positions in the order of elimination; only lower
// triangles mean anything, unless said otherwise.
#pragma once

#include <vector>

#include "factor/tail_pattern.hpp"
#include "linalg/packed.hpp"

namespace ranef {

class TailMatrix {
 public:
  struct Block {
    Matrix diagonal;
    Matrix cross;  // block columns x border columns met
  };

  TailMatrix() = default;
  explicit TailMatrix(const TailPattern& pattern);

  bool empty() const { return pattern_ == nullptr; }
  const TailPattern& pattern() const { return *pattern_; }
  Index size() const { return empty() ? 0 : pattern_->size(); }
  void set_zero();

  Block& block(std::size_t k) { return blocks_[k]; }
  const Block& block(std::size_t k) const { return blocks_[k]; }
  Packed& border() { return border_; }
  const Packed& border() const { return border_; }

  // Whether the pattern has the element; its value; a place to change it (a >= b in the tail).
  bool has(Index a, Index b) const;
  double operator()(Index a, Index b) const;
  double& at_lower(Index a, Index b);

  // T'MT (or TMT' for `outer`) in place, T block-diagonal with one matrix per segment.
  void congruence(const std::vector<TailSegment>& segments, const std::vector<Matrix>& t,
                  bool outer);
  void add_to_diagonal(double value);

  // M <- M + a b a' for a (size x m) in the order of elimination and b symmetric.
  void add_product(const Matrix& a, const Matrix& b);

  // Lower Cholesky factor in place; false where the matrix is not positive definite.
  bool factorise();
  double log_determinant() const;  // of L L'
  // b <- L^-1 b or L^-T b for the factor in place.
  void solve(Eigen::Ref<Matrix> b, bool transposed) const;
  // Elements of (L L')^-1 on the pattern in place of L; squares on the diagonal are full.
  void invert();

  // All of (L L')^-1, full and symmetric, from the factor and what invert() makes of it.
  static Matrix full_inverse(const TailMatrix& factor, const TailMatrix& inverse);

  // All of M by tail column, full and symmetric, and the way back to what the pattern holds.
  Matrix by_column() const;
  void assign(const Matrix& by_column);
  void subtract(const Matrix& by_column);

  // M v, M symmetric.
  Matrix times(const Matrix& v) const;

 private:
  template <class Use>
  void each(Use use);

  const TailPattern* pattern_ = nullptr;
  std::vector<Block> blocks_;
  Packed border_;
};

}  // namespace ranef
