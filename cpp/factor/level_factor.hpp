// What eliminating one level leaves of its own block: M, P and F of sweeps.hpp.
#pragma once

#include "linalg/products.hpp"
#include "linalg/small.hpp"

namespace ranef {

// Lambda of a factor with what is made of it once for all levels, and scratch for q x q blocks.
struct FactorLambda {
  explicit FactorLambda(const Matrix& l)
      : lambda(l), transposed(l.transpose()), d(outer_gram(l)), m(l), product(l), half(l) {}
  const Matrix& lambda;
  Matrix transposed;
  Matrix d;        // D = Lambda Lambda'
  Matrix m;        // Cholesky factor L of M
  Matrix product;  // scratch
  Matrix half;     // L^-1 Lambda', so that P = half' half
};

// From c = C_jj. Adds log|M|; false if M is not positive definite.
template <int Q>
[[gnu::always_inline]] inline bool factor_level(int q_, const double* c, FactorLambda& l, double* p,
                                                double* f, double& log_determinant) {
  const int q = Small<Q>::size(q_);
  double* m = l.m.data();
  double* product = l.product.data();
  double* half = l.half.data();
  Small<Q>::multiply(q, c, l.lambda.data(), product);
  Small<Q>::multiply_transposed(q, l.lambda.data(), product, m);
  for (int a = 0; a < q; ++a) m[a + a * q] += 1.0;
  if (!Small<Q>::cholesky(q, m, log_determinant)) return false;
  std::copy_n(l.transposed.data(), q * q, half);
  Small<Q>::solve_lower(q, m, half);
  Small<Q>::multiply_transposed(q, half, half, p);
  Small<Q>::multiply(q, c, l.d.data(), product);
  for (int a = 0; a < q; ++a) product[a + a * q] += 1.0;
  Small<Q>::invert(q, product, f);
  return true;
}

}  // namespace ranef
