// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, section 3.3).
//
// A number is a function of (seed, replicate, stream, position) and of nothing else, so results do
// not depend on which thread draws them, or in which order.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "linalg/dense.hpp"

namespace ranef {

class Philox {
 public:
  using Counter = std::array<std::uint32_t, 4>;
  using Key = std::array<std::uint32_t, 2>;

  static Counter block(Counter counter, Key key) {
    constexpr int kRounds = 10;
    for (int round = 0; round < kRounds; ++round) {
      const std::uint64_t first = std::uint64_t{0xD2511F53} * counter[0];
      const std::uint64_t second = std::uint64_t{0xCD9E8D57} * counter[2];
      counter = {high(second) ^ counter[1] ^ key[0], low(second), high(first) ^ counter[3] ^ key[1],
                 low(first)};
      key[0] += 0x9E3779B9;  // the golden ratio
      key[1] += 0xBB67AE85;  // the square root of three, less one
    }
    return counter;
  }

 private:
  static std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }
  static std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
};

// The random numbers of one purpose in one replicate, in order.
class Stream {
 public:
  Stream(std::uint64_t seed, std::uint64_t replicate, std::uint32_t stream)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        counter_{0, stream, static_cast<std::uint32_t>(replicate),
                 static_cast<std::uint32_t>(replicate >> 32)} {}

  std::uint64_t bits() {
    if (half_ == 0) {
      block_ = Philox::block(counter_, key_);
      ++counter_[0];
    }
    const std::size_t from = 2 * half_;
    half_ = 1 - half_;
    return (std::uint64_t{block_[from + 1]} << 32) | block_[from];
  }

  // Uniform on (0, 1), never an end point: the middles of 2^53 equal intervals.
  double uniform() { return (static_cast<double>(bits() >> 11) + 0.5) * 0x1p-53; }

  // A whole number from 0 to n - 1; the probabilities are equal up to n / 2^64.
  Index below(Index n) {
    const auto size = static_cast<std::uint64_t>(n);
    const std::uint64_t x = bits();
    // The upper half of the 128-bit product of x and n.
    const std::uint64_t high = (x >> 32) * (size >> 32);
    const std::uint64_t middle = (x >> 32) * (size & 0xFFFFFFFF);
    const std::uint64_t other = (x & 0xFFFFFFFF) * (size >> 32);
    const std::uint64_t low = (x & 0xFFFFFFFF) * (size & 0xFFFFFFFF);
    const std::uint64_t carry = ((middle & 0xFFFFFFFF) + (other & 0xFFFFFFFF) + (low >> 32)) >> 32;
    return static_cast<Index>(high + (middle >> 32) + (other >> 32) + carry);
  }

  // Standard normal (Box & Muller 1958).
  double normal() {
    if (spare_ready_) {
      spare_ready_ = false;
      return spare_;
    }
    constexpr double kTwoPi = 6.283185307179586476925286766559;
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    const double angle = kTwoPi * uniform();
    spare_ = radius * std::sin(angle);
    spare_ready_ = true;
    return radius * std::cos(angle);
  }

  // Chi-squared with `df` degrees of freedom, by rejection from a cube (Marsaglia & Tsang 2000);
  // a single degree of freedom is a square.
  double chi_squared(Index df) {
    if (df <= 0) return 0.0;
    if (df == 1) {
      const double x = normal();
      return x * x;
    }
    const double d = 0.5 * static_cast<double>(df) - 1.0 / 3.0;
    const double c = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
      const double x = normal();
      const double root = 1.0 + c * x;
      if (root <= 0.0) continue;
      const double v = root * root * root;
      if (std::log(uniform()) < 0.5 * x * x + d * (1.0 - v + std::log(v))) return 2.0 * d * v;
    }
  }

 private:
  Philox::Key key_;
  Philox::Counter counter_;
  Philox::Counter block_{};
  std::size_t half_ = 0;
  double spare_ = 0.0;
  bool spare_ready_ = false;
};

}  // namespace ranef
