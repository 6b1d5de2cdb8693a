// Conjugate gradients with S~ for columns side by side, and the tridiagonal matrices of Lanczos
// that they contain (Golub & Meurant 2010, sections 2.2 and 4.1): with T of the column b,
//
//   b' g(S~) b = |b|^2 e_1' g(T) e_1,
//
// to far more digits than the solution has.
#pragma once

#include <vector>

#include "iterative/block_jacobi.hpp"
#include "iterative/width.hpp"
#include "linalg/dense.hpp"

namespace ranef {

struct Tridiagonal {
  std::vector<double> diagonal;
  std::vector<double> beside;  // one shorter
};

struct KrylovControl {
  double tolerance = 1e-6;  // of the residual, beside the right-hand side
  int most = 2000;          // iterations
};

struct Krylov {
  HugeVector x;         // columns x width
  HugeVector residual;  // b - S~ x
  std::vector<Tridiagonal> lanczos;
  int iterations = 0;
  bool fine = false;  // whether all columns have come to the tolerance
};

// Solves S~ x = b. A column that has come to the tolerance, or is zero, stays where it is.
void conjugate_gradients(BlockJacobi& s, int width, const HugeVector& b,
                         const KrylovControl& control, Krylov& out);

// e_1' L e_1, e_1' L^2 e_1 and e_1' L^4 e_1 for L = log T - T + I, in which the first order
// cancels. NaN if T is not positive definite.
struct LogSums {
  double value = 0.0;
  double second = 0.0;
  double fourth = 0.0;
};
LogSums log_less_first_order(const Tridiagonal& t);

}  // namespace ranef
