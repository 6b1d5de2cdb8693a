#include "linalg/dense.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/checkpoint.hpp"

namespace ranef {

namespace {

BlasTable blas;

// Below this many rows a call costs more than the work.
constexpr Index kSmall = 64;

// Likewise for a product, in multiplications.
constexpr Index kSmallProduct = 8192;

// Up to this many rows plain loops cost less than calling anything.
constexpr Index kTiny = 12;

bool tiny_cholesky(Eigen::Ref<Matrix>& a) {
  const Index n = a.rows();
  for (Index j = 0; j < n; ++j) {
    double pivot = a(j, j);
    for (Index k = 0; k < j; ++k) pivot -= a(j, k) * a(j, k);
    if (!(pivot > 0.0) || !(pivot < 1e300)) return false;  // false for a NaN, too
    const double root = std::sqrt(pivot);
    a(j, j) = root;
    for (Index i = j + 1; i < n; ++i) {
      double value = a(i, j);
      for (Index k = 0; k < j; ++k) value -= a(i, k) * a(j, k);
      a(i, j) = value / root;
    }
  }
  return true;
}

void tiny_solve(const Eigen::Ref<const Matrix>& l, Eigen::Ref<Matrix>& b, bool transposed) {
  const Index n = l.rows();
  for (Index c = 0; c < b.cols(); ++c) {
    if (transposed) {
      for (Index i = n; i-- > 0;) {
        double value = b(i, c);
        for (Index k = i + 1; k < n; ++k) value -= l(k, i) * b(k, c);
        b(i, c) = value / l(i, i);
      }
    } else {
      for (Index i = 0; i < n; ++i) {
        double value = b(i, c);
        for (Index k = 0; k < i; ++k) value -= l(i, k) * b(k, c);
        b(i, c) = value / l(i, i);
      }
    }
  }
}

// L^-1 in place, then L^-T L^-1.
void tiny_inverse(Eigen::Ref<Matrix>& l) {
  const Index n = l.rows();
  for (Index j = 0; j < n; ++j) {
    l(j, j) = 1.0 / l(j, j);
    for (Index i = j + 1; i < n; ++i) {
      double value = 0.0;
      for (Index k = j; k < i; ++k) value -= l(i, k) * l(k, j);
      l(i, j) = value / l(i, i);
    }
  }
  for (Index j = 0; j < n; ++j) {
    for (Index i = j; i < n; ++i) {
      double value = 0.0;
      for (Index k = i; k < n; ++k) value += l(k, i) * l(k, j);
      l(j, i) = value;  // above the diagonal, where L^-1 is not
    }
  }
  l.triangularView<Eigen::StrictlyLower>() = l.transpose();
}

int stride(const Eigen::Ref<const Matrix>& a) {
  return static_cast<int>(std::max<Index>(1, a.outerStride()));
}

// Columns of a product that BLAS makes in one call: some 0.2 s of work, so that Ctrl-C is heard
// between two calls. Products of ordinary size are one call.
constexpr Index kLongCall = Index{1} << 32;  // multiplications

template <class Part>
void by_columns(Index work_of_one, Index columns, const Part& part) {
  const Index together = std::max<Index>(kLongCall / std::max<Index>(work_of_one, 1), 64);
  for (Index first = 0; first < columns; first += together) {
    if (first > 0) checkpoint();
    part(first, std::min(together, columns - first));
  }
}

}  // namespace

void set_blas(const BlasTable& table) { blas = table; }

bool cholesky_lower(Eigen::Ref<Matrix> a) {
  const Index n = a.rows();
  if (n <= kTiny) return tiny_cholesky(a);
  if (blas.dpotrf != nullptr && n > kSmall) {
    char uplo = 'L';
    int rows = static_cast<int>(n);
    int lda = static_cast<int>(a.outerStride());
    int info = 0;
    blas.dpotrf(&uplo, &rows, a.data(), &lda, &info);
    if (info != 0) return false;
  } else {
    Eigen::LLT<Eigen::Ref<Matrix>, Eigen::Lower> factor(a);
    if (factor.info() != Eigen::Success) return false;
  }
  for (Index i = 0; i < n; ++i) {
    // A NaN passes both factorisations; the comparison is false for it.
    if (!(a(i, i) > 0.0) || !(a(i, i) < 1e300)) return false;
  }
  return true;
}

void mirror_lower(Eigen::Ref<Matrix> a) {
  constexpr Index kTile = 32;
  const Index n = a.rows();
  for (Index j = 0; j < n; j += kTile) {
    const Index columns = std::min(kTile, n - j);
    for (Index c = j; c < j + columns; ++c) {
      for (Index r = c + 1; r < j + columns; ++r) a(c, r) = a(r, c);
    }
    for (Index i = j + columns; i < n; i += kTile) {
      const Index rows = std::min(kTile, n - i);
      a.block(j, i, columns, rows) = a.block(i, j, rows, columns).transpose();
    }
  }
}

// By panels from the last. With L_k the panel's square, W the inverse over later columns and
// X = L_below L_k^-1: W_below,k = -W X, W_k = L_k^-T L_k^-1 - X' W_below,k. Two thirds of n^3 in
// products with a full W, which run at the speed of dgemm; dpotri does not (its triangular parts).
void inverse_from_cholesky(Eigen::Ref<Matrix> l) {
  constexpr Index kWidth = 64;
  if (l.rows() <= kTiny) {
    tiny_inverse(l);
    return;
  }
  Matrix inverse;
  if (l.rows() <= kWidth) {
    inverse = Matrix::Identity(l.rows(), l.rows());
    l.triangularView<Eigen::Lower>().solveInPlace(inverse);
    l.noalias() = inverse.transpose() * inverse;
    return;
  }
  Matrix x;
  for (Index end = l.rows(); end > 0;) {
    const Index first = std::max<Index>(0, end - kWidth);
    const Index width = end - first;
    const Index below = l.rows() - end;
    auto square = l.block(first, first, width, width);
    inverse = Matrix::Identity(width, width);
    square.triangularView<Eigen::Lower>().solveInPlace(inverse);
    auto under = l.block(end, first, below, width);
    x.resize(below, width);
    product(1.0, under, Form::kPlain, inverse, Form::kPlain, 0.0, x);
    product(-1.0, l.block(end, end, below, below), Form::kPlain, x, Form::kPlain, 0.0, under);
    product(1.0, inverse, Form::kTransposed, inverse, Form::kPlain, 0.0, square);
    product(-1.0, x, Form::kTransposed, under, Form::kPlain, 1.0, square);
    mirror_lower(square);
    constexpr Index kTile = 32;
    for (Index i = end; i < l.rows(); i += kTile) {
      const Index rows = std::min(kTile, l.rows() - i);
      l.block(first, i, width, rows) = l.block(i, first, rows, width).transpose();
    }
    end = first;
  }
}

void solve_lower(const Eigen::Ref<const Matrix>& l, Eigen::Ref<Matrix> b, bool transposed) {
  if (b.size() == 0) return;  // Eigen would look at the first number
  const Index n = l.rows();
  if (n <= kTiny) {
    tiny_solve(l, b, transposed);
    return;
  }
  if (blas.dtrsm != nullptr && n > kSmall && b.cols() > 0) {
    char side = 'L';
    char uplo = 'L';
    char trans = transposed ? 'T' : 'N';
    char diag = 'N';
    int rows = static_cast<int>(n);
    int cols = static_cast<int>(b.cols());
    double one = 1.0;
    int lda = static_cast<int>(l.outerStride());
    int ldb = static_cast<int>(b.outerStride());
    blas.dtrsm(&side, &uplo, &trans, &diag, &rows, &cols, &one, const_cast<double*>(l.data()), &lda,
               b.data(), &ldb);
    return;
  }
  if (transposed) {
    l.triangularView<Eigen::Lower>().transpose().solveInPlace(b);
  } else {
    l.triangularView<Eigen::Lower>().solveInPlace(b);
  }
}

void solve_lower_right(const Eigen::Ref<const Matrix>& l, Eigen::Ref<Matrix> b, bool transposed) {
  if (b.size() == 0) return;  // Eigen would look at the first number
  const Index n = l.rows();
  if (blas.dtrsm != nullptr && n > kSmall && b.rows() > 0) {
    char side = 'R';
    char uplo = 'L';
    char trans = transposed ? 'T' : 'N';
    char diag = 'N';
    int rows = static_cast<int>(b.rows());
    int cols = static_cast<int>(n);
    double one = 1.0;
    int lda = stride(l);
    int ldb = stride(b);
    blas.dtrsm(&side, &uplo, &trans, &diag, &rows, &cols, &one, const_cast<double*>(l.data()), &lda,
               b.data(), &ldb);
    return;
  }
  if (transposed) {
    l.triangularView<Eigen::Lower>().transpose().solveInPlace<Eigen::OnTheRight>(b);
  } else {
    l.triangularView<Eigen::Lower>().solveInPlace<Eigen::OnTheRight>(b);
  }
}

void multiply(const Eigen::Ref<const Matrix>& a, const Eigen::Ref<const Matrix>& b, Matrix& c) {
  c.resize(a.rows(), b.cols());
  if (blas.dgemm != nullptr && a.rows() > kSmall && b.cols() > 8) {
    char no = 'N';
    int m = static_cast<int>(a.rows());
    int k = static_cast<int>(a.cols());
    double one = 1.0;
    double zero = 0.0;
    int lda = static_cast<int>(a.outerStride());
    int ldb = static_cast<int>(b.outerStride());
    int ldc = static_cast<int>(c.outerStride());
    by_columns(a.rows() * a.cols(), b.cols(), [&](Index first, Index columns) {
      int n = static_cast<int>(columns);
      blas.dgemm(&no, &no, &m, &n, &k, &one, const_cast<double*>(a.data()), &lda,
                 const_cast<double*>(b.data() + first * ldb), &ldb, &zero, c.data() + first * ldc,
                 &ldc);
    });
    return;
  }
  c.noalias() = a * b;
}

void product(double alpha, const Eigen::Ref<const Matrix>& a, Form form_a,
             const Eigen::Ref<const Matrix>& b, Form form_b, double beta, Eigen::Ref<Matrix> c) {
  const bool ta = form_a == Form::kTransposed;
  const bool tb = form_b == Form::kTransposed;
  const Index inner = ta ? a.rows() : a.cols();
  if (c.rows() == 0 || c.cols() == 0) return;
  if (blas.dgemm != nullptr && inner > 0 && c.rows() * c.cols() * inner > kSmallProduct) {
    char trans_a = ta ? 'T' : 'N';
    char trans_b = tb ? 'T' : 'N';
    int m = static_cast<int>(c.rows());
    int k = static_cast<int>(inner);
    int lda = stride(a);
    int ldb = stride(b);
    int ldc = stride(c);
    by_columns(c.rows() * inner, c.cols(), [&](Index first, Index columns) {
      int n = static_cast<int>(columns);
      const double* from = b.data() + first * (tb ? 1 : ldb);
      blas.dgemm(&trans_a, &trans_b, &m, &n, &k, &alpha, const_cast<double*>(a.data()), &lda,
                 const_cast<double*>(from), &ldb, &beta, c.data() + first * ldc, &ldc);
    });
    return;
  }
  if (beta == 0.0) {
    c.setZero();
  } else if (beta != 1.0) {
    c *= beta;
  }
  if (ta && tb) {
    c.noalias() += alpha * a.transpose() * b.transpose();
  } else if (ta) {
    c.noalias() += alpha * a.transpose() * b;
  } else if (tb) {
    c.noalias() += alpha * a * b.transpose();
  } else {
    c.noalias() += alpha * a * b;
  }
}

void symmetric_product(double alpha, const Eigen::Ref<const Matrix>& a,
                       const Eigen::Ref<const Matrix>& b, double beta, Eigen::Ref<Matrix> c) {
  if (c.rows() == 0 || c.cols() == 0) return;
  if (blas.dsymm != nullptr && c.rows() * c.rows() * c.cols() > kSmallProduct) {
    char side = 'L';
    char uplo = 'L';
    int m = static_cast<int>(c.rows());
    int lda = stride(a);
    int ldb = stride(b);
    int ldc = stride(c);
    by_columns(c.rows() * c.rows(), c.cols(), [&](Index first, Index columns) {
      int n = static_cast<int>(columns);
      blas.dsymm(&side, &uplo, &m, &n, &alpha, const_cast<double*>(a.data()), &lda,
                 const_cast<double*>(b.data() + first * ldb), &ldb, &beta, c.data() + first * ldc,
                 &ldc);
    });
    return;
  }
  if (beta == 0.0) {
    c.setZero();
  } else if (beta != 1.0) {
    c *= beta;
  }
  c.noalias() += alpha * (a.selfadjointView<Eigen::Lower>() * b);
}

void add_gram(double alpha, const Eigen::Ref<const Matrix>& a, Eigen::Ref<Matrix> c) {
  const Index n = c.rows();
  if (n == 0 || a.rows() == 0) return;
  if (blas.dsyrk != nullptr && n * n * a.rows() > kSmallProduct) {
    char uplo = 'L';
    char trans = 'T';
    int size = static_cast<int>(n);
    int k = static_cast<int>(a.rows());
    double one = 1.0;
    int lda = stride(a);
    int ldc = stride(c);
    blas.dsyrk(&uplo, &trans, &size, &k, &alpha, const_cast<double*>(a.data()), &lda, &one,
               c.data(), &ldc);
    return;
  }
  c.triangularView<Eigen::Lower>() += alpha * a.transpose() * a;
}

}  // namespace ranef
