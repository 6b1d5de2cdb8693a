// Kernels for the small blocks of one level: q x q with q known at compile time for q <= 4, and
// q x width with the width known only at run time. Column-major, plain loops that compilers unroll.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "linalg/dense.hpp"

namespace ranef {

// Runs call(std::integral_constant<int, Q>) with Q = q for the sizes met in practice, else Q = 0.
template <class Call>
auto with_size(int q, Call call) {
  switch (q) {
    case 1:
      return call(std::integral_constant<int, 1>{});
    case 2:
      return call(std::integral_constant<int, 2>{});
    case 3:
      return call(std::integral_constant<int, 3>{});
    case 4:
      return call(std::integral_constant<int, 4>{});
    default:
      return call(std::integral_constant<int, 0>{});
  }
}

template <int Q>
struct Small {
  static constexpr int size(int q) { return Q > 0 ? Q : q; }

  // c = a b, all q x q.
  static void multiply(int q_, const double* a, const double* b, double* c) {
    const int q = size(q_);
    for (int j = 0; j < q; ++j) {
      for (int i = 0; i < q; ++i) {
        double sum = 0.0;
        for (int k = 0; k < q; ++k) sum += a[i + k * q] * b[k + j * q];
        c[i + j * q] = sum;
      }
    }
  }

  // c = a' b, all q x q.
  static void multiply_transposed(int q_, const double* a, const double* b, double* c) {
    const int q = size(q_);
    for (int j = 0; j < q; ++j) {
      for (int i = 0; i < q; ++i) {
        double sum = 0.0;
        for (int k = 0; k < q; ++k) sum += a[k + i * q] * b[k + j * q];
        c[i + j * q] = sum;
      }
    }
  }

  // Lower Cholesky factor in place; multiplies `root` by the root of the determinant. Where that
  // leaves the range of doubles, adds to log_determinant. False if not positive definite.
  static bool cholesky_root(int q_, double* a, double& root, double& log_determinant) {
    const int q = size(q_);
    for (int j = 0; j < q; ++j) {
      double pivot = a[j + j * q];
      for (int k = 0; k < j; ++k) pivot -= a[j + k * q] * a[j + k * q];
      if (!(pivot > 0.0) || !(pivot < 1e300)) return false;
      const double diagonal = std::sqrt(pivot);
      a[j + j * q] = diagonal;
      for (int i = j + 1; i < q; ++i) {
        double value = a[i + j * q];
        for (int k = 0; k < j; ++k) value -= a[i + k * q] * a[j + k * q];
        a[i + j * q] = value / diagonal;
      }
      root *= diagonal;
      if (root > 1e150 || root < 1e-150) {
        log_determinant += 2.0 * std::log(root);
        root = 1.0;
      }
    }
    return true;
  }

  // Lower Cholesky factor in place; adds log|a| to log_determinant. False if not positive definite.
  static bool cholesky(int q, double* a, double& log_determinant) {
    double root = 1.0;
    if (!cholesky_root(q, a, root, log_determinant)) return false;
    log_determinant += 2.0 * std::log(root);
    return true;
  }

  // b <- L^-1 b for q x q b.
  static void solve_lower(int q_, const double* l, double* b) {
    const int q = size(q_);
    for (int j = 0; j < q; ++j) {
      for (int i = 0; i < q; ++i) {
        double value = b[i + j * q];
        for (int k = 0; k < i; ++k) value -= l[i + k * q] * b[k + j * q];
        b[i + j * q] = value / l[i + i * q];
      }
    }
  }

