#include "marginal/hermite.hpp"

#include <cmath>

#include "linalg/spectrum.hpp"

namespace ranef {

namespace {

// Orthonormal Hermite polynomials of degree 0 .. n at x, n + 1 numbers.
Vector polynomials(int n, double x) {
  Vector p = Vector::Zero(n + 1);
  p(0) = 1.0;
  if (n > 0) p(1) = x;
  for (int k = 1; k < n; ++k) {
    p(k + 1) = (x * p(k) - std::sqrt(static_cast<double>(k)) * p(k - 1)) / std::sqrt(k + 1.0);
  }
  return p;
}

}  // namespace

HermiteRule hermite_rule(int n) {
  // The nodes are the eigenvalues of the polynomials' recurrence (Golub and Welsch 1969), which a
  // Newton step on the polynomial itself brings to the last digit.
  Matrix recurrence = Matrix::Zero(n, n);
  for (int k = 1; k < n; ++k) {
    recurrence(k, k - 1) = recurrence(k - 1, k) = std::sqrt(static_cast<double>(k));
  }
  HermiteRule rule;
  rule.nodes = spectrum_of(recurrence).values;
  rule.weights.resize(n);
  for (int k = n / 2; k < n; ++k) {
    double x = 2 * k + 1 == n ? 0.0 : rule.nodes(k);
    Vector p = polynomials(n, x);
    for (int step = 0; step < 2 && x != 0.0; ++step) {
      x -= p(n) / (std::sqrt(static_cast<double>(n)) * p(n - 1));
      p = polynomials(n, x);
    }
    rule.nodes(k) = x;
    rule.weights(k) = 1.0 / p.head(n).squaredNorm();
    rule.nodes(n - 1 - k) = -x;
    rule.weights(n - 1 - k) = rule.weights(k);
  }
  return rule;
}

ProductRule product_rule(int n, int q) {
  const HermiteRule one = hermite_rule(n);
  Index count = 1;
  for (int a = 0; a < q; ++a) count *= n;
  ProductRule rule{Matrix(q, count), Vector::Zero(count)};
  for (Index k = 0; k < count; ++k) {
    Index rest = k;
    for (int a = 0; a < q; ++a, rest /= n) {
      const double z = one.nodes(rest % n);
      rule.nodes(a, k) = z;
      rule.log_weights(k) += std::log(one.weights(rest % n)) + 0.5 * z * z;
    }
  }
  return rule;
}

}  // namespace ranef
