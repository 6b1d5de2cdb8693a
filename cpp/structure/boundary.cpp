#include "structure/boundary.hpp"

#include <algorithm>

#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"

namespace ranef {

// The smallest singular value is at least |det T| (k / |T|^2)^(k/2) with k = q - 1: the others are
// at most as in a matrix of equal ones.
bool clearly_regular(const Matrix& t, double limit) {
  const Index q = t.rows();
  const double size = t.squaredNorm();
  double bound = t.diagonal().array().square().prod();
  for (Index k = 1; k < q; ++k) bound *= static_cast<double>(q - 1) / size;
  return bound > 2.0 * limit * std::max(1.0, size);
}

Vector on_boundary(const Chart& chart, const Vector& from, std::size_t k, double limit, int most,
                   Matrix& null) {
  const Matrix t = chart.block(from, k);
  if (clearly_regular(t, limit)) {
    null.resize(t.rows(), 0);
    return from;
  }
  const Spectrum spectrum = spectrum_of(outer_gram(t));
  Vector values = spectrum.values;
  const double scale = std::max(1.0, values(values.size() - 1));
  int small = 0;
  while (small < std::min(most, chart.terms()[k].q) && values(small) < limit * scale) ++small;
  null = spectrum.vectors.leftCols(small);
  Vector theta = from;
  if (small == 0) return theta;
  values.head(small).setZero();
  const Matrix s = congruent_diagonal(spectrum.vectors, values);
  chart.set_block(theta, k, semidefinite_cholesky(s, 1e-10));
  return theta;
}

}  // namespace ranef
