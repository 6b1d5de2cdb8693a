// exp and log of four numbers side by side, with errors below one unit in the last place.
//
// Plain sums and products in a fixed order, so that the bits are the same on every processor; none
// of the C library's functions, whose bits are not. They are to be inlined into loops that are
// compiled for several processors (clones.hpp).
#pragma once

#include <cstdint>
#include <cstring>

#include "linalg/lanes.hpp"

namespace ranef {

// Four numbers as bits.
struct LaneBits {
  typedef std::uint64_t Values __attribute__((vector_size(32), aligned(alignof(std::uint64_t))));
  Values values;
};

RANEF_INLINE LaneBits bits_of(const Lane& x) {
  LaneBits out;
  std::memcpy(&out.values, &x.values, sizeof(out.values));
  return out;
}
RANEF_INLINE Lane number_of(const LaneBits::Values& bits) {
  Lane out;
  std::memcpy(&out.values, &bits, sizeof(bits));
  return out;
}

RANEF_INLINE Lane magnitude(const Lane& x) {
  return number_of(bits_of(x).values & 0x7fffffffffffffffULL);
}
// a where x >= 0, else b.
RANEF_INLINE Lane where_positive(const Lane& x, const Lane& a, const Lane& b) {
  return {x.values >= 0.0 ? a.values : b.values};
}

// NaN stays.
RANEF_INLINE Lane at_most(const Lane& x, double most) {
  return {x.values > most ? Lane::all(most).values : x.values};
}
RANEF_INLINE Lane at_least(const Lane& x, double least) {
  return {x.values < least ? Lane::all(least).values : x.values};
}

inline constexpr double kLargestLaneExponent = 708.0;

// Exponents beyond +-708 are taken for that; NaN gives NaN. With x = n log 2 + r, exp x is
// 2^n exp r, and the Taylor polynomial of degree 13 has all digits for |r| <= log(2)/2.
RANEF_INLINE Lane exp(const Lane& exponent) {
  constexpr double kShift = 0x1.8p52;  // adding it rounds to a whole number, in the low bits
  constexpr double kLog2High = 0x1.62e42fefa3800p-1;
  constexpr double kLog2Low = 0x1.ef35793c76730p-45;
  const Lane x = at_most(at_least(exponent, -kLargestLaneExponent), kLargestLaneExponent);
  const Lane shifted = x * 1.4426950408889634 + kShift;
  const Lane n = shifted + -kShift;
  const Lane r = (x - n * kLog2High) - n * kLog2Low;
  const Lane r2 = r * r;
  const Lane r4 = r2 * r2;
  const Lane low = (r * (1.0 / 6) + 1.0 / 2) + r2 * (r * (1.0 / 120) + 1.0 / 24);
  const Lane middle = (r * (1.0 / 5040) + 1.0 / 720) + r2 * (r * (1.0 / 362880) + 1.0 / 40320);
  const Lane high =
      (r * (1.0 / 39916800) + 1.0 / 3628800) + r2 * (r * (1.0 / 6227020800.0) + 1.0 / 479001600);
  const Lane rest = r2 * (low + r4 * (middle + r4 * high));
  const Lane power = number_of((bits_of(shifted).values + 1023) << 52);
  return ((r + rest) + 1.0) * power;
}

// For normal x > 0. With x = 2^n m, m between the root of 1/2 and that of 2, log m is 2 atanh s
// with s = (m - 1)/(m + 1); the polynomial is that of fdlibm's log.
RANEF_INLINE Lane log(const Lane& x) {
  constexpr std::uint64_t kOne = std::uint64_t{1023} << 52;
  constexpr std::uint64_t kRootHalf = 0x3fe6a09e667f3bcdULL;
  constexpr std::uint64_t kTwo52 = 0x4330000000000000ULL;  // whole numbers in its low bits
  const LaneBits::Values bits = bits_of(x).values;
  const LaneBits::Values power = (bits - kRootHalf + kOne) >> 52;
  const Lane n = number_of(power | kTwo52) + -(0x1p52 + 1023.0);
  const Lane f = number_of(bits - ((power - 1023) << 52)) + -1.0;
  const Lane s = f * inverse(f + 2.0);
  const Lane z = s * s;
  const Lane w = z * z;
  const Lane odd = w * (w * (w * 1.531383769920937332e-01 + 2.222219843214978396e-01) +
                        3.999999999940941908e-01);
  const Lane even = z * (w * (w * (w * 1.479819860511658591e-01 + 1.818357216161805012e-01) +
                              2.857142874366239149e-01) +
                         6.666666666666735130e-01);
  const Lane half = f * f * 0.5;
  const Lane rest = s * (half + (odd + even)) + n * 1.90821492927058770002e-10;
  return n * 6.93147180369123816490e-01 - ((half - rest) - f);
}

// log(1 + e) and 1/(1 + e) for 0 <= e <= 1.
struct LogSum {
  Lane log;
  Lane inverse;
};
RANEF_INLINE LogSum log_of_one_more(const Lane& e) {
  const Lane sum = e + 1.0;
  const Lane share = inverse(sum);
  // What rounding has taken from the sum.
  return {log(sum) + (e - (sum + -1.0)) * share, share};
}

}  // namespace ranef
