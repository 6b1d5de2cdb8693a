#include "iterative/probes.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/philox.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

// Purposes of random numbers (philox.hpp).
constexpr std::uint32_t kSigns = 0x51;
constexpr std::uint32_t kStart = 0x52;

// Orthonormal columns by Cholesky's factor of their products, twice. Columns that depend on the
// others become zero.
void orthonormalise(Matrix& u) {
  constexpr double kDependent = 1e-14;
  for (int pass = 0; pass < 2; ++pass) {
    Matrix gram = inner_gram(u);
    // In place of LAPACK, which stops at dependent columns.
    Matrix root = Matrix::Zero(u.cols(), u.cols());
    for (Index j = 0; j < u.cols(); ++j) {
      for (Index i = j; i < u.cols(); ++i) {
        double value = gram(i, j);
        for (Index k = 0; k < j; ++k) value -= root(i, k) * root(j, k);
        if (i == j) {
          root(j, j) = value > kDependent * gram(j, j) ? std::sqrt(value) : 0.0;
        } else {
          root(i, j) = root(j, j) > 0.0 ? value / root(j, j) : 0.0;
        }
      }
    }
    for (Index j = 0; j < u.cols(); ++j) {
      if (root(j, j) == 0.0) {
        u.col(j).setZero();
        root(j, j) = 1.0;
      }
    }
    solve_lower_right(root, u, true);
  }
}

}  // namespace

void Probes::grow(Index deflated, Index signs) {
  deflated_ = std::max(deflated_, deflated);
  signs_ = std::max(signs_, signs);
  frozen_ = false;
  closer_ = true;
}

// U <- an orthonormal basis of (I - S~) U.
void Probes::power(BlockJacobi& s) {
  const Index rows = s.columns();
  HugeVector v;
  HugeVector product;
  for (Index first = 0; first < u_.cols(); first += kWidth) {
    const Index count = std::min<Index>(kWidth, u_.cols() - first);
    const int width = width_for(count);
    v.assign(at(rows * width), 0.0);
    product.resize(v.size());
    for (Index k = 0; k < count; ++k) {
      for (Index i = 0; i < rows; ++i) v[at(i * width + k)] = u_(i, first + k);
    }
    s.apply(width, v.data(), product.data());
    for (Index k = 0; k < count; ++k) {
      for (Index i = 0; i < rows; ++i) u_(i, first + k) -= product[at(i * width + k)];
    }
  }
  orthonormalise(u_);
}

void Probes::follow(BlockJacobi& s) {
  constexpr int kSteps = 4;
  const Index rows = s.columns();
  const Index wanted = std::min(deflated_, rows);
  if (u_.cols() >= wanted) {
    const int steps = frozen_ || u_.cols() == 0 ? 0 : closer_ ? kSteps : 1;
    closer_ = false;
    for (int step = 0; step < steps; ++step) power(s);
    return;
  }
  if (wanted == rows) {  // no probe is needed
    u_.setIdentity(rows, rows);
    frozen_ = true;
    return;
  }
  const Index there = u_.cols();
  u_.conservativeResize(rows, wanted);
  for (Index k = there; k < wanted; ++k) {
    Stream stream(seed_, static_cast<std::uint64_t>(k), kStart);
    for (Index i = 0; i < rows; ++i) u_(i, k) = stream.normal();
  }
  orthonormalise(u_);
  closer_ = false;
  for (int step = 0; step < kSteps; ++step) power(s);
}

Vector Probes::signs(Index probe, Index rows) const {
  constexpr Index kBits = 64;
  Stream stream(seed_, static_cast<std::uint64_t>(probe), kSigns);
  Vector out(rows);
  for (Index i = 0; i < rows; i += kBits) {
    std::uint64_t bits = stream.bits();
    for (Index k = i; k < std::min(rows, i + kBits); ++k, bits >>= 1) {
      out(k) = (bits & 1) != 0 ? 1.0 : -1.0;
    }
  }
  return out;
}

void Probes::take_out(Vector& v) const {
  if (u_.cols() == 0) return;
  const Vector inside = times(u_, Form::kTransposed, v);
  v -= times(u_, inside);
}

HugeVector Probes::block(Index first, int width, Index rows) const {
  HugeVector out(at(rows * width), 0.0);
  const Index count = std::min<Index>(width, size() - first);
  for (Index k = 0; k < count; ++k) {
    const Index column = first + k;
    Vector own;
    if (column < u_.cols()) {
      own = u_.col(column);
    } else {
      own = signs(column - u_.cols(), rows);
      take_out(own);
    }
    for (Index i = 0; i < rows; ++i) out[at(i * width + k)] = own(i);
  }
  return out;
}

}  // namespace ranef
