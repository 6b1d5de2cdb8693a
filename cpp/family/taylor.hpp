// A number with its Taylor coefficients in eta and in up to two psi, cut off where nothing is asked
// for. A formula written with such numbers has exact derivatives.
//
// The coefficients are those of a polynomial: the k-th derivative divided by k!, so that products
// carry no binomial factors. They lie in blocks, one for each power of psi that is kept:
// 1, psi_0, psi_1, psi_0^2, psi_0 psi_1, psi_1^2. In a block are the powers of eta.
#pragma once

#include <array>
#include <utility>

#include "family/family.hpp"

namespace ranef {

// A function's value and its first four derivatives at one place.
using Derivatives4 = std::array<double, 5>;

// `Order` is that of RowOrder: derivatives of `Order` in all, and in psi two less.
template <int Order, int Channels>
class Taylor {
 public:
  static constexpr int kOrder = Order;
  static constexpr int kChannels = Channels;

  Taylor() = default;
  Taylor(double value) { at(0, 0) = value; }  // NOLINT: numbers stand for constants in formulas

  static Taylor eta(double value) {
    Taylor out(value);
    out.at(0, 1) = 1.0;
    return out;
  }
  static Taylor psi(int channel, double value) {
    Taylor out(value);
    if constexpr (Order > 2) out.at(1 + channel, 0) = 1.0;
    return out;
  }

  double value() const { return at(0, 0); }
  // Whether all derivatives are zero, as those of psi are in a pass.
  bool constant() const {
    bool out = true;
    for (std::size_t k = 1; k < values_.size(); ++k) out = out && values_[k] == 0.0;
    return out;
  }
  void set_value(double value) { at(0, 0) = value; }
  void fill(double value) { values_.fill(value); }

  // Writes derivatives of one row, as family.hpp lists them.
  void store(Index row, const RowDerivatives& out) const {
    for (int k = 0; k <= Order; ++k) put(out.eta[place(k)], row, kFactorial[place(k)] * at(0, k));
    if constexpr (Order > 2) {
      for (int c = 0; c < Channels; ++c) {
        for (int k = 0; k < Order; ++k) {
          put(out.psi[place(c)][place(k)], row, kFactorial[place(k)] * at(1 + c, k));
        }
      }
    }
    if constexpr (Order > 3) {
      for (int c = 0; c < kPairs; ++c) {
        const double square = c == kMixed ? 1.0 : 2.0;
        for (int k = 0; k <= 2; ++k) {
          put(out.psi2[place(c)][place(k)], row,
              square * kFactorial[place(k)] * at(1 + Channels + c, k));
        }
      }
    }
  }

  Taylor& operator+=(const Taylor& b) {
    for (std::size_t k = 0; k < values_.size(); ++k) values_[k] += b.values_[k];
    return *this;
  }
  Taylor& operator-=(const Taylor& b) {
    for (std::size_t k = 0; k < values_.size(); ++k) values_[k] -= b.values_[k];
    return *this;
  }
  Taylor& operator*=(double b) {
    for (double& value : values_) value *= b;
    return *this;
  }

  friend Taylor operator+(Taylor a, const Taylor& b) { return a += b; }
  friend Taylor operator-(Taylor a, const Taylor& b) { return a -= b; }
  friend Taylor operator-(Taylor a) { return a *= -1.0; }
  friend Taylor operator*(Taylor a, double b) { return a *= b; }
  friend Taylor operator*(double b, Taylor a) { return a *= b; }
  friend Taylor operator+(Taylor a, double b) {
    a.at(0, 0) += b;
    return a;
  }
  friend Taylor operator+(double b, Taylor a) { return a + b; }
  friend Taylor operator-(Taylor a, double b) { return a + -b; }
  friend Taylor operator-(double b, const Taylor& a) { return -a + b; }
  friend Taylor operator*(const Taylor& a, const Taylor& b) {
    Taylor out;
    add_blocks(a, b, out, std::make_integer_sequence<int, kBlocks * kBlocks>());
    return out;
  }

  // f(x) from f and its derivatives at the value of x.
  friend Taylor compose(const Taylor& x, const Derivatives4& f) {
    Taylor step = x;
    step.at(0, 0) = 0.0;
    Taylor out = step * (f[Order] / kFactorial[Order]);
    for (int k = Order - 1; k > 0; --k) {
      out.at(0, 0) += f[place(k)] / kFactorial[place(k)];
      out = out * step;
    }
    return out + f[0];
  }

 private:
  static constexpr std::array<double, 5> kFactorial = {1.0, 1.0, 2.0, 6.0, 24.0};
  static constexpr int kMixed = 1;
  static constexpr int kPairs = Channels * (Channels + 1) / 2;
  static constexpr int kBlocks = 1 + (Order > 2 ? Channels : 0) + (Order > 3 ? kPairs : 0);
  static constexpr int kStride = Order + 1;

  static constexpr std::size_t place(int k) { return static_cast<std::size_t>(k); }
  static constexpr int degree(int block) { return block == 0 ? 0 : (block <= Channels ? 1 : 2); }
  // The block of a product of blocks.
  static constexpr int product(int a, int b) {
    return a == 0 || b == 0 ? a + b : Channels + a + b - 1;
  }
  static void put(double* to, Index row, double value) {
    if (to != nullptr) to[row] = value;
  }

  double& at(int block, int k) { return values_[place(block * kStride + k)]; }
  const double& at(int block, int k) const { return values_[place(block * kStride + k)]; }

  // Sums of products with all places known when they are compiled.
  template <int... Pair>
  static void add_blocks(const Taylor& a, const Taylor& b, Taylor& out,
                         std::integer_sequence<int, Pair...>) {
    (add_block<Pair / kBlocks, Pair % kBlocks>(a, b, out), ...);
  }
  template <int I, int J>
  static void add_block(const Taylor& a, const Taylor& b, Taylor& out) {
    if constexpr (degree(I) + degree(J) <= Order - 2) {
      constexpr int kTo = product(I, J);
      add_powers<I, J, kTo>(a, b, out, std::make_integer_sequence<int, Order + 1 - degree(kTo)>());
    }
  }
  template <int I, int J, int To, int... S>
  static void add_powers(const Taylor& a, const Taylor& b, Taylor& out,
                         std::integer_sequence<int, S...> powers) {
    (add_power<I, J, To, S>(a, b, out, powers), ...);
  }
  template <int I, int J, int To, int Sum, int... T>
  static void add_power(const Taylor& a, const Taylor& b, Taylor& out,
                        std::integer_sequence<int, T...>) {
    ((T <= Sum ? void(out.at(To, Sum) += a.at(I, Sum - T) * b.at(J, T)) : void()), ...);
  }

  std::array<double, static_cast<std::size_t>(kBlocks* kStride)> values_ = {};
};

}  // namespace ranef
