#include "sweeps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "level_factor.hpp"
#include "wide_stage.hpp"

namespace ranef {

namespace {

Matrix inverse_of_d(const Matrix& lambda) {
  Matrix inverse = Matrix::Identity(lambda.rows(), lambda.rows());
  lambda.triangularView<Eigen::Lower>().solveInPlace(inverse);
  return inverse.transpose() * inverse;
}

}  // namespace

Sweeps::Sweeps(const Problem& problem) : problem_(problem), stages_(problem.chain.size()) {
  std::size_t widest = 0;
  std::size_t widest_q = 1;
  for (std::size_t i = 0; i < problem.chain.size(); ++i) {
    const Stage& stage = problem.chain[i];
    const std::size_t blocks = stage.diagonal.size();
    StageState& state = stages_[i];
    state.p.resize(blocks);
    state.f.resize(blocks);
    state.h.resize(stage.rest.size());
    state.u.resize(stage.rest.size());
    for (Index level = 0; level < stage.n_levels; ++level) {
      widest = std::max(widest, at(stage.rest_columns(level)));
    }
    widest_q = std::max(widest_q, at(stage.q));
  }
  scratch_b_.resize(widest * widest_q);
  small_a_.resize(widest_q * widest_q);
  small_b_.resize(widest_q * widest_q);
  scratch_w_.resize(widest * widest);
}

const double* Sweeps::c_diagonal(std::size_t i) const {
  return i == 0 ? problem_.chain[0].diagonal.data() : stages_[i].diagonal.data();
}

const double* Sweeps::c_rest(std::size_t i) const {
  return i == 0 ? problem_.chain[0].rest.data() : stages_[i].rest.data();
}

bool Sweeps::forward(const std::vector<Matrix>& lambda) {
  lambda_ = lambda;
  log_determinant_ = 0.0;
  fixed_ = problem_.fixed;
  tail_.c = problem_.tail_block;
  tail_.fixed = problem_.tail_fixed;
  for (std::size_t i = 1; i < stages_.size(); ++i) {
    stages_[i].diagonal = problem_.chain[i].diagonal;
    stages_[i].rest = problem_.chain[i].rest;
  }
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const bool fine = is_wide(problem_, problem_.chain[i])
                          ? forward_wide(i)
                          : with_size(problem_.chain[i].q, [&](auto size) {
                              return forward_stage<decltype(size)::value>(i);
                            });
    if (!fine) return false;
  }
  return forward_tail();
}

template <int Q>
bool Sweeps::forward_stage(std::size_t i) {
  const Stage& stage = problem_.chain[i];
  StageState& state = stages_[i];
  const int q = Small<Q>::size(stage.q);
  FactorLambda factor(lambda_[at(stage.group)]);
  const double* half = factor.half.data();
  const std::size_t block_size = at(q) * at(q);
  const double* c_all = c_diagonal(i);
  const double* rest_all = c_rest(i);
  for (Index level = 0; level < stage.n_levels; ++level) {
    const std::size_t block = at(level) * block_size;
    const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
    const int width = stage.rest_columns(level);
    const double* rest = rest_all + from;
    double* p = &state.p[block];
    if (!factor_level<Q>(q, c_all + block, factor, p, &state.f[block], log_determinant_)) {
      return false;
    }
    Small<Q>::multiply_wide(q, p, rest, width, &state.h[from]);
    Small<Q>::multiply_wide(q, &state.f[block], rest, width, &state.u[from]);
    // C_rest,j P C_j,rest as the Gram matrix of L^-1 Lambda' C_j,rest.
    double* b = scratch_b_.data();
    for (int t = 0; t < width; ++t) {
      for (int a = 0; a < q; ++a) {
        double sum = 0.0;
        for (int k = 0; k < q; ++k) sum += half[a + k * q] * rest[k + t * q];
        b[t + a * width] = sum;
      }
    }
    gram(width, q, b, scratch_w_.data());
    scatter_subtract(problem_, i, level, Eigen::Map<Matrix>(scratch_w_.data(), width, width),
                     {&stages_, &tail_.c, &tail_.fixed, &fixed_});
  }
  return std::isfinite(log_determinant_);
}

bool Sweeps::forward_tail() {
  if (problem_.tail_columns == 0) return true;
  tail_.c.triangularView<Eigen::StrictlyUpper>() = tail_.c.transpose();
  Matrix m = tail_.c;
  times_lambda(problem_, lambda_, m);
  lambda_transposed_times(problem_, lambda_, m);
  m.diagonal().array() += 1.0;
  if (!cholesky_lower(m)) return false;
  log_determinant_ += 2.0 * m.diagonal().array().log().sum();
  Matrix b = tail_.fixed;
  lambda_transposed_times(problem_, lambda_, b);
  solve_lower(m, b);
  fixed_.noalias() -= b.transpose() * b;
  tail_.p = std::move(m);  // the factor, until a reverse sweep asks for P
  tail_.h.resize(0, 0);
  tail_.f.resize(0, 0);
  return true;
}