  // out = a^-1 by elimination with partial pivoting; a is destroyed.
  static void invert(int q_, double* a, double* out) {
    const int q = size(q_);
    for (int j = 0; j < q; ++j) {
      for (int i = 0; i < q; ++i) out[i + j * q] = i == j ? 1.0 : 0.0;
    }
    for (int k = 0; k < q; ++k) {
      int best = k;
      for (int i = k + 1; i < q; ++i) {
        if (std::abs(a[i + k * q]) > std::abs(a[best + k * q])) best = i;
      }
      for (int j = 0; best != k && j < q; ++j) {
        std::swap(a[k + j * q], a[best + j * q]);
        std::swap(out[k + j * q], out[best + j * q]);
      }
      const double scale = 1.0 / a[k + k * q];
      for (int j = 0; j < q; ++j) {
        a[k + j * q] *= scale;
        out[k + j * q] *= scale;
      }
      for (int i = 0; i < q; ++i) {
        const double factor = a[i + k * q];
        if (i == k || factor == 0.0) continue;
        for (int j = 0; j < q; ++j) {
          a[i + j * q] -= factor * a[k + j * q];
          out[i + j * q] -= factor * out[k + j * q];
        }
      }
    }
  }

  // c = a b with a q x q and b, c q x width.
  static void multiply_wide(int q_, const double* a, const double* b, int width, double* c) {
    const int q = size(q_);
    for (int j = 0; j < width; ++j) {
      for (int i = 0; i < q; ++i) {
        double sum = 0.0;
        for (int k = 0; k < q; ++k) sum += a[i + k * q] * b[k + j * q];
        c[i + j * q] = sum;
      }
    }
  }

  // c = b w with b, c q x width and w symmetric width x width.
  static void multiply_symmetric(int q_, const double* b, const double* w, int width, double* c) {
    const int q = size(q_);
    for (int j = 0; j < width; ++j) {
      double sum[Q > 0 ? Q : 1] = {};
      if constexpr (Q > 0) {
        for (int k = 0; k < width; ++k) {
          const double value = w[k + j * width];
          for (int i = 0; i < Q; ++i) sum[i] += b[i + k * Q] * value;
        }
        for (int i = 0; i < Q; ++i) c[i + j * Q] = sum[i];
      } else {
        for (int i = 0; i < q; ++i) c[i + j * q] = 0.0;
        for (int k = 0; k < width; ++k) {
          const double value = w[k + j * width];
          for (int i = 0; i < q; ++i) c[i + j * q] += b[i + k * q] * value;
        }
      }
    }
  }

  // c += sign * a b' with a, b q x width.
  static void add_outer(int q_, double sign, const double* a, const double* b, int width,
                        double* c) {
    const int q = size(q_);
    for (int k = 0; k < width; ++k) {
      for (int j = 0; j < q; ++j) {
        const double value = sign * b[j + k * q];
        for (int i = 0; i < q; ++i) c[i + j * q] += a[i + k * q] * value;
      }
    }
  }
};

// R, upper triangular, with a = R'R for a (q x q) that may be singular: rows of R are zero where
// what is left of a pivot after cancellation is no more than rounding error.
inline void root_of_psd(const double* a, int q, Eigen::Ref<Matrix> root) {
  root.setZero();
  for (int j = 0; j < q; ++j) {
    double pivot = a[j + j * q];
    for (int k = 0; k < j; ++k) pivot -= root(k, j) * root(k, j);
    if (!(pivot > 1e-14 * a[j + j * q])) continue;
    root(j, j) = std::sqrt(pivot);
    for (int i = j + 1; i < q; ++i) {
      double value = a[i + j * q];
      for (int k = 0; k < j; ++k) value -= root(k, i) * root(k, j);
      root(j, i) = value / root(j, j);
    }
  }
}

// c = b b' for b (width x q, column-major), c symmetric and full.
inline void gram(int width, int q, const double* b, double* c) {
  for (int t = 0; t < width; ++t) {
    double* column = c + static_cast<Index>(t) * width;
    std::fill(column + t, column + width, 0.0);
    for (int k = 0; k < q; ++k) {
      const double* from = b + static_cast<Index>(k) * width;
      const double value = from[t];
      for (int s = t; s < width; ++s) column[s] += from[s] * value;
    }
    for (int s = t + 1; s < width; ++s) c[t + static_cast<Index>(s) * width] = column[s];
  }
}

}  // namespace ranef
