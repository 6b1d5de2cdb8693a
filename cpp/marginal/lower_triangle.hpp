// Coordinates of lower triangular and of symmetric matrices: the lower triangle, column by column.
#pragma once

#include <cmath>
#include <vector>

#include "linalg/dense.hpp"

namespace ranef {

class LowerTriangle {
 public:
  explicit LowerTriangle(Index q) : q_(q) {
    for (Index b = 0; b < q; ++b) {
      for (Index a = b; a < q; ++a) places_.push_back({a, b});
    }
  }

  Index size() const { return static_cast<Index>(places_.size()); }
  Index row(Index k) const { return places_[at(k)].row; }
  Index column(Index k) const { return places_[at(k)].column; }

  Vector packed(const Matrix& from) const {
    Vector out(size());
    for (Index k = 0; k < size(); ++k) out(k) = from(row(k), column(k));
    return out;
  }
  Matrix triangle(const Vector& from) const {
    Matrix out = Matrix::Zero(q_, q_);
    for (Index k = 0; k < size(); ++k) out(row(k), column(k)) = from(k);
    return out;
  }

  // Of symmetric matrices, such that <a, b> is the product of the vectors.
  Vector isometric(const Matrix& from) const {
    Vector out = packed(from);
    for (Index k = 0; k < size(); ++k) out(k) *= scale(k);
    return out;
  }
  Matrix from_isometric(const Vector& from) const {
    Matrix out(q_, q_);
    for (Index k = 0; k < size(); ++k) {
      out(row(k), column(k)) = out(column(k), row(k)) = from(k) / scale(k);
    }
    return out;
  }

 private:
  struct Place {
    Index row;
    Index column;
  };

  double scale(Index k) const { return row(k) == column(k) ? 1.0 : std::sqrt(2.0); }

  Index q_;
  std::vector<Place> places_;
};

}  // namespace ranef
