#include "factor/sweeps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "factor/level_factor.hpp"
#include "factor/wide_stage.hpp"
#include "linalg/products.hpp"

namespace ranef {

Sweeps::Sweeps(const Arranged& arranged)
    : pattern_(*arranged), numbers_(arranged.numbers), stages_(pattern_.chain.size()) {
  std::size_t widest = 0;
  std::size_t widest_q = 1;
  for (std::size_t i = 0; i < pattern_.chain.size(); ++i) {
    const Stage& stage = pattern_.chain[i];
    for (Index level = 0; level < stage.n_levels; ++level) {
      widest = std::max(widest, at(stage.rest_columns(level)));
    }
    widest_q = std::max(widest_q, at(stage.q));
  }
  scratch_b_.resize(widest * widest_q);
  small_a_.resize(widest_q * widest_q);
  small_b_.resize(widest_q * widest_q);
  small_c_.resize(widest_q * widest_q);
  scratch_w_.resize(widest * widest);
}

void Sweeps::allocate() {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const std::size_t blocks = pattern_.chain[i].diagonal_size();
    const std::size_t rest = pattern_.chain[i].rest_size();
    StageState& state = stages_[i];
    state.p.resize(blocks);
    state.f.resize(blocks);
    state.h.resize(rest);
    state.u.resize(rest);
  }
}

const double* Sweeps::c_diagonal(std::size_t i) const {
  return i == 0 ? numbers_.chain[0].diagonal.data() : stages_[i].diagonal.data();
}

const double* Sweeps::c_rest(std::size_t i) const {
  return i == 0 ? numbers_.chain[0].rest.data() : stages_[i].rest.data();
}

bool Sweeps::forward(const std::vector<Matrix>& lambda) {
  if (!stages_.empty() && stages_[0].p.empty()) allocate();
  lambda_ = lambda;
  log_determinant_ = 0.0;
  fixed_ = numbers_.fixed;
  if (pattern_.tail_columns > 0) start_tail();
  for (std::size_t i = 1; i < stages_.size(); ++i) {
    stages_[i].diagonal = numbers_.chain[i].diagonal;
    stages_[i].rest = numbers_.chain[i].rest;
  }
  if (scalar_with_tail()) return forward_scalar() && forward_tail();
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const bool fine = is_wide(pattern_, pattern_.chain[i])
                          ? forward_wide(i)
                          : with_size(pattern_.chain[i].q, [&](auto size) {
                              return forward_stage<decltype(size)::value>(i);
                            });
    if (!fine) return false;
  }
  return forward_tail();
}

template <int Q>
bool Sweeps::forward_stage(std::size_t i) {
  const Stage& stage = pattern_.chain[i];
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
    if (width == 0) continue;
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
    scatter_subtract(pattern_, i, level, Eigen::Map<Matrix>(scratch_w_.data(), width, width),
                     {&stages_, &tail_.factor, &tail_.fixed, &fixed_});
  }
  return std::isfinite(log_determinant_);
}

void Sweeps::reverse(const Matrix& top, std::vector<Matrix>& gamma, bool keep) {
  gamma.clear();
  for (const int q : pattern_.q) gamma.push_back(Matrix::Zero(q, q));
  const bool direct = scalar_with_tail() && !keep;
  if (pattern_.tail_columns > 0) reverse_tail(top, gamma, direct);
  if (direct) {
    reverse_scalar(top, gamma[at(pattern_.chain[0].group)]);
    return;
  }
  for (std::size_t i = stages_.size(); i-- > 0;) {
    if (is_wide(pattern_, pattern_.chain[i])) {
      reverse_wide(i, top, gamma[at(pattern_.chain[i].group)], keep || i > 0);
      continue;
    }
    with_size(pattern_.chain[i].q, [&](auto size) {
      reverse_stage<decltype(size)::value>(i, top, gamma[at(pattern_.chain[i].group)],
                                           keep || i > 0);
    });
  }
}

