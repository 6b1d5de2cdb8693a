#include "structure/face.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "linalg/products.hpp"

namespace ranef {

namespace {

constexpr double kZero = 1e-9;  // singular values this much smaller than the largest are zero

// Rank of T and an orthonormal basis of its left null space. One-sided Jacobi rotations of the rows
// of T: small singular values come out with a small relative error, which those of T T' lose.
int rank_of(const Matrix& t, Matrix& null) {
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

// Pivoted Cholesky: the rows with most variance left, one after the other.
void pivoted_root(TermFace& face, int rank) {
  const Matrix& s = face.covariance;
  const int q = static_cast<int>(s.rows());
  std::vector<int>& order = face.order;
  Matrix& root = face.root;
  root = Matrix::Zero(q, rank);
  Vector left = s.diagonal();
  for (int j = 0; j < rank; ++j) {
    int best = j;
    for (int i = j + 1; i < q; ++i) {
      if (left(order[at(i)]) > left(order[at(best)])) best = i;
    }
    std::swap(order[at(j)], order[at(best)]);
    root.row(j).swap(root.row(best));
    root(j, j) = std::sqrt(left(order[at(j)]));
    for (int i = j + 1; i < q; ++i) {
      const double cross =
          s(order[at(i)], order[at(j)]) - root.row(i).head(j).dot(root.row(j).head(j));
      root(i, j) = cross / root(j, j);
      left(order[at(i)]) -= root(i, j) * root(i, j);
    }
  }
}

TermFace term_face(const Matrix& t) {
  TermFace face;
  face.covariance = outer_gram(t);
  face.order.resize(at(t.rows()));
  std::iota(face.order.begin(), face.order.end(), 0);
  const int rank = rank_of(t, face.null);
  if (rank == t.rows()) {
    face.root = t;
  } else {
    pivoted_root(face, rank);
  }
  return face;
}

}  // namespace

Vector Face::scales() const {
  Vector out(size());
  for (Index k = 0; k < size(); ++k) {
    const Coordinate& c = coordinates[at(k)];
    const TermFace& term = terms[at(c.term)];
    const int i = term.order[at(c.row)];
    out(k) = std::max(std::sqrt(term.covariance(i, i)), 1e-2);
  }
  return out;
}

Face face_at(const Chart& chart, const Vector& theta) {
  Face face;
  for (std::size_t k = 0; k < chart.terms().size(); ++k) {
    face.terms.push_back(term_face(chart.block(theta, k)));
    const TermFace& term = face.terms.back();
    const Term& place = chart.terms()[k];
    const int width = chart.group_q(place.group);
    for (int column = 0; column < term.rank(); ++column) {
      for (int row = column; row < place.q; ++row) {
        Matrix d = Matrix::Zero(width, width);
        for (int i = 0; i < place.q; ++i) {
          d(place.offset + term.order[at(row)], place.offset + term.order[at(i)]) =
              term.root(i, column);
        }
        d += d.transpose().eval();
        face.coordinates.push_back({static_cast<int>(k), row, column});
        face.directions.push_back({place.group, std::move(d)});
      }
    }
  }
  return face;
}

Vector gradient(const Chart& chart, const Face& face, const std::vector<Matrix>& gamma) {
  Vector out(face.size());
  for (Index k = 0; k < face.size(); ++k) {
    const Coordinate& c = face.coordinates[at(k)];
    const TermFace& term = face.terms[at(c.term)];
    const auto g = chart.gamma_of(gamma, at(c.term));
    double sum = 0.0;
    for (int i = 0; i < g.rows(); ++i) {
      sum += g(term.order[at(c.row)], term.order[at(i)]) * term.root(i, c.column);
    }
    out(k) = 2.0 * sum;
  }
  return out;
}

Matrix bend(const Chart& chart, const Face& face, const std::vector<Matrix>& gamma) {
  Matrix out = Matrix::Zero(face.size(), face.size());
  for (Index s = 0; s < face.size(); ++s) {
    const Coordinate& a = face.coordinates[at(s)];
    const std::vector<int>& order = face.terms[at(a.term)].order;
    const auto g = chart.gamma_of(gamma, at(a.term));
    for (Index t = 0; t < face.size(); ++t) {
      const Coordinate& b = face.coordinates[at(t)];
      if (a.term == b.term && a.column == b.column) {
        out(s, t) = 2.0 * g(order[at(a.row)], order[at(b.row)]);
      }
    }
  }
  return out;
}

}  // namespace ranef
