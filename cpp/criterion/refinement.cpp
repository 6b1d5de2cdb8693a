#include "criterion/refinement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/products.hpp"

namespace ranef {

namespace {

// Passes over the rows at one Lambda, and the relative change of r2 that ends them.
constexpr int kPasses = 12;
constexpr double kStill = 1e-13;
// The share of y - X beta0 that X may explain before beta0 moves.
constexpr double kExplained = 4.0;

void copy(const ColumnView& from, Index n, int row, Matrix& to) {
  for (Index i = 0; i < n; ++i) {
    const double value = from.values == nullptr ? 1.0 : from.values[i];
    to(row, i) = (value - from.shift) / from.scale;
  }
}

}  // namespace

bool fits(const Arranged& arranged, const RowsView& rows, Index others) {
  bool same = rows.n + others == arranged.numbers.n &&
              static_cast<int>(rows.fixed.size()) == arranged->p &&
              static_cast<int>(rows.groups.size()) == arranged->n_groups;
  for (std::size_t g = 0; same && g < rows.groups.size(); ++g) {
    same = rows.groups[g].n_levels == arranged->n_levels[g] &&
           static_cast<int>(rows.groups[g].columns.size()) == arranged->q[g];
  }
  return same;
}

Refinement::Refinement(const Arranged& arranged, const RowsView& rows, const Matrix& others)
    : arranged_(arranged), sweeps_(arranged_), m_(arranged->m), others_(others.transpose()) {
  const Index n = rows.n;
  for (const GroupView& group : rows.groups) {
    Group own;
    own.codes.assign(group.codes, group.codes + n);
    const auto q = static_cast<int>(group.columns.size());
    own.z.resize(q, n);
    for (int k = 0; k < q; ++k) copy(group.columns[at(k)], n, k, own.z);
    groups_.push_back(std::move(own));
  }
  columns_.resize(m_, n);
  for (int k = 0; k + 1 < m_; ++k) copy(rows.fixed[at(k)], n, k, columns_);
  copy(rows.response, n, m_ - 1, columns_);
  response_ = columns_.row(m_ - 1);
  if (others_.size() == 0) others_.resize(m_, 0);
  other_response_ = others_.row(m_ - 1);
  weights_ = Vector::Ones(n);
  if (rows.weights != nullptr) std::copy_n(rows.weights, n, weights_.data());
}

// y - X beta0 into its place.
void Refinement::centre() {
  const int p = m_ - 1;
  const auto centre = [&](const Vector& response, Matrix& columns) {
    for (Index i = 0; i < columns.cols(); ++i) {
      long double sum = response(i);
      for (int k = 0; k < p; ++k) {
        sum -= static_cast<long double>(columns(k, i)) * static_cast<long double>(origin_(k));
      }
      columns(p, i) = static_cast<double>(sum);
    }
  };
  centre(response_, columns_);
  centre(other_response_, others_);
}

// The Schur complement and Z'W R for the E at hand.
void Refinement::sum_rows(const std::vector<Matrix>& lambda) {
  std::vector<Matrix> b;
  fixed_ = outer_gram(others_);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    Group& group = groups_[g];
    const Matrix half = times(lambda[g], Form::kTransposed, group.e);
    b.push_back(times(lambda[g], half));
    group.right.setZero(group.e.rows(), group.e.cols());
    for (Index from = 0; from < half.cols(); from += m_) {
      const auto block = half.middleCols(from, m_);
      fixed_.noalias() += block.transpose().lazyProduct(block);
    }
  }
  Vector r(m_);
  for (Index i = 0; i < columns_.cols(); ++i) {
    r = columns_.col(i);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const Group& group = groups_[g];
      const auto block = b[g].middleCols(Index{group.codes[at(i)]} * m_, m_);
      r.noalias() -= block.transpose().lazyProduct(group.z.col(i));
    }
    fixed_.noalias() += (weights_(i) * r).lazyProduct(r.transpose());
    for (Group& group : groups_) {
      group.right.middleCols(Index{group.codes[at(i)]} * m_, m_).noalias() +=
          (weights_(i) * group.z.col(i)).lazyProduct(r.transpose());
    }
  }
}