void Sweeps::reverse_tail(const Matrix& top, std::vector<Matrix>& gamma) {
  TailState& tail = tail_;
  if (tail.h.size() == 0) {
    inverse_from_cholesky(tail.p);
    Matrix& p = tail.p;
    // P = Lambda M^-1 Lambda': two transposed products of the symmetric inverse.
    std::vector<Matrix> transposed;
    for (const Matrix& l : lambda_) transposed.push_back(l.transpose());
    times_lambda(problem_, transposed, p);
    lambda_transposed_times(problem_, transposed, p);
    multiply(p, tail.fixed, tail.h);
    Matrix product;
    multiply(tail.c, tail.h, product);
    tail.u = tail.fixed - product;
  }
  const Matrix h_top = tail.h * top;
  tail.w = tail.p;
  tail.w.noalias() += h_top * tail.h.transpose();
  tail.w_fixed = -h_top;
  for (const TailGroup& group : problem_.tail) {
    Matrix& sum = gamma[at(group.group)];
    add_tail_information(group, sum);
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * group.q;
      const auto u = tail.u.middleRows(from, group.q);
      sum.noalias() -= u * top * u.transpose();
    }
  }
}

// With a regular Lambda, P = Lambda M^-1 Lambda' and C = Lambda^-T (M - I) Lambda^-1 give V^-1 over
// the tail without a product: F = D^-1 P and S = F C = D^-1 - D^-1 P D^-1. The subtraction loses
// digits when Lambda is small; twelve are left here.
bool Sweeps::regular(const TailGroup& group) const {
  constexpr double kRegular = 1e-4;
  const Matrix& lambda = lambda_[at(group.group)];
  const Index columns = group.n_levels * group.q;
  for (Index a = 0; a < group.q; ++a) {
    double most = 0.0;
    for (Index c = group.offset + a; c < group.offset + columns; c += group.q) {
      most = std::max(most, tail_.c(c, c));
    }
    if (!(lambda(a, a) * lambda(a, a) * most > kRegular)) return false;
  }
  return true;
}

// Sum over levels of Z_a' V^-1 Z_a for one tail factor: from P where Lambda is regular, else
// C_aa - (C P C)_aa, one product more.
void Sweeps::add_tail_information(const TailGroup& group, Matrix& gamma) {
  const Index q = group.q;
  const Index columns = group.n_levels * q;
  if (regular(group)) {
    Matrix sum = Matrix::Zero(q, q);
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * q;
      sum += tail_.p.block(from, from, q, q);
    }
    const Matrix precision = inverse_of_d(lambda_[at(group.group)]);
    gamma += static_cast<double>(group.n_levels) * precision - precision * sum * precision;
    return;
  }
  Matrix pc;
  multiply(tail_.p, tail_.c.middleCols(group.offset, columns), pc);
  for (Index level = 0; level < group.n_levels; ++level) {
    const Index from = group.offset + level * q;
    gamma += tail_.c.block(from, from, q, q);
    gamma.noalias() -= tail_.c.middleCols(from, q).transpose() * pc.middleCols(level * q, q);
  }
}

void Sweeps::tail_products() {
  if (tail_.f.size() > 0) return;
  if (std::all_of(problem_.tail.begin(), problem_.tail.end(),
                  [&](const TailGroup& group) { return regular(group); })) {
    std::vector<Matrix> precision;
    precision.resize(lambda_.size());
    for (const TailGroup& group : problem_.tail) {
      precision[at(group.group)] = inverse_of_d(lambda_[at(group.group)]);
    }
    tail_.f = tail_.p;
    lambda_transposed_times(problem_, precision, tail_.f);
    tail_.s = -tail_.f;
    times_lambda(problem_, precision, tail_.s);
    for (const TailGroup& group : problem_.tail) {
      for (Index level = 0; level < group.n_levels; ++level) {
        const Index from = group.offset + level * group.q;
        tail_.s.block(from, from, group.q, group.q) += precision[at(group.group)];
      }
    }
    return;
  }
  Matrix cp;
  multiply(tail_.c, tail_.p, cp);
  tail_.f = -cp;
  tail_.f.diagonal().array() += 1.0;
  multiply(tail_.f, tail_.c, tail_.s);
}

void Sweeps::reverse(const Matrix& top, std::vector<Matrix>& gamma, bool keep) {
  gamma.clear();
  for (const int q : problem_.q) gamma.push_back(Matrix::Zero(q, q));
  if (problem_.tail_columns > 0) reverse_tail(top, gamma);
  for (std::size_t i = stages_.size(); i-- > 0;) {
    if (is_wide(problem_, problem_.chain[i])) {
      reverse_wide(i, top, gamma[at(problem_.chain[i].group)], keep || i > 0);
      continue;
    }
    with_size(problem_.chain[i].q, [&](auto size) {
      reverse_stage<decltype(size)::value>(i, top, gamma[at(problem_.chain[i].group)],
                                           keep || i > 0);
    });
  }
}

