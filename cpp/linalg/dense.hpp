// Dense linear algebra behind one small interface.
//
// Large blocks go to BLAS/LAPACK through function pointers handed over at run time (the host
// process has one BLAS with its own dispatch on the processor); without them Eigen does the same
// work. All matrices are column-major.
#pragma once

#include <cstddef>
#include <cstdint>

#include <Eigen/Dense>

namespace ranef {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using Index = std::int64_t;

// Positions are signed here, as in Eigen, and unsigned in the standard library.
inline std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// Fortran entry points with 32-bit integers, as SciPy exports them.
struct BlasTable {
  void (*dpotrf)(char* uplo, int* n, double* a, int* lda, int* info) = nullptr;
  void (*dgemm)(char* ta, char* tb, int* m, int* n, int* k, double* alpha, double* a, int* lda,
                double* b, int* ldb, double* beta, double* c, int* ldc) = nullptr;
  void (*dsymm)(char* side, char* uplo, int* m, int* n, double* alpha, double* a, int* lda,
                double* b, int* ldb, double* beta, double* c, int* ldc) = nullptr;
  void (*dtrsm)(char* side, char* uplo, char* trans, char* diag, int* m, int* n, double* alpha,
                double* a, int* lda, double* b, int* ldb) = nullptr;
  void (*dsyrk)(char* uplo, char* trans, int* n, int* k, double* alpha, double* a, int* lda,
                double* beta, double* c, int* ldc) = nullptr;
};

void set_blas(const BlasTable& table);

// Lower Cholesky factor in place (the strict upper triangle is left as it was).
// False where the matrix is not positive definite or holds a non-finite number.
bool cholesky_lower(Eigen::Ref<Matrix> a);

// The strict upper triangle becomes the lower one transposed.
void mirror_lower(Eigen::Ref<Matrix> a);

// Inverse of L L' in place of L; the result is full and symmetric.
void inverse_from_cholesky(Eigen::Ref<Matrix> l);

// b <- L^-1 b (or L^-T b).
void solve_lower(const Eigen::Ref<const Matrix>& l, Eigen::Ref<Matrix> b, bool transposed = false);

// b <- b L^-1 (or b L^-T).
void solve_lower_right(const Eigen::Ref<const Matrix>& l, Eigen::Ref<Matrix> b,
                       bool transposed = false);

// c = a b.
void multiply(const Eigen::Ref<const Matrix>& a, const Eigen::Ref<const Matrix>& b, Matrix& c);

// An operand of a product: the matrix or its transpose.
enum class Form { kPlain, kTransposed };

// c <- beta c + alpha op(a) op(b); with beta = 0 what c held does not matter.
void product(double alpha, const Eigen::Ref<const Matrix>& a, Form form_a,
             const Eigen::Ref<const Matrix>& b, Form form_b, double beta, Eigen::Ref<Matrix> c);

// c <- beta c + alpha a b for symmetric a, of which the lower triangle is read.
void symmetric_product(double alpha, const Eigen::Ref<const Matrix>& a,
                       const Eigen::Ref<const Matrix>& b, double beta, Eigen::Ref<Matrix> c);

// Lower triangle of c <- c + alpha a'a.
void add_gram(double alpha, const Eigen::Ref<const Matrix>& a, Eigen::Ref<Matrix> c);

}  // namespace ranef