// One step of refinement of E.
bool Refinement::correct(const std::vector<Matrix>& lambda) {
  for (Group& group : groups_) group.right -= group.e;
  Numbers& numbers = arranged_.numbers;
  for (std::size_t i = 0; i < arranged_->chain.size(); ++i) {
    const Stage& stage = arranged_->chain[i];
    const Matrix& right = groups_[at(stage.group)].right;
    const Index size = Index{stage.q} * m_;
    for (Index level = 0; level < stage.n_levels; ++level) {
      const Index from = stage.rest_start[at(level + 1)] * stage.q - size;
      std::copy_n(right.data() + level * size, size, &numbers.chain[i].rest[at(from)]);
    }
  }
  for (const TailGroup& group : arranged_->tail) {
    const Matrix& right = groups_[at(group.group)].right;
    for (Index level = 0; level < group.n_levels; ++level) {
      numbers.tail_fixed.middleRows(group.offset + level * group.q, group.q) =
          right.middleCols(level * m_, m_);
    }
  }
  if (!sweeps_.forward(lambda)) return false;
  std::vector<std::vector<double>> b;
  std::vector<std::vector<double>> e;
  sweeps_.predictors(Matrix::Identity(m_, m_), b, e);
  Vector change = Vector::Zero(m_);
  Vector size = Vector::Zero(m_);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    Group& group = groups_[g];
    const Eigen::Map<const Matrix> found(e[g].data(), group.e.rows(), group.e.cols());
    group.e += found;
    const Matrix changed = times(lambda[g], Form::kTransposed, found);
    const Matrix whole = times(lambda[g], Form::kTransposed, group.e);
    for (Index column = 0; column < whole.cols(); ++column) {
      change(column % m_) += changed.col(column).squaredNorm();
      size(column % m_) += whole.col(column).squaredNorm();
    }
  }
  // Of what does not move with beta0.
  change_ = 0.0;
  for (int k = 0; k < std::max(1, m_ - 1); ++k) {
    if (size(k) > 0.0) change_ = std::max(change_, std::sqrt(change(k) / size(k)));
  }
  return change.allFinite();
}

bool Refinement::take_apart(Parts& out) const {
  const int p = m_ - 1;
  Matrix factor = fixed_.topLeftCorner(p, p);
  out.beta = fixed_.col(p).head(p);
  out.r2 = fixed_(p, p);
  out.log_determinant = 0.0;
  if (p == 0) return std::isfinite(out.r2);
  if (!cholesky_lower(factor)) return false;
  out.log_determinant = 2.0 * factor.diagonal().array().log().sum();
  solve_lower(factor, out.beta);
  out.r2 -= out.beta.squaredNorm();
  solve_lower(factor, out.beta, true);
  return std::isfinite(out.r2) && std::isfinite(out.log_determinant);
}

bool Refinement::evaluate(const std::vector<Matrix>& lambda) {
  const int p = m_ - 1;
  origin_.setZero(p);
  columns_.row(p) = response_;
  others_.row(p) = other_response_;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    groups_[g].e.setZero(lambda[g].rows(), arranged_->n_levels[g] * m_);
  }
  sum_rows(lambda);
  Parts before;
  bool apart = false;    // whether `before` holds
  double solving = 0.0;  // relative error of a solution that is not refined
  error_of_r2_ = error_of_determinants_ = std::numeric_limits<double>::infinity();
  for (int pass = 0; pass < kPasses; ++pass) {
    if (!correct(lambda)) return false;
    if (pass == 1) solving = change_;
    sum_rows(lambda);
    Parts now;
    if (!take_apart(now)) {
      apart = false;
      continue;
    }
    const double left = std::max(now.r2, 0.0);
    if (p > 0 && fixed_(p, p) > kExplained * left && pass + 2 < kPasses) {
      origin_ += now.beta;
      for (Group& group : groups_) {
        for (Index from = 0; from < group.e.cols(); from += m_) {
          auto block = group.e.middleCols(from, m_);
          block.col(p) -= block.leftCols(p) * now.beta;
        }
      }
      centre();
      sum_rows(lambda);
      apart = false;
      continue;
    }
    if (apart) {
      const double change = std::abs(now.r2 - before.r2) / now.r2;
      const double other = std::abs(now.log_determinant - before.log_determinant);
      // Rounding error of the rows themselves moves the last digits for ever.
      const bool still = change < kStill || change > 0.25 * error_of_r2_;
      error_of_r2_ = change;
      error_of_determinants_ = other + solving;
      if (still && other < kStill * 1e2) break;
    }
    before = now;
    apart = true;
  }
  fixed_ = 0.5 * (fixed_ + fixed_.transpose()).eval();
  return apart;
}

void Refinement::gamma(const Top& top, std::vector<Matrix>& out) {
  sweeps_.reverse(Matrix::Zero(m_, m_), out, false);
  const auto weighted = top.root.rightCols(m_ - top.first);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const Matrix& e = groups_[g].e;
    for (Index from = 0; from < e.cols(); from += m_) {
      const Matrix y = times(e.middleCols(from, m_), weighted);
      add(-1.0, y, Form::kPlain, y, Form::kTransposed, out[g]);
    }
  }
}

void Refinement::predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                            std::vector<std::vector<double>>& e) const {
  b.clear();
  e.clear();
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const Matrix& own = groups_[g].e;
    const Matrix& lambda = sweeps_.lambda()[g];
    const Index levels = own.cols() / m_;
    Matrix found(own.rows(), levels * v.cols());
    for (Index level = 0; level < levels; ++level) {
      found.middleCols(level * v.cols(), v.cols()) = times(own.middleCols(level * m_, m_), v);
    }
    const Matrix predicted = times(lambda, times(lambda, Form::kTransposed, found));
    e.emplace_back(found.data(), found.data() + found.size());
    b.emplace_back(predicted.data(), predicted.data() + predicted.size());
  }
}

}  // namespace ranef
