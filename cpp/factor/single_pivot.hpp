// The diagonal block of four levels of a single grouping factor: M, its Cholesky factor, and F.
#pragma once

#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "linalg/lanes.hpp"
#include "linalg/small.hpp"

namespace ranef {

// Lambda and D = Lambda Lambda' of the factor; plain arrays, so that they can stay in registers.
template <int Q>
struct LoneLambda {
  explicit LoneLambda(const Matrix& lambda) : q(Small<Q>::size(static_cast<int>(lambda.rows()))) {
    if constexpr (Q == 0) {
      l.resize(at(q) * at(q));
      d.resize(at(q) * at(q));
    }
    const Matrix product = lambda.lazyProduct(lambda.transpose());
    std::copy_n(lambda.data(), q * q, l.begin());
    std::copy_n(product.data(), q * q, d.begin());
  }
  RANEF_INLINE double lambda(int a, int b) const { return l[at(a + b * q)]; }
  RANEF_INLINE double dd(int a, int b) const { return d[at(a + b * q)]; }

  int q;
  std::conditional_t<Q == 0, std::vector<double>,
                     std::array<double, static_cast<std::size_t>(Q* Q)>>
      l, d;
};

// What elimination makes of the diagonal block of four levels.
template <int Q>
class LonePivot {
 public:
  RANEF_INLINE LonePivot(int q, const LoneLambda<Q>& lambda)
      : q_(q), k_(lambda), c(q), m(q), f(q), t_(q), p_(q), inverse_(q) {}

  // Cholesky factor of M into m; `product` times the root of its determinant. M - I is positive
  // semidefinite: where rounding or overflow has made something else of it, that is no number.
  RANEF_INLINE void factor(Lane& product) {
    const int q = Small<Q>::size(q_);
    for (int j = 0; j < q; ++j) {
      for (int i = 0; i < q; ++i) {
        Lane sum = c(i, j) * k_.lambda(j, j);
        for (int k = j + 1; k < q; ++k) sum += c(i, k) * k_.lambda(k, j);
        t_(i, j) = sum;
      }
    }
    for (int b = 0; b < q; ++b) {
      for (int a = b; a < q; ++a) {
        Lane sum = t_(a, b) * k_.lambda(a, a);
        for (int k = a + 1; k < q; ++k) sum += t_(k, b) * k_.lambda(k, a);
        m(a, b) = a == b ? sum + 1.0 : sum;
      }
    }
    for (int j = 0; j < q; ++j) {
      for (int k = 0; k < j; ++k) m(j, j) -= m(j, k) * m(j, k);
      m(j, j) = root(m(j, j));
      product *= m(j, j);
      inverse_(j, j) = inverse(m(j, j));
      for (int i = j + 1; i < q; ++i) {
        for (int k = 0; k < j; ++k) m(i, j) -= m(i, k) * m(j, k);
        m(i, j) *= inverse_(j, j);
      }
    }
  }

  // L^-1 Lambda' x for one column, elements `stride` apart.
  RANEF_INLINE void halve(const double* x, double* out, Index stride) {
    const int q = Small<Q>::size(q_);
    for (int a = 0; a < q; ++a) {
      Lane sum = load(x + a * stride) * k_.lambda(a, a);
      for (int k = a + 1; k < q; ++k) sum += load(x + k * stride) * k_.lambda(k, a);
      for (int k = 0; k < a; ++k) sum -= m(a, k) * t_(k, 0);
      t_(a, 0) = sum * inverse_(a, a);
      store(t_(a, 0), out + a * stride);
    }
  }

  // F = (I + C D)^-1.
  RANEF_INLINE void invert() {
    if constexpr (Q == 1) {
      f(0, 0) = square(inverse_(0, 0));
    } else if constexpr (Q == 2) {
      // The determinant is that of M, known without cancellation.
      const Lane scale = square(inverse_(0, 0) * inverse_(1, 1));
      f(0, 0) = (c(1, 0) * k_.dd(0, 1) + c(1, 1) * k_.dd(1, 1) + 1.0) * scale;
      f(1, 1) = (c(0, 0) * k_.dd(0, 0) + c(0, 1) * k_.dd(1, 0) + 1.0) * scale;
      f(0, 1) = -(c(0, 0) * k_.dd(0, 1) + c(0, 1) * k_.dd(1, 1)) * scale;
      f(1, 0) = -(c(1, 0) * k_.dd(0, 0) + c(1, 1) * k_.dd(1, 0)) * scale;
    } else {
      invert_in_two_steps();
    }
  }

 private:
  // F = I - C P loses digits where F is small; one step of Newton's iteration for inverses, F + F
  // (I - (I + C D) F), brings them back.
  RANEF_INLINE void invert_in_two_steps() {
    const int q = Small<Q>::size(q_);
    for (int j = 0; j < q; ++j) {
      for (int a = 0; a < q; ++a) t_(a, j) = Lane::all(a <= j ? k_.lambda(j, a) : 0.0);
      // L^-1 of the column of Lambda'.
      for (int a = 0; a < q; ++a) {
        for (int k = 0; k < a; ++k) t_(a, j) -= m(a, k) * t_(k, j);
        t_(a, j) *= inverse_(a, a);
      }
    }
    for (int b = 0; b < q; ++b) {
      for (int a = b; a < q; ++a) {
        Lane sum = t_(0, a) * t_(0, b);
        for (int k = 1; k < q; ++k) sum += t_(k, a) * t_(k, b);
        p_(a, b) = p_(b, a) = sum;
      }
    }
    for (int b = 0; b < q; ++b) {
      for (int a = 0; a < q; ++a) {
        Lane sum = Lane::all(a == b ? 1.0 : 0.0);
        for (int k = 0; k < q; ++k) sum -= c(a, k) * p_(k, b);
        t_(a, b) = sum;
      }
    }
    for (int b = 0; b < q; ++b) {
      for (int a = 0; a < q; ++a) {
        Lane sum = Lane::all(a == b ? 1.0 : 0.0);
        for (int k = 0; k < q; ++k) sum -= c(a, k) * k_.dd(k, b);
        p_(a, b) = a == b ? sum - 2.0 : sum;  // -(I + C D)
      }
    }
    for (int b = 0; b < q; ++b) {
      for (int a = 0; a < q; ++a) {
        Lane sum = Lane::all(a == b ? 1.0 : 0.0);
        for (int k = 0; k < q; ++k) sum += p_(a, k) * t_(k, b);
        inverse_(a, b) = sum;
      }
    }
    for (int b = 0; b < q; ++b) {
      for (int a = 0; a < q; ++a) {
        Lane sum = t_(a, b);
        for (int k = 0; k < q; ++k) sum += t_(a, k) * inverse_(k, b);
        f(a, b) = sum;
      }
    }
  }

  int q_;
  const LoneLambda<Q>& k_;

 public:
  LaneSquare<Q> c;  // C, full
  LaneSquare<Q> m;  // L
  LaneSquare<Q> f;  // F

 private:
  LaneSquare<Q> t_;
  LaneSquare<Q> p_;
  LaneSquare<Q> inverse_;  // of the diagonal of L; then scratch
};

}  // namespace ranef
