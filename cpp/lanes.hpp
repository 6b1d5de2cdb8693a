// Two levels in one register, and sums of products over strips of levels.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "dense.hpp"

namespace ranef {

// Holds the same number of two neighbouring levels.
using Lane = Eigen::Array2d;
constexpr Index kLane = 2;

inline Lane load(const double* from) { return Eigen::Map<const Lane>(from); }
inline void store(const Lane& lane, double* to) { Eigen::Map<Lane>{to} = lane; }

// q x q numbers of each level; q known at compile time, or at run time where Q is 0.
template <int Q>
class LaneSquare {
 public:
  explicit LaneSquare(int) {}
  Lane& operator()(int a, int b) { return values_[static_cast<std::size_t>(a + b * Q)]; }
  const Lane& operator()(int a, int b) const {
    return values_[static_cast<std::size_t>(a + b * Q)];
  }

 private:
  std::array<Lane, static_cast<std::size_t>(Q) * Q> values_;
};

template <>
class LaneSquare<0> {
 public:
  explicit LaneSquare(int q) : q_(q), values_(at(q) * at(q)) {}
  Lane& operator()(int a, int b) { return values_[at(a + b * q_)]; }
  const Lane& operator()(int a, int b) const { return values_[at(a + b * q_)]; }

 private:
  int q_;
  std::vector<Lane> values_;
};

// Columns of numbers by level, `stride` apart.
struct LaneColumns {
  const double* values;
  Index stride;
  int count;

  const double* column(int k) const { return values + k * stride; }
};

// sum(s, t) += a_s' b_t over the first n levels, n even.
template <int S, int T>
void add_tile(const LaneColumns& a, int s0, const LaneColumns& b, int t0, int n, Matrix& sum) {
  Lane tile[S][T];
  for (int s = 0; s < S; ++s) {
    for (int t = 0; t < T; ++t) tile[s][t].setZero();
  }
  for (int i = 0; i < n; i += kLane) {
    Lane x[S];
    for (int s = 0; s < S; ++s) x[s] = load(a.column(s0 + s) + i);
    for (int t = 0; t < T; ++t) {
      const Lane y = load(b.column(t0 + t) + i);
      for (int s = 0; s < S; ++s) tile[s][t] += x[s] * y;
    }
  }
  for (int s = 0; s < S; ++s) {
    for (int t = 0; t < T; ++t) sum(s0 + s, t0 + t) += tile[s][t].sum();
  }
}

// sum += a'b over the first n levels. With `lower`, entries above the diagonal do not matter.
inline void add_products(const LaneColumns& a, const LaneColumns& b, int n, bool lower,
                         Matrix& sum) {
  constexpr int kTile = 2;
  for (int t = 0; t < b.count; t += kTile) {
    const bool wide = t + kTile <= b.count;
    for (int s = lower ? t : 0; s < a.count; s += kTile) {
      const bool tall = s + kTile <= a.count;
      if (wide && tall) {
        add_tile<kTile, kTile>(a, s, b, t, n, sum);
      } else if (wide) {
        add_tile<1, kTile>(a, s, b, t, n, sum);
      } else if (tall) {
        add_tile<kTile, 1>(a, s, b, t, n, sum);
      } else {
        add_tile<1, 1>(a, s, b, t, n, sum);
      }
    }
  }
}

}  // namespace ranef
