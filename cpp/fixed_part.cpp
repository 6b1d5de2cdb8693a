#include <algorithm>
#include <cmath>

#include "cross_products.hpp"

namespace ranef {

FixedPart fixed_part(const CrossProducts& a) {
  FixedPart out;
  const int p = a.p;
  out.unexplained = a.fixed(p, p);
  if (p == 0) return out;
  const Matrix xx = a.fixed.topLeftCorner(p, p);
  Vector sizes = xx.diagonal().cwiseSqrt();
  for (double& size : sizes) size = size > 0.0 ? size : 1.0;
  const Vector inverse = sizes.cwiseInverse();
  const Matrix correlations = inverse.asDiagonal() * xx * inverse.asDiagonal();
  const Vector xy = inverse.cwiseProduct(a.fixed.col(p).head(p));
  const Eigen::SelfAdjointEigenSolver<Matrix> spectrum(correlations);
  const Vector& values = spectrum.eigenvalues();
  out.independence = values(0);
  const Vector scores = spectrum.eigenvectors().transpose() * xy;
  for (Index k = 0; k < p; ++k) {
    if (values(k) > 1e-14 * values(p - 1)) out.unexplained -= scores(k) * scores(k) / values(k);
  }
  return out;
}

}  // namespace ranef
