#include <algorithm>
#include <cmath>

#include "cross_products.hpp"
#include "spectrum.hpp"

namespace ranef {

namespace {

constexpr double kClear = 1e-3;  // independence beyond doubt

}  // namespace

FixedPart fixed_part(const CrossProducts& a) {
  FixedPart out;
  const int p = a.p;
  out.unexplained = a.fixed(p, p);
  if (p == 0) return out;
  const Matrix xx = a.fixed.topLeftCorner(p, p);
  Vector sizes = xx.diagonal().cwiseSqrt();
  for (double& size : sizes) size = size > 0.0 ? size : 1.0;
  const Vector inverse = sizes.cwiseInverse();
  Matrix correlations = xx;
  correlations.array().colwise() *= inverse.array();
  correlations.array().rowwise() *= inverse.transpose().array();
  Vector xy = inverse.cwiseProduct(a.fixed.col(p).head(p));
  Matrix factor = correlations;
  if (cholesky_lower(factor)) {
    // The eigenvalues sum to p, so that all but the smallest have a product below e.
    constexpr double kE = 2.718281828459045;
    const double bound = factor.diagonal().prod() * factor.diagonal().prod() / kE;
    if (bound > kClear) {
      out.independence = bound;
      solve_lower(factor, xy);
      out.unexplained -= xy.squaredNorm();
      return out;
    }
  }
  const Spectrum spectrum = spectrum_of(correlations);
  const Vector& values = spectrum.values;
  out.independence = values(0);
  const Vector scores = spectrum.vectors.transpose() * xy;
  for (Index k = 0; k < p; ++k) {
    if (values(k) > 1e-14 * values(p - 1)) out.unexplained -= scores(k) * scores(k) / values(k);
  }
  return out;
}

}  // namespace ranef
