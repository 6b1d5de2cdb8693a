// The tail in both sweeps.
//
// With M = I + Lambda' C Lambda = L L' over the tail and b = Lambda' C_tail,fixed, w = M^-1 b:
//   H = Lambda w,  U = C_tail,fixed - C H, so that Lambda' U = w,  P = Lambda M^-1 Lambda'.
// With a regular Lambda, F = I - C P = D^-1 P and S = F C = Lambda^-T (I - M^-1) Lambda^-1, so the
// blocks of M^-1 on the pattern give Gamma without a product. The subtraction loses digits when
// Lambda is small; twelve are left where Lambda counts as regular, and elsewhere C is kept.
#include <algorithm>
#include <cmath>

#include "factor/sweeps.hpp"
#include "linalg/decompose.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

Matrix block_of(const TailMatrix& a, Index first, Index q) {
  Matrix out(q, q);
  for (Index c = 0; c < q; ++c) {
    for (Index r = 0; r < q; ++r) out(r, c) = a(first + r, first + c);
  }
  return out;
}

}  // namespace

void Sweeps::start_tail() {
  if (tail_.factor.empty()) {
    tail_.factor = TailMatrix(pattern_.tail_pattern);
  } else {
    tail_.factor.set_zero();
  }
  add_tail(pattern_, numbers_, tail_.factor);
  tail_.fixed = numbers_.tail_fixed;
}

bool Sweeps::forward_tail() {
  if (pattern_.tail_columns == 0) return true;
  tail_.regular.clear();
  for (const TailGroup& group : pattern_.tail) tail_.regular.push_back(regular(group));
  const bool all =
      std::all_of(tail_.regular.begin(), tail_.regular.end(), [](bool b) { return b; });
  tail_.c = all ? TailMatrix() : tail_.factor;
  tail_.factor.congruence(pattern_.tail_segments, lambda_, false);
  tail_.factor.add_to_diagonal(1.0);
  if (!tail_.factor.factorise()) return false;
  log_determinant_ += tail_.factor.log_determinant();
  tail_.half = tail_half(tail_.fixed);
  add(-1.0, tail_.half, Form::kTransposed, tail_.half, Form::kPlain, fixed_);
  tail_.solved = false;
  tail_.filled = TailState::Filled::kNothing;
  tail_.p.resize(0, 0);
  tail_.f.resize(0, 0);
  tail_.s.resize(0, 0);
  return true;
}

// Whether M = I + Lambda' C Lambda is far enough from I for C to be recovered from it.
bool Sweeps::regular(const TailGroup& group) const {
  constexpr double kRegular = 1e-4;
  const Matrix& lambda = lambda_[at(group.group)];
  for (Index a = 0; a < group.q; ++a) {
    double most = 0.0;
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index i = pattern_.tail_pattern.position[at(group.offset + level * group.q + a)];
      most = std::max(most, tail_.factor(i, i));
    }
    if (!(lambda(a, a) * lambda(a, a) * most > kRegular)) return false;
  }
  return true;
}

Matrix Sweeps::tail_half(const Matrix& a) const {
  Matrix b = a;
  lambda_transposed_times(pattern_, lambda_, b);
  b = in_order(pattern_, b);
  tail_.factor.solve(b, false);
  return b;
}

Matrix Sweeps::tail_p_times(const Matrix& a) const {
  Matrix w = tail_half(a);
  tail_.factor.solve(w, true);
  w = by_column(pattern_, w);
  std::vector<Matrix> transposed;
  for (const Matrix& l : lambda_) transposed.push_back(l.transpose());
  lambda_transposed_times(pattern_, transposed, w);
  return w;
}

void Sweeps::solve_tail() {
  if (tail_.solved) return;
  Matrix w = tail_.half;
  tail_.factor.solve(w, true);
  w = by_column(pattern_, w);
  tail_.h = w;
  std::vector<Matrix> transposed;
  for (const Matrix& l : lambda_) transposed.push_back(l.transpose());
  lambda_transposed_times(pattern_, transposed, tail_.h);
  if (tail_.c.empty()) {
    for (Matrix& l : transposed) l = inverse_of_lower(l.transpose());
    tail_.u = std::move(w);
    lambda_transposed_times(pattern_, transposed, tail_.u);
  } else {
    tail_.u = tail_.fixed - by_column(pattern_, tail_.c.times(in_order(pattern_, tail_.h)));
  }
  tail_.solved = true;
}

const Matrix& Sweeps::tail_h() {
  solve_tail();
  return tail_.h;
}

const Matrix& Sweeps::tail_u() {
  solve_tail();
  return tail_.u;
}

void Sweeps::invert_tail() {
  if (tail_.filled == TailState::Filled::kInverse) return;
  tail_.w = tail_.factor;
  tail_.w.invert();
  tail_.filled = TailState::Filled::kInverse;
}

Matrix Sweeps::tail_full_inverse() const {
  if (tail_.filled == TailState::Filled::kInverse) {
    return TailMatrix::full_inverse(tail_.factor, tail_.w);
  }
  TailMatrix inverse = tail_.factor;  // W may still be asked for
  inverse.invert();
  return TailMatrix::full_inverse(tail_.factor, inverse);
}

