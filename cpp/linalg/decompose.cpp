#include "linalg/decompose.hpp"

#include <limits>

#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"

namespace ranef {

Matrix inverse_of(const Matrix& a) { return a.inverse(); }

double determinant_of(const Matrix& a) { return a.determinant(); }

Matrix inverse_of_lower(const Matrix& l) {
  Matrix inverse = Matrix::Identity(l.rows(), l.rows());
  l.triangularView<Eigen::Lower>().solveInPlace(inverse);
  return inverse;
}

Matrix inverse_of_square(const Matrix& l) { return inner_gram(inverse_of_lower(l)); }

// Gram and Schmidt, twice over: the second round leaves rounding error alone (Giraud et al. 2005).
Matrix orthonormal(const Matrix& a) {
  Matrix q = a;
  for (Index j = 0; j < q.cols(); ++j) {
    for (int round = 0; round < 2; ++round) {
      for (Index k = 0; k < j; ++k) q.col(j) -= q.col(k).dot(q.col(j)) * q.col(k);
    }
    q.col(j) /= q.col(j).norm();
  }
  return q;
}

Vector least_norm_solution(const Matrix& s, const Vector& b) {
  const Spectrum spectrum = spectrum_of(s);
  const Index n = s.rows();
  const double largest = spectrum.values.cwiseAbs().maxCoeff();
  const double nil = std::numeric_limits<double>::epsilon() * static_cast<double>(n) * largest;
  Vector out = Vector::Zero(n);
  for (Index k = 0; k < n; ++k) {
    const double value = spectrum.values(k);
    if (!(std::abs(value) > nil)) continue;
    out += (spectrum.vectors.col(k).dot(b) / value) * spectrum.vectors.col(k);
  }
  return out;
}

}  // namespace ranef