template <int Q>
void Sweeps::reverse_stage(std::size_t i, const Matrix& top, Matrix& gamma, bool keep) {
  const Stage& stage = pattern_.chain[i];
  StageState& state = stages_[i];
  const int q = Small<Q>::size(stage.q);
  const std::size_t block_size = at(q) * at(q);
  const double* c_all = c_diagonal(i);
  if (keep) {
    state.w_diagonal.resize(stage.diagonal_size());
    state.w_rest.resize(stage.rest_size());
  }
  const bool alone = stage.parent.empty() && pattern_.tail_columns == 0;
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
  gather(pattern_, i, level, kept(top), out);
}

void Sweeps::predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                        std::vector<std::vector<double>>& e) {
  const auto m = static_cast<int>(v.cols());
  b.assign(at(pattern_.n_groups), {});
  e.assign(at(pattern_.n_groups), {});
  for (int g = 0; g < pattern_.n_groups; ++g) {
    const std::size_t size = at(pattern_.n_levels[at(g)]) * at(pattern_.q[at(g)]) * at(m);
    b[at(g)].resize(size);
    e[at(g)].resize(size);
  }
  Matrix tail_b;  // one column for each tail column
  if (pattern_.tail_columns > 0) {
    tail_b = times(tail_h(), v).transpose();
    const Matrix tail_e = times(tail_u(), v);
    for (const TailGroup& group : pattern_.tail) {
      for (Index level = 0; level < group.n_levels; ++level) {
        const Index from = group.offset + level * group.q;
        const std::size_t to = at(level) * at(group.q) * at(m);
        Eigen::Map<Matrix>(&b[at(group.group)][to], group.q, m) =
            tail_b.middleCols(from, group.q).transpose();
        Eigen::Map<Matrix>(&e[at(group.group)][to], group.q, m) = tail_e.middleRows(from, group.q);
      }
    }
  }
  const Matrix fixed = v.transpose();
  for (std::size_t i = stages_.size(); i-- > 0;) {
    const Stage& stage = pattern_.chain[i];
    const int q = stage.q;
    const Matrix& lambda = lambda_[at(stage.group)];
    const Matrix d = outer_gram(lambda);
    for (Index level = 0; level < stage.n_levels; ++level) {
      const double* u = &stages_[i].u[at(stage.rest_start[at(level)]) * at(q)];
      const std::size_t to = at(level) * at(q * m);
      double* score = &e[at(stage.group)][to];
      // Takes a rest column of U times what is known of it; `stride` apart in memory.
      const auto add = [&](double sign, const double* known, int stride) {
        for (int c = 0; c < m; ++c) {
          const double value = sign * known[c * stride];
          for (int a = 0; a < q; ++a) score[a + c * q] += value * u[a];
        }
        u += q;
      };
      for (std::size_t k = 0; k < stage.parent.size(); ++k) {
        const Stage& later = pattern_.chain[i + 1 + k];
        const std::size_t up = at(stage.parent[k][at(level)]);
        for (int r = 0; r < later.q; ++r) {
          add(-1.0, &b[at(later.group)][up * at(later.q * m) + at(r)], later.q);
        }
      }
      const std::int32_t* list = stage.tail_list(level);
      const int n_tail = stage.tail_columns(level);
      if (q == 1) {
        for (int t = 0; t < n_tail; ++t) {
          const double* known = tail_b.col(list[t]).data();
          const double value = *u++;
          for (int c = 0; c < m; ++c) score[c] -= value * known[c];
        }
      } else {
        for (int t = 0; t < n_tail; ++t) add(-1.0, tail_b.col(list[t]).data(), 1);
      }
      for (int k = 0; k < pattern_.m; ++k) add(1.0, fixed.col(k).data(), 1);
      // H = D U.
      Eigen::Map<Matrix>(&b[at(stage.group)][to], q, m) =
          d.lazyProduct(Eigen::Map<const Matrix>(score, q, m));
    }
  }
}

}  // namespace ranef