Matrix Sweeps::tail_derivative(const Matrix& top) {
  Matrix out = tail_full_inverse();
  for (const TailSegment& segment : pattern_.tail_segments) {
    const Matrix& own = lambda_[at(segment.group)];
    auto rows = out.middleRows(segment.first, own.rows());
    rows = times(own, rows);
  }
  for (const TailSegment& segment : pattern_.tail_segments) {
    const Matrix& own = lambda_[at(segment.group)];
    auto columns = out.middleCols(segment.first, own.rows());
    columns = times(columns, Form::kPlain, own, Form::kTransposed);
  }
  const Matrix h = in_order(pattern_, tail_h());
  add(1.0, times(h, top), Form::kPlain, h, Form::kTransposed, out);
  return out;
}

// Sum over levels of Z_a' V^-1 Z_a for one tail factor with the fixed part left out: from M^-1
// where Lambda is regular, else C_aa - (C P C)_aa by solves with L.
Matrix Sweeps::tail_information(std::size_t which) {
  const TailGroup& group = pattern_.tail[which];
  const Index q = group.q;
  Matrix sum = Matrix::Zero(q, q);
  if (tail_.regular[which]) {
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index first = pattern_.tail_pattern.position[at(group.offset + level * q)];
      sum -= block_of(tail_.w, first, q);
    }
    sum.diagonal().array() += static_cast<double>(group.n_levels);
    const Matrix inverse = inverse_of_lower(lambda_[at(group.group)]);
    return congruent_transposed(inverse, sum);
  }
  constexpr Index kColumns = 256;
  const Index step = std::max<Index>(1, kColumns / q);
  Matrix columns;
  for (Index from = 0; from < group.n_levels; from += step) {
    const Index levels = std::min(step, group.n_levels - from);
    columns.setZero(pattern_.tail_columns, levels * q);
    for (Index k = 0; k < columns.cols(); ++k) {
      columns(pattern_.tail_pattern.position[at(group.offset + from * q + k)], k) = 1.0;
    }
    columns = tail_.c.times(columns);
    for (Index level = 0; level < levels; ++level) {
      const Index first = pattern_.tail_pattern.position[at(group.offset + (from + level) * q)];
      sum += block_of(tail_.c, first, q);
    }
    const Matrix half = tail_half(by_column(pattern_, columns));
    for (Index level = 0; level < levels; ++level) {
      const auto own = half.middleCols(level * q, q);
      add(-1.0, own, Form::kTransposed, own, Form::kPlain, sum);
    }
  }
  return sum;
}

void Sweeps::reverse_tail(const Matrix& top, std::vector<Matrix>& gamma, bool direct) {
  solve_tail();
  invert_tail();
  for (std::size_t t = 0; t < pattern_.tail.size(); ++t) {
    const TailGroup& group = pattern_.tail[t];
    Matrix& sum = gamma[at(group.group)];
    sum += tail_information(t);
    for (Index level = 0; level < group.n_levels; ++level) {
      const auto u = tail_.u.middleRows(group.offset + level * group.q, group.q);
      add(-1.0, times(u, top), Form::kPlain, u, Form::kTransposed, sum);
    }
  }
  if (direct) return;
  tail_.w.congruence(pattern_.tail_segments, lambda_, true);
  tail_.w.add_product(in_order(pattern_, tail_.h), top);
  tail_.w_fixed = -times(tail_.h, top);
  tail_.filled = TailState::Filled::kDerivative;
}

void Sweeps::tail_products() {
  if (tail_.f.size() > 0) return;
  solve_tail();
  const Matrix inverse = tail_full_inverse();
  const Index n = pattern_.tail_columns;
  tail_.p.resize(n, n);
  const std::vector<std::int32_t>& position = pattern_.tail_pattern.position;
  for (Index j = 0; j < n; ++j) {
    for (Index i = 0; i < n; ++i) tail_.p(i, j) = inverse(position[at(i)], position[at(j)]);
  }
  std::vector<Matrix> transposed;
  for (const Matrix& l : lambda_) transposed.push_back(l.transpose());
  times_lambda(pattern_, transposed, tail_.p);
  lambda_transposed_times(pattern_, transposed, tail_.p);
  if (tail_.c.empty()) {
    std::vector<Matrix> precision(lambda_.size());
    for (const TailGroup& group : pattern_.tail) {
      precision[at(group.group)] = inverse_of_square(lambda_[at(group.group)]);
    }
    tail_.f = tail_.p;
    lambda_transposed_times(pattern_, precision, tail_.f);
    tail_.s = -tail_.f;
    times_lambda(pattern_, precision, tail_.s);
    for (const TailGroup& group : pattern_.tail) {
      for (Index level = 0; level < group.n_levels; ++level) {
        const Index from = group.offset + level * group.q;
        tail_.s.block(from, from, group.q, group.q) += precision[at(group.group)];
      }
    }
    return;
  }
  const Matrix c = tail_.c.by_column();
  Matrix cp;
  multiply(c, tail_.p, cp);
  tail_.f = -cp;
  tail_.f.diagonal().array() += 1.0;
  multiply(tail_.f, c, tail_.s);
}

}  // namespace ranef
