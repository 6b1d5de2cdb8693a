#include "linalg/spectrum.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace ranef {

namespace {

constexpr Index kFewRows = 4;
constexpr int kMostSweeps = 60;

// The rotation that makes the entry (i, j) vanish: from the right, then from the left.
struct Rotation {
  Index i, j;
  double c, s;

  void columns(Matrix& a) const {
    for (Index k = 0; k < a.rows(); ++k) {
      const double x = a(k, i);
      const double y = a(k, j);
      a(k, i) = c * x - s * y;
      a(k, j) = s * x + c * y;
    }
  }
  void rows(Matrix& a) const {
    for (Index k = 0; k < a.cols(); ++k) {
      const double x = a(i, k);
      const double y = a(j, k);
      a(i, k) = c * x - s * y;
      a(j, k) = s * x + c * y;
    }
  }
};

// Cyclic Jacobi iteration (Golub & Van Loan 2013, section 8.5).
void rotate(Matrix& a, Matrix& vectors) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    bool rotated = false;
    for (Index j = 1; j < a.rows(); ++j) {
      for (Index i = 0; i < j; ++i) {
        const double off = a(i, j);
        if (!(std::abs(off) > 0.25 * kEpsilon * std::sqrt(std::abs(a(i, i) * a(j, j)))) ||
            !(std::abs(off) > std::numeric_limits<double>::min())) {
          continue;
        }
        const double half = 0.5 * (a(j, j) - a(i, i)) / off;
        const double t = (half < 0.0 ? -1.0 : 1.0) / (std::abs(half) + std::hypot(1.0, half));
        const double c = 1.0 / std::sqrt(1.0 + t * t);
        const Rotation rotation{i, j, c, t * c};
        rotation.columns(a);
        rotation.rows(a);
        a(i, j) = a(j, i) = 0.0;
        rotation.columns(vectors);
        rotated = true;
      }
    }
    if (!rotated) return;
  }
}

void sort(Spectrum& out) {
  const Index n = out.values.size();
  for (Index j = 0; j + 1 < n; ++j) {
    Index least = j;
    for (Index k = j + 1; k < n; ++k) {
      if (out.values(k) < out.values(least)) least = k;
    }
    if (least == j) continue;
    std::swap(out.values(j), out.values(least));
    out.vectors.col(j).swap(out.vectors.col(least));
  }
}

}  // namespace

Spectrum spectrum_of(const Matrix& s) {
  Spectrum out;
  const Index n = s.rows();
  if (n <= kFewRows) {
    out.fine = s.allFinite();
    Matrix a = s;
    out.vectors.setIdentity(n, n);
    if (out.fine) rotate(a, out.vectors);
    out.values = a.diagonal();
    sort(out);
    return out;
  }
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(s);
  out.fine = solver.info() == Eigen::Success;
  out.values = solver.eigenvalues();
  out.vectors = solver.eigenvectors();
  return out;
}

}  // namespace ranef
