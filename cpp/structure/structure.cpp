#include "structure/structure.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ranef {

Matrix semidefinite_cholesky(const Matrix& s, double tolerance) {
  const Index q = s.rows();
  Matrix t = Matrix::Zero(q, q);
  for (Index j = 0; j < q; ++j) {
    const double pivot = s(j, j) - t.row(j).head(j).squaredNorm();
    if (!(pivot > tolerance * s(j, j))) continue;
    t(j, j) = std::sqrt(pivot);
    for (Index i = j + 1; i < q; ++i) {
      t(i, j) = (s(i, j) - t.row(i).head(j).dot(t.row(j).head(j))) / t(j, j);
    }
  }
  return t;
}

// One-sided Jacobi rotations of the rows of T: small singular values come out with a small relative
// error, which those of T T' lose.
int rank_of(const Matrix& t, Matrix& null) {
  constexpr double kZero = 1e-9;  // singular values this much smaller than the largest are zero
  const Index q = t.rows();
  Matrix rows = t.transpose();  // a row of T to a column
  Matrix u = Matrix::Identity(q, q);
  constexpr int kSweeps = 60;
  bool rotated = q > 1;
  for (int sweep = 0; rotated && sweep < kSweeps; ++sweep) {
    rotated = false;
    for (Index j = 1; j < q; ++j) {
      for (Index i = 0; i < j; ++i) {
        const double a = rows.col(i).squaredNorm();
        const double b = rows.col(j).squaredNorm();
        const double product = rows.col(i).dot(rows.col(j));
        if (!(std::abs(product) > 1e-15 * std::sqrt(a * b))) continue;
        Eigen::JacobiRotation<double> rotation;
        rotation.makeJacobi(a, product, b);
        rows.applyOnTheRight(i, j, rotation);
        u.applyOnTheRight(i, j, rotation);
        rotated = true;
      }
    }
  }
  const Vector values = rows.colwise().norm();
  const double limit = kZero * std::max(1.0, values.maxCoeff());
  const auto rank = static_cast<int>((values.array() > limit).count());
  null.resize(q, q - rank);
  for (Index j = 0, k = 0; j < q; ++j) {
    if (!(values(j) > limit)) null.col(k++) = u.col(j);
  }
  return rank;
}

// The pivots are rows of T, because T T' has lost small digits: next comes the row with most left.
void pivoted_root(const Matrix& t, int rank, std::vector<int>& order, Matrix& root) {
  const int q = static_cast<int>(t.rows());
  root = Matrix::Zero(q, rank);
  Matrix left = t.transpose();  // rows of T as columns, less their projections on those taken
  for (int j = 0; j < rank; ++j) {
    int best = j;
    const auto size = [&](int i) { return left.col(order[at(i)]).squaredNorm(); };
    for (int i = j + 1; i < q; ++i) {
      if (size(i) > size(best)) best = i;
    }
    std::swap(order[at(j)], order[at(best)]);
    root.row(j).swap(root.row(best));
    const double length = left.col(order[at(j)]).norm();
    if (!(length > 0.0)) return;
    const Vector unit = left.col(order[at(j)]) / length;
    root(j, j) = length;
    for (int i = j + 1; i < q; ++i) {
      root(i, j) = left.col(order[at(i)]).dot(unit);
      left.col(order[at(i)]) -= root(i, j) * unit;
    }
  }
}

}  // namespace ranef
