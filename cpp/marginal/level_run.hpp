// A run of levels under given parameters: the predictors of its rows, and what the family says of
// them. Rows are counted from the first of the run.
//
// With b = Lambda u, u ~ N(0, I), a row has eta = (o + X beta) + c'u, c = Lambda'z.
#pragma once

#include <array>
#include <type_traits>
#include <vector>

#include "linalg/small.hpp"
#include "marginal/level_rows.hpp"

namespace ranef {

// Runs call(std::integral_constant<int, Q>) for Q = q, one of 1, 2, 3.
template <class Call>
auto with_few(int q, Call call) {
  if (q == 1) return call(std::integral_constant<int, 1>{});
  if (q == 2) return call(std::integral_constant<int, 2>{});
  return call(std::integral_constant<int, 3>{});
}

struct Parameters {
  Matrix lambda;
  Vector coefficients;
};

// Derivatives of n rows; only what was asked for has memory.
class DerivativeArrays {
 public:
  explicit DerivativeArrays(Index n) : n_(at(n)) {}

  // The first and the last derivative in eta: of l, of l_psi and of l_psi,psi.
  DerivativeArrays& eta(std::size_t first, std::size_t last);
  DerivativeArrays& psi(std::size_t channels, std::size_t first, std::size_t last);
  DerivativeArrays& psi2(std::size_t channels);  // no derivative in eta

  const RowDerivatives& pointers() const { return pointers_; }
  double* eta(std::size_t order) const { return pointers_.eta[order]; }
  double* psi_of(std::size_t channel, std::size_t order) const {
    return pointers_.psi[channel][order];
  }
  double* psi2_of(std::size_t a, std::size_t b) const { return pointers_.psi2[a + b][0]; }

 private:
  double* memory();

  std::size_t n_;
  std::vector<std::vector<double>> arrays_;
  RowDerivatives pointers_;
};

template <int Q>
class LevelRun {
 public:
  LevelRun(const LevelRows& rows, const Family& family, const Parameters& parameters, Index first,
           Index last);

  const LevelRows& all() const { return rows_; }
  Index first() const { return first_; }  // level
  Index levels() const { return last_ - first_; }
  Index row() const { return rows_.start[at(first_)]; }
  Index n() const { return from(levels()); }
  Index from(Index level) const { return rows_.start[at(first_ + level)] - row(); }
  Index to(Index level) const { return from(level + 1); }
  bool log_concave() const { return family_.log_concave(); }
  std::size_t channels() const { return rows_.designs.size() - 1; }

  const double* lambda() const { return lambda_.data(); }
  const double* c(Index i) const { return c_.data() + i * Q; }
  const double* z(Index i) const { return rows_.z.data() + (row() + i) * Q; }

  // Puts the rows of a level where its random effects are Lambda u.
  void place(Index level, const double* u);

  // Of rows from .. to - 1 where they are placed; arrays of all rows of the run.
  void derivatives(Index from, Index to, RowOrder order, const RowDerivatives& out) const;
  void expected(Index from, Index to, double* information) const;

 private:
  FamilyRows view(Index from, Index to) const;

  const LevelRows& rows_;
  const Family& family_;
  Index first_;
  Index last_;
  std::array<double, Q * Q> lambda_;
  std::vector<double> c_;
  std::vector<double> fixed_;
  std::array<std::vector<double>, kMostChannels> psi_;
  std::vector<double> eta_;
};

// Lower triangle of sum w_i v_i v_i' over rows from .. to - 1, v row-major; full in out.
template <int Q>
void weighted_gram(const double* v, const double* w, Index from, Index to, double* out) {
  double sum[Q * Q] = {};
  for (Index i = from; i < to; ++i) {
    const double* row = v + i * Q;
    for (int a = 0; a < Q; ++a) {
      const double value = w[i] * row[a];
      for (int b = 0; b <= a; ++b) sum[a + b * Q] += value * row[b];
    }
  }
  for (int a = 0; a < Q; ++a) {
    for (int b = 0; b <= a; ++b) out[a + b * Q] = out[b + a * Q] = sum[a + b * Q];
  }
}

// sum w_i v_i.
template <int Q>
void weighted_sum(const double* v, const double* w, Index from, Index to, double* out) {
  double sum[Q] = {};
  for (Index i = from; i < to; ++i) {
    for (int a = 0; a < Q; ++a) sum[a] += w[i] * v[i * Q + a];
  }
  for (int a = 0; a < Q; ++a) out[a] = sum[a];
}

// out = a x and out = a'x for q x q a, column-major.
template <int Q>
void apply(const double* a, const double* x, double* out) {
  for (int i = 0; i < Q; ++i) {
    out[i] = 0.0;
    for (int k = 0; k < Q; ++k) out[i] += a[i + k * Q] * x[k];
  }
}

template <int Q>
void apply_transposed(const double* a, const double* x, double* out) {
  for (int i = 0; i < Q; ++i) {
    out[i] = 0.0;
    for (int k = 0; k < Q; ++k) out[i] += a[k + i * Q] * x[k];
  }
}

template <int Q>
double dot(const double* a, const double* b) {
  double sum = 0.0;
  for (int k = 0; k < Q; ++k) sum += a[k] * b[k];
  return sum;
}

}  // namespace ranef
