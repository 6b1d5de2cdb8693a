// Between a function of a lower triangular Lambda and the same function of D = Lambda Lambda'.
//
// A change of Lambda by d changes D by d Lambda' + Lambda d'. Where Lambda is singular these do not
// make up all changes of D.
#pragma once

#include "linalg/dense.hpp"
#include "marginal/lower_triangle.hpp"

namespace ranef {

// A change of D as one of Lambda, and what no change of Lambda makes up.
struct RootChange {
  Matrix root;  // lower triangular
  Matrix rest;  // symmetric
};

class RootMap {
 public:
  // `scale`: sizes of the columns of Z. Lambda is singular where a linear combination of random
  // effects moves the predictor by less than 1e-7, or 1e-7 of the largest.
  RootMap(const Matrix& lambda, const Vector& scale);

  bool singular() const { return singular_; }

  // The smallest change of Lambda that comes closest to a change of D.
  RootChange change(const Matrix& d) const;

  // d Lambda' + Lambda d'.
  Matrix covariance_change(const Matrix& root) const;

  // The symmetric Gamma whose 2 Gamma Lambda has the lower triangle of `slopes` = dF/dLambda. Where
  // Lambda is singular many have; then it is the one nearest to `guess`.
  Matrix gamma(const Matrix& slopes, const Matrix& guess) const;

 private:
  // In units of the columns of Z.
  LowerTriangle lower_;
  Vector scale_;
  Matrix lambda_;
  bool singular_;
  // Singular values of the map from lower triangles to symmetric matrices, in coordinates in which
  // the product of two matrices is that of two vectors. The inverse of one that is nil is 0.
  Matrix left_;
  Matrix right_;
  Vector inverse_;
};

}  // namespace ranef