template <int Q>
void Sweeps::reverse_stage(std::size_t i, const Matrix& top, Matrix& gamma, bool keep) {
  const Stage& stage = problem_.chain[i];
  StageState& state = stages_[i];
  const int q = Small<Q>::size(stage.q);
  const std::size_t block_size = at(q) * at(q);
  const double* c_all = c_diagonal(i);
  if (keep) {
    state.w_diagonal.resize(stage.diagonal.size());
    state.w_rest.resize(stage.rest.size());
  }
  const bool alone = stage.parent.empty() && problem_.tail_columns == 0;
  double* sum = small_a_.data();
  double* product = small_b_.data();
  std::fill_n(sum, block_size, 0.0);
  for (Index level = 0; level < stage.n_levels; ++level) {
    const std::size_t block = at(level) * block_size;
    const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
    const int width = stage.rest_columns(level);
    if (!alone) {
      gather_w(i, level, top, Eigen::Map<Matrix>(scratch_w_.data(), width, width));
    }
    const double* w = alone ? top.data() : scratch_w_.data();
    const double* u = &state.u[from];
    Small<Q>::multiply(q, &state.f[block], c_all + block, product);
    for (std::size_t k = 0; k < block_size; ++k) sum[k] += product[k];
    Small<Q>::multiply_symmetric(q, u, w, width, scratch_b_.data());
    Small<Q>::add_outer(q, -1.0, scratch_b_.data(), u, width, sum);
    if (keep) {
      const double* h = &state.h[from];
      double* w_rest = &state.w_rest[from];
      Small<Q>::multiply_symmetric(q, h, w, width, w_rest);
      std::copy_n(&state.p[block], block_size, &state.w_diagonal[block]);
      Small<Q>::add_outer(q, 1.0, w_rest, h, width, &state.w_diagonal[block]);
      for (int k = 0; k < q * width; ++k) w_rest[k] = -w_rest[k];
    }
  }
  const Eigen::Map<const Matrix> total(sum, q, q);
  gamma += 0.5 * (total + total.transpose());
}

void Sweeps::gather_w(std::size_t i, Index level, const Matrix& top, Eigen::Ref<Matrix> out) const {
  gather(problem_, i, level, {&stages_, &tail_.w, &tail_.w_fixed, &top}, out);
}

void Sweeps::predictors(std::vector<std::vector<double>>& b,
                        std::vector<std::vector<double>>& e) const {
  const int m = problem_.m;
  b.assign(at(problem_.n_groups), {});
  e.assign(at(problem_.n_groups), {});
  for (int g = 0; g < problem_.n_groups; ++g) {
    const std::size_t size = at(problem_.n_levels[at(g)]) * at(problem_.q[at(g)]) * at(m);
    b[at(g)].resize(size);
    e[at(g)].resize(size);
  }
  for (const TailGroup& group : problem_.tail) {
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * group.q;
      const std::size_t to = at(level) * at(group.q) * at(m);
      Eigen::Map<Matrix>(&b[at(group.group)][to], group.q, m) = tail_.h.middleRows(from, group.q);
      Eigen::Map<Matrix>(&e[at(group.group)][to], group.q, m) = tail_.u.middleRows(from, group.q);
    }
  }
  for (std::size_t i = stages_.size(); i-- > 0;) {
    const Stage& stage = problem_.chain[i];
    const StageState& state = stages_[i];
    const int q = stage.q;
    Matrix v;
    for (Index level = 0; level < stage.n_levels; ++level) {
      const int width = stage.rest_columns(level);
      v.setZero(width, m);
      int column = 0;
      for (std::size_t k = 0; k < stage.parent.size(); ++k) {
        const Stage& later = problem_.chain[i + 1 + k];
        const std::size_t up = at(stage.parent[k][at(level)]);
        v.middleRows(column, later.q) =
            -Eigen::Map<const Matrix>(&b[at(later.group)][up * at(later.q * m)], later.q, m);
        column += later.q;
      }
      const std::int32_t* list = stage.tail_list(level);
      for (int t = 0; t < stage.tail_columns(level); ++t) v.row(column++) = -tail_.h.row(list[t]);
      v.bottomRows(m).setIdentity();
      const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
      const std::size_t to = at(level) * at(q * m);
      Eigen::Map<Matrix>(&b[at(stage.group)][to], q, m).noalias() =
          Eigen::Map<const Matrix>(&state.h[from], q, width) * v;
      Eigen::Map<Matrix>(&e[at(stage.group)][to], q, m).noalias() =
          Eigen::Map<const Matrix>(&state.u[from], q, width) * v;
    }
  }
}

}  // namespace ranef
