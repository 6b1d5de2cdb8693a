#include "iterative/block_jacobi.hpp"

#include <algorithm>
#include <cmath>

#include "factor/level_factor.hpp"
#include "iterative/level_kernels.hpp"
#include "linalg/small.hpp"

namespace ranef {

namespace {

// out = M v or M' v for blocks M of all tail levels.
void times_blocks(const TailOrder& tail, const std::vector<HugeVector>& blocks, bool transposed,
                  int width, const double* v, double* out) {
  with_width(width, [&](auto size) {
    constexpr int kW = decltype(size)::value;
    std::vector<double> sum;
    for (std::size_t r = 0; r < tail.runs.size(); ++r) {
      const TailRun& run = tail.runs[r];
      const double* block = blocks[r].data();
      const double* from = v + run.offset * kW;
      double* to = out + run.offset * kW;
      if (run.q == 1) {
        for (Index place = 0; place < run.n_levels; ++place) {
          for (int k = 0; k < kW; ++k) to[place * kW + k] = block[place] * from[place * kW + k];
        }
        continue;
      }
      const int q = run.q;
      sum.resize(at(q * kW));
      for (Index place = 0; place < run.n_levels; ++place, block += q * q) {
        std::fill(sum.begin(), sum.end(), 0.0);
        const double* own = from + place * q * kW;
        if (transposed) {
          add_transposed_times<kW>(1.0, block, q, q, own, sum.data());
        } else {
          add_times<kW>(1.0, block, q, q, own, sum.data());
        }
        std::copy(sum.begin(), sum.end(), to + place * q * kW);
      }
    }
  });
}

}  // namespace

bool BlockJacobi::prepare(const std::vector<Matrix>& lambda) {
  lambda_ = lambda;
  c_ = operator_.diagonal_blocks();
  k_inverse_.resize(c_.size());
  g_.resize(c_.size());
  p_.resize(c_.size());
  f_.resize(c_.size());
  log_determinant_ = 0.0;
  for (std::size_t r = 0; r < c_.size(); ++r) {
    const TailRun& run = tail().runs[r];
    const int q = run.q;
    for (auto* own : {&k_inverse_[r], &g_[r], &p_[r], &f_[r]}) own->resize(c_[r].size());
    FactorLambda factor(lambda[at(run.group)]);
    Matrix inverse(q, q);
    for (Index place = 0; place < run.n_levels; ++place) {
      const std::size_t block = at(place * q * q);
      const bool fine = with_size(q, [&](auto size) {
        return factor_level<decltype(size)::value>(q, &c_[r][block], factor, &p_[r][block],
                                                   &f_[r][block], log_determinant_);
      });
      if (!fine) return false;
      // factor.m is K and factor.half is K^-1 Lambda', of which G is the transpose.
      inverse.setIdentity();
      for (int b = 0; b < q; ++b) {
        for (int a = 0; a < q; ++a) {
          double value = inverse(a, b);
          for (int c = 0; c < a; ++c) value -= factor.m(a, c) * inverse(c, b);
          inverse(a, b) = value / factor.m(a, a);
        }
      }
      for (int b = 0; b < q; ++b) {
        for (int a = 0; a < q; ++a) {
          k_inverse_[r][block + at(a + b * q)] = inverse(a, b);
          g_[r][block + at(a + b * q)] = factor.half(b, a);
        }
      }
    }
  }
  return std::isfinite(log_determinant_);
}

void BlockJacobi::g_times(int width, const double* v, double* out) const {
  times_blocks(tail(), g_, false, width, v, out);
}

void BlockJacobi::g_transposed_times(int width, const double* v, double* out) const {
  times_blocks(tail(), g_, true, width, v, out);
}

void BlockJacobi::k_inverse_transposed_times(int width, const double* v, double* out) const {
  times_blocks(tail(), k_inverse_, true, width, v, out);
}

void BlockJacobi::apply(int width, const double* v, double* out) {
  const std::size_t size = at(columns() * width);
  scaled_.resize(size);
  g_times(width, v, scaled_.data());
  operator_.apply(width, scaled_.data(), out);
  g_transposed_times(width, out, out);
  k_inverse_transposed_times(width, v, scaled_.data());
  times_blocks(tail(), k_inverse_, false, width, scaled_.data(), scaled_.data());
  for (std::size_t i = 0; i < size; ++i) out[i] += scaled_[i];
}

}  // namespace ranef
