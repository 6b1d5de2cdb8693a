#include "replicate/error_factor.hpp"

#include <algorithm>
#include <cmath>

#include "factor/sweeps.hpp"

namespace ranef {

namespace {

// A pivot below this share of its column's length is rounding error: the column is determined by
// those before. Where it were not, a normal equation has lost eleven of its sixteen digits.
constexpr double kDetermined = 1e-11;

// Lower factor of a positive semidefinite matrix in place (upper triangle zero); columns whose
// pivot is nil against `length` become zero. Returns the rank.
Index semidefinite_factor(Eigen::Ref<Matrix> a, const Vector& length) {
  Index rank = 0;
  const Index size = a.rows();
  for (Index j = 0; j < size; ++j) {
    const Index below = size - j;
    a.col(j).head(j).setZero();
    a.col(j).tail(below).noalias() -= a.block(j, 0, below, j) * a.row(j).head(j).transpose().eval();
    const double pivot = a(j, j);
    if (pivot > kDetermined * length(j)) {
      a.col(j).tail(below) /= std::sqrt(pivot);
      ++rank;
    } else {
      a.col(j).setZero();
    }
  }
  return rank;
}

}  // namespace

ErrorFactor::ErrorFactor(const Arranged& arranged) : arranged_(arranged) {
  const int p = arranged->p;
  const Numbers& numbers = arranged.numbers;
  std::vector<StageState> states(arranged->chain.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    states[i].diagonal = numbers.chain[i].diagonal;
    states[i].rest = numbers.chain[i].rest;
  }
  TailMatrix tail(arranged->tail_pattern);
  add_tail(*arranged, numbers, tail);
  Matrix tail_fixed = numbers.tail_fixed;
  Matrix fixed = numbers.fixed;
  Matrix update;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const Stage& stage = arranged->chain[i];
    const int q = stage.q;
    diagonal_.emplace_back(stage.diagonal_size());
    rest_.emplace_back(stage.rest_size());
    for (Index level = 0; level < stage.n_levels; ++level) {
      const std::size_t block = at(level) * at(q) * at(q);
      const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
      const int width = stage.rest_columns(level);
      Eigen::Map<Matrix> factor(&diagonal_[i][block], q, q);
      factor = Eigen::Map<const Matrix>(&states[i].diagonal[block], q, q);
      const Vector own =
          Eigen::Map<const Matrix>(&numbers.chain[i].diagonal[block], q, q).diagonal();
      rank_ += semidefinite_factor(factor, own);
      const Eigen::Map<const Matrix> c(&states[i].rest[from], q, width);
      Eigen::Map<Matrix> b(&rest_[i][from], q, width);
      for (int k = 0; k < q; ++k) {
        if (factor(k, k) > 0.0) {
          b.row(k) = (c.row(k) - factor.row(k).head(k) * b.topRows(k)) / factor(k, k);
        } else {
          b.row(k).setZero();
        }
      }
      update.resize(width, width);
      product(1.0, b, Form::kTransposed, b, Form::kPlain, 0.0, update);
      scatter_subtract(*arranged, i, level, update, {&states, &tail, &tail_fixed, &fixed});
    }
  }
  const Index columns = arranged->tail_columns;
  dense_.resize(columns + p, columns + p);
  dense_.topLeftCorner(columns, columns) = tail.by_column();
  dense_.bottomLeftCorner(p, columns) = tail_fixed.leftCols(p).transpose();
  dense_.bottomRightCorner(p, p) = fixed.topLeftCorner(p, p);
  Vector length(columns + p);
  for (std::size_t t = 0; t < arranged->tail.size(); ++t) {
    const TailGroup& group = arranged->tail[t];
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index q = group.q;
      length.segment(group.offset + level * q, q) =
          Eigen::Map<const Matrix>(&numbers.tail[t][at(level * q * q)], q, q).diagonal();
    }
  }
  length.tail(p) = numbers.fixed.diagonal().head(p);
  rank_ += semidefinite_factor(dense_, length);
}

double ErrorFactor::draw(Stream& random, JointVector& out) const {
  out.set_zero();
  double squares = 0.0;
  const auto next = [&] {
    const double xi = random.normal();
    squares += xi * xi;
    return xi;
  };
  for (std::size_t i = 0; i < arranged_->chain.size(); ++i) {
    const Stage& stage = arranged_->chain[i];
    const int q = stage.q;
    for (Index level = 0; level < stage.n_levels; ++level) {
      const double* factor = &diagonal_[i][at(level) * at(q) * at(q)];
      const double* rest = &rest_[i][at(stage.rest_start[at(level)]) * at(q)];
      double* own = &out.chain[i][at(level) * at(q)];
      for (int k = 0; k < q; ++k) {
        if (factor[k + k * q] == 0.0) continue;
        const double xi = next();
        for (int a = k; a < q; ++a) own[a] += factor[a + k * q] * xi;
        for_rest(arranged_, i, level, out,
                 [&](int column, double& sum) { sum += rest[k + column * q] * xi; });
      }
    }
  }
  const Index columns = arranged_->tail_columns;
  Vector xi = Vector::Zero(dense_.rows());
  for (Index k = 0; k < xi.size(); ++k) {
    if (dense_(k, k) > 0.0) xi(k) = next();
  }
  const Vector product = dense_.triangularView<Eigen::Lower>() * xi;
  out.tail += product.head(columns);
  out.fixed += product.tail(arranged_->p);
  return squares;
}

}  // namespace ranef
