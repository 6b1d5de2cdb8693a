// One level's rows over the tail times columns that stand side by side (width.hpp), and back.
#pragma once

#include <array>

#include "iterative/chain_elimination.hpp"
#include "iterative/width.hpp"

namespace ranef {

// out (q x W) += R v for one level of a list. `values`: null where all of them are 1.
template <int W>
[[gnu::always_inline]] inline void pull(const LevelList& list, const double* values, Index level,
                                        const double* v, double* out) {
  const auto from = at(list.start[at(level)]);
  const auto to = at(list.start[at(level) + 1]);
  const std::int32_t* place = list.place.data();
  if (values == nullptr) {
    double sum[W] = {};
    const double* base = v + list.offset * W;
    for (std::size_t e = from; e < to; ++e) {
      const double* x = base + Index{place[e]} * W;
      for (int k = 0; k < W; ++k) sum[k] += x[k];
    }
    for (int k = 0; k < W; ++k) out[k] += sum[k];
    return;
  }
  const int q = list.q;
  const int q_tail = list.q_tail;
  const double* block = values + from * at(q * q_tail);
  for (std::size_t e = from; e < to; ++e) {
    const double* x = v + (list.offset + Index{place[e]} * q_tail) * W;
    for (int b = 0; b < q_tail; ++b, x += W) {
      for (int a = 0; a < q; ++a) {
        const double c = *block++;
        for (int k = 0; k < W; ++k) out[a * W + k] += c * x[k];
      }
    }
  }
}

// out += R' s for s (q x W) of one level.
template <int W>
[[gnu::always_inline]] inline void push(const LevelList& list, const double* values, Index level,
                                        const double* s, double* out) {
  const auto from = at(list.start[at(level)]);
  const auto to = at(list.start[at(level) + 1]);
  const std::int32_t* place = list.place.data();
  if (values == nullptr) {
    double own[W];
    for (int k = 0; k < W; ++k) own[k] = s[k];
    double* base = out + list.offset * W;
    for (std::size_t e = from; e < to; ++e) {
      double* x = base + Index{place[e]} * W;
      for (int k = 0; k < W; ++k) x[k] += own[k];
    }
    return;
  }
  const int q = list.q;
  const int q_tail = list.q_tail;
  const double* block = values + from * at(q * q_tail);
  for (std::size_t e = from; e < to; ++e) {
    double* x = out + (list.offset + Index{place[e]} * q_tail) * W;
    for (int b = 0; b < q_tail; ++b, x += W) {
      for (int a = 0; a < q; ++a) {
        const double c = *block++;
        for (int k = 0; k < W; ++k) x[k] += c * s[a * W + k];
      }
    }
  }
}

// out (rows x W) += sign m x for m (rows x columns, column-major) and x (columns x W).
template <int W>
[[gnu::always_inline]] inline void add_times(double sign, const double* m, int rows, int columns,
                                             const double* x, double* out) {
  for (int c = 0; c < columns; ++c) {
    for (int r = 0; r < rows; ++r) {
      const double value = sign * m[r + c * rows];
      for (int k = 0; k < W; ++k) out[r * W + k] += value * x[c * W + k];
    }
  }
}

// out (columns x W) += sign m' x for m (rows x columns) and x (rows x W).
template <int W>
[[gnu::always_inline]] inline void add_transposed_times(double sign, const double* m, int rows,
                                                        int columns, const double* x, double* out) {
  for (int c = 0; c < columns; ++c) {
    for (int r = 0; r < rows; ++r) {
      const double value = sign * m[r + c * rows];
      for (int k = 0; k < W; ++k) out[c * W + k] += value * x[r * W + k];
    }
  }
}

}  // namespace ranef
