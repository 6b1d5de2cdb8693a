// Decompositions of small square matrices, each compiled once.
#pragma once

#include "linalg/dense.hpp"

namespace ranef {

// By elimination with partial pivoting.
Matrix inverse_of(const Matrix& a);
double determinant_of(const Matrix& a);

// L^-1 for a lower triangular L, and (L L')^-1.
Matrix inverse_of_lower(const Matrix& l);
Matrix inverse_of_square(const Matrix& l);

// An orthonormal basis of the columns of a, which are independent.
Matrix orthonormal(const Matrix& a);

// The solution of least norm of s x = b for a symmetric s that may be singular.
Vector least_norm_solution(const Matrix& s, const Vector& b);

}  // namespace ranef
