#include "dense.hpp"

namespace ranef {

namespace {

BlasTable blas;

// Below this many rows a call costs more than the work.
constexpr Index kSmall = 64;

}  // namespace

void set_blas(const BlasTable& table) { blas = table; }

bool cholesky_lower(Eigen::Ref<Matrix> a) {
  const Index n = a.rows();
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

void inverse_from_cholesky(Eigen::Ref<Matrix> l) {
  const Index n = l.rows();
  if (blas.dpotri != nullptr && n > kSmall) {
    char uplo = 'L';
    int rows = static_cast<int>(n);
    int lda = static_cast<int>(l.outerStride());
    int info = 0;
    blas.dpotri(&uplo, &rows, l.data(), &lda, &info);
    l.triangularView<Eigen::StrictlyUpper>() = l.transpose();
    return;
  }
  Matrix inverse = Matrix::Identity(n, n);
  l.triangularView<Eigen::Lower>().solveInPlace(inverse);
  l.noalias() = inverse.transpose() * inverse;
}

void solve_lower(const Eigen::Ref<const Matrix>& l, Eigen::Ref<Matrix> b, bool transposed) {
  const Index n = l.rows();
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

void multiply(const Eigen::Ref<const Matrix>& a, const Eigen::Ref<const Matrix>& b, Matrix& c) {
  c.resize(a.rows(), b.cols());
  if (blas.dgemm != nullptr && a.rows() > kSmall && b.cols() > 8) {
    char no = 'N';
    int m = static_cast<int>(a.rows());
    int n = static_cast<int>(b.cols());
    int k = static_cast<int>(a.cols());
    double one = 1.0;
    double zero = 0.0;
    int lda = static_cast<int>(a.outerStride());
    int ldb = static_cast<int>(b.outerStride());
    int ldc = static_cast<int>(c.outerStride());
    blas.dgemm(&no, &no, &m, &n, &k, &one, const_cast<double*>(a.data()), &lda,
               const_cast<double*>(b.data()), &ldb, &zero, c.data(), &ldc);
    return;
  }
  c.noalias() = a * b;
}

}  // namespace ranef
