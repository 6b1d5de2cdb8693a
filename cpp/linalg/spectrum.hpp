// Eigenvalues and eigenvectors of small symmetric matrices.
#pragma once

#include "linalg/dense.hpp"

namespace ranef {

struct Spectrum {
  Vector values;   // ascending
  Matrix vectors;  // orthonormal, one to a column
  bool fine = true;

  double least() const { return values(0); }
};

// Jacobi's rotations for few rows, where they are exact and short; Householder and QR for more.
// `fine` is false where a number is not finite.
Spectrum spectrum_of(const Matrix& s);

}  // namespace ranef
