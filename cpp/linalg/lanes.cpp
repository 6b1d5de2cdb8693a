#include "linalg/lanes.hpp"

#include "linalg/clones.hpp"

namespace ranef {

namespace {

// sum(s, t) += a_s' b_t.
template <int S, int T>
RANEF_INLINE void add_tile(const LaneColumns& a, int s0, const LaneColumns& b, int t0, int n,
                           double* sum, Index stride) {
  Lane tile[S][T];
  for (int s = 0; s < S; ++s) {
    for (int t = 0; t < T; ++t) tile[s][t] = Lane::all(0.0);
  }
  for (int i = 0; i < n; i += static_cast<int>(kLane)) {
    Lane x[S];
    for (int s = 0; s < S; ++s) x[s] = load(a.column(s0 + s) + i);
    for (int t = 0; t < T; ++t) {
      const Lane y = load(b.column(t0 + t) + i);
      for (int s = 0; s < S; ++s) tile[s][t] += x[s] * y;
    }
  }
  for (int s = 0; s < S; ++s) {
    for (int t = 0; t < T; ++t) sum[s0 + s + (t0 + t) * stride] += tile[s][t].sum();
  }
}

RANEF_LANE_CLONES void add_all(const LaneColumns& a, const LaneColumns& b, int n, bool lower,
                               double* sum, Index stride) {
  constexpr int kTile = 2;
  for (int t = 0; t < b.count; t += kTile) {
    const bool wide = t + kTile <= b.count;
    for (int s = lower ? t : 0; s < a.count; s += kTile) {
      const bool tall = s + kTile <= a.count;
      if (wide && tall) {
        add_tile<kTile, kTile>(a, s, b, t, n, sum, stride);
      } else if (wide) {
        add_tile<1, kTile>(a, s, b, t, n, sum, stride);
      } else if (tall) {
        add_tile<kTile, 1>(a, s, b, t, n, sum, stride);
      } else {
        add_tile<1, 1>(a, s, b, t, n, sum, stride);
      }
    }
  }
}

}  // namespace

void add_products(const LaneColumns& a, const LaneColumns& b, int n, bool lower, Matrix& sum) {
  add_all(a, b, n, lower, sum.data(), sum.rows());
}

}  // namespace ranef
