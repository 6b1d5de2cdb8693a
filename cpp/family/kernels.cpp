#include "family/kernels.hpp"

#include <algorithm>

#include "linalg/clones.hpp"
#include "linalg/exp_log.hpp"

namespace ranef {

namespace {

constexpr Index kBlock = 256;

// Columns of a block of rows, a multiple of kLane of them.
struct Block {
  Index n;
  const double* eta;
  const double* y;
  const double* weights;
  std::array<double*, 5> out;
};

template <bool Value, int Order>
RANEF_INLINE void binomial_logit(const Block& block) {
  for (Index i = 0; i < block.n; i += kLane) {
    const Lane x = load(block.eta + i);
    const Lane y = load(block.y + i);
    const Lane w = load(block.weights + i);
    const Lane e = exp(-magnitude(x));
    Lane larger;
    if constexpr (Value) {
      const LogSum sum = log_of_one_more(e);
      larger = sum.inverse;
      const Lane above = where_positive(x, x, Lane::all(0.0));
      store(w * ((y * x - above) - sum.log), block.out[0] + i);
    } else {
      larger = inverse(e + 1.0);
    }
    const Lane smaller = e * larger;
    const Lane p = where_positive(x, larger, smaller);
    const Lane q = where_positive(x, smaller, larger);
    const Lane v = w * (p * q);
    store(w * (y * q - (Lane::all(1.0) - y) * p), block.out[1] + i);
    store(-v, block.out[2] + i);
    if constexpr (Order > 2) store(v * (p - q), block.out[3] + i);
    if constexpr (Order > 3) store(v * (p * q * 6.0 + -1.0), block.out[4] + i);
  }
}

// Exponents beyond this one are taken for it: weights may still multiply the mean.
constexpr double kLargest = 600.0;

template <bool Value, int Order>
RANEF_INLINE void poisson_log(const Block& block) {
  for (Index i = 0; i < block.n; i += kLane) {
    const Lane x = load(block.eta + i);
    const Lane y = load(block.y + i);
    const Lane w = load(block.weights + i);
    const Lane mean = exp(at_most(x, kLargest));
    if constexpr (Value) store(w * (y * x - mean), block.out[0] + i);
    store(w * (y - mean), block.out[1] + i);
    for (std::size_t k = 2; k <= Order; ++k) store(-(w * mean), block.out[k] + i);
  }
}

#define RANEF_ROWS(name)                                                      \
  RANEF_LANE_CLONES void name##_2(const Block& b) { name<false, 2>(b); }      \
  RANEF_LANE_CLONES void name##_3(const Block& b) { name<false, 3>(b); }      \
  RANEF_LANE_CLONES void name##_4(const Block& b) { name<false, 4>(b); }      \
  RANEF_LANE_CLONES void name##_value_2(const Block& b) { name<true, 2>(b); } \
  RANEF_LANE_CLONES void name##_value_3(const Block& b) { name<true, 3>(b); } \
  RANEF_LANE_CLONES void name##_value_4(const Block& b) { name<true, 4>(b); }
RANEF_ROWS(binomial_logit)
RANEF_ROWS(poisson_log)
#undef RANEF_ROWS

using Loop = void (*)(const Block&);
// Without l and with it, by order.
using Loops = std::array<std::array<Loop, 3>, 2>;

// Block by block; what is not asked for, and the last few rows, go through memory of their own.
void run(const FamilyRows& rows, RowOrder order, const RowDerivatives& out, const Loops& loops) {
  std::array<double, kBlock> ones;
  ones.fill(1.0);
  std::array<double, kBlock> aside;
  const auto last = static_cast<std::size_t>(order);
  const Loop loop = loops[out.eta[0] != nullptr][last - 2];
  const Index whole = rows.n / kLane * kLane;
  for (Index from = 0; from < whole; from += kBlock) {
    Block block = {std::min(kBlock, whole - from),
                   rows.eta + from,
                   rows.y + from,
                   rows.weights == nullptr ? ones.data() : rows.weights + from,
                   {}};
    for (std::size_t k = 0; k <= last; ++k) {
      block.out[k] = out.eta[k] == nullptr ? aside.data() : out.eta[k] + from;
    }
    loop(block);
  }
  if (whole == rows.n) return;
  std::array<double, kLane> eta = {};
  std::array<double, kLane> y = {};
  std::array<double, kLane> weights;
  weights.fill(1.0);
  std::array<std::array<double, kLane>, 5> results;
  Block block = {kLane, eta.data(), y.data(), weights.data(), {}};
  for (std::size_t k = 0; k <= last; ++k) block.out[k] = results[k].data();
  for (Index i = whole; i < rows.n; ++i) {
    const std::size_t k = at(i - whole);
    eta[k] = rows.eta[i];
    y[k] = rows.y[i];
    weights[k] = rows.weights == nullptr ? 1.0 : rows.weights[i];
  }
  loop(block);
  for (std::size_t k = 0; k <= last; ++k) {
    if (out.eta[k] == nullptr) continue;
    for (Index i = whole; i < rows.n; ++i) out.eta[k][i] = results[k][at(i - whole)];
  }
}

}  // namespace

void binomial_logit_rows(const FamilyRows& rows, RowOrder order, const RowDerivatives& out) {
  run(rows, order, out,
      {{{binomial_logit_2, binomial_logit_3, binomial_logit_4},
        {binomial_logit_value_2, binomial_logit_value_3, binomial_logit_value_4}}});
}

void poisson_log_rows(const FamilyRows& rows, RowOrder order, const RowDerivatives& out) {
  run(rows, order, out,
      {{{poisson_log_2, poisson_log_3, poisson_log_4},
        {poisson_log_value_2, poisson_log_value_3, poisson_log_value_4}}});
}

void negative_curvature(const Family& family, const FamilyRows& rows, double* out) {
  RowDerivatives into;
  into.eta = {nullptr, nullptr, out};
  family.derivatives(rows, RowOrder::kPass, into);
  for (Index i = 0; i < rows.n; ++i) out[i] = -out[i];
}

}  // namespace ranef
