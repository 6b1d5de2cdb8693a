#include "structure/chart.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ranef {

Chart::Chart(std::vector<Term> terms, std::vector<int> group_q)
    : terms_(std::move(terms)), group_q_(std::move(group_q)) {
  for (const Term& term : terms_) {
    first_.push_back(size());
    for (int b = 0; b < term.q; ++b) {
      for (int a = b; a < term.q; ++a) {
        entries_.push_back({term.group, term.offset + a, term.offset + b});
      }
    }
  }
}

std::vector<Matrix> Chart::lambda(const Vector& theta) const {
  std::vector<Matrix> out;
  lambda(theta, out);
  return out;
}

void Chart::lambda(const Vector& theta, std::vector<Matrix>& out) const {
  out.resize(group_q_.size());
  for (std::size_t g = 0; g < out.size(); ++g) out[g].setZero(group_q_[g], group_q_[g]);
  for (std::size_t k = 0; k < entries_.size(); ++k) {
    const Entry& entry = entries_[k];
    out[at(entry.group)](entry.row, entry.column) = theta(static_cast<Index>(k));
  }
}

Matrix Chart::block(const Vector& theta, std::size_t term) const {
  const int q = terms_[term].q;
  Matrix t = Matrix::Zero(q, q);
  Index k = first_[term];
  for (int b = 0; b < q; ++b) {
    for (int a = b; a < q; ++a) t(a, b) = theta(k++);
  }
  return t;
}

void Chart::set_block(Vector& theta, std::size_t term, const Matrix& t) const {
  Index k = first_[term];
  for (int b = 0; b < terms_[term].q; ++b) {
    for (int a = b; a < terms_[term].q; ++a) theta(k++) = t(a, b);
  }
}

Vector Chart::gradient(const std::vector<Matrix>& gamma, const std::vector<Matrix>& lambda) const {
  Vector out(size());
  for (Index k = 0; k < size(); ++k) {
    const Entry& entry = entries_[at(k)];
    const Matrix& g = gamma[at(entry.group)];
    const Matrix& l = lambda[at(entry.group)];
    double sum = 0.0;
    for (Index i = 0; i < l.rows(); ++i) sum += g(entry.row, i) * l(i, entry.column);
    out(k) = 2.0 * sum;
  }
  return out;
}

std::vector<Direction> Chart::directions(const std::vector<Matrix>& lambda) const {
  std::vector<Direction> out;
  directions(lambda, out);
  return out;
}

void Chart::directions(const std::vector<Matrix>& lambda, std::vector<Direction>& out) const {
  out.resize(entries_.size());
  for (std::size_t k = 0; k < entries_.size(); ++k) {
    const Entry& entry = entries_[k];
    const Matrix& l = lambda[at(entry.group)];
    Matrix& d = out[k].d;
    out[k].group = entry.group;
    d.setZero(l.rows(), l.cols());
    for (Index i = 0; i < l.rows(); ++i) {
      d(entry.row, i) += l(i, entry.column);
      d(i, entry.row) += l(i, entry.column);
    }
  }
}

void Chart::add_bend(const std::vector<Matrix>& gamma, Matrix& hessian) const {
  for (Index s = 0; s < size(); ++s) {
    for (Index t = 0; t < size(); ++t) {
      const Entry& a = entries_[at(s)];
      const Entry& b = entries_[at(t)];
      if (a.group == b.group && a.column == b.column) {
        hessian(s, t) += 2.0 * gamma[at(a.group)](a.row, b.row);
      }
    }
  }
}

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

}  // namespace ranef
