#include "rows/cross_products.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/spectrum.hpp"

namespace ranef {

namespace {

constexpr double kClear = 1e-3;  // independence beyond doubt
// The same for columns of many correlations, none of them large; then a share of y'Wy that Cholesky
// leaves unexplained is beyond its rounding error.
constexpr double kClearOfMany = 1e-5;
constexpr double kUnexplained = 1e-8;

// 1 / trace(C^-1), a bound below the smallest eigenvalue of C = L L' that is within a factor of its
// rows. Its inverse is the sum of the variance inflation factors.
double harmonic_bound(const Matrix& lower) {
  Matrix inverse = lower;
  inverse_from_cholesky(inverse);
  return 1.0 / inverse.trace();
}

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
    // A factor of many levels: the product of its eigenvalues vanishes, none of them does.
    const double harmonic = harmonic_bound(factor);
    if (harmonic > kClearOfMany) {
      Vector solved = xy;
      solve_lower(factor, solved);
      const double left = out.unexplained - solved.squaredNorm();
      if (left > kUnexplained * out.unexplained) return {harmonic, left};
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
