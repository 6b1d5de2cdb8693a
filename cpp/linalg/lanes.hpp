// Four levels side by side: one number of each in a vector, and sums of products over strips.
//
// A processor with registers for four takes them at once, others two at a time, with the same bits:
// the sums over lanes are always the same four. What works on lanes is to be inlined into functions
// that are compiled for several processors (clones.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "linalg/dense.hpp"

#define RANEF_INLINE [[gnu::always_inline]] inline

namespace ranef {

constexpr Index kLane = 4;

// Holds the same number of four neighbouring levels.
struct Lane {
  // Aligned as a number is: the type's own alignment depends on the processor compiled for.
  typedef double Values __attribute__((vector_size(4 * sizeof(double)), aligned(alignof(double))));
  Values values;

  RANEF_INLINE static Lane all(double x) { return {Values{x, x, x, x}}; }
  RANEF_INLINE double operator[](int k) const { return values[k]; }
  RANEF_INLINE double sum() const { return (values[0] + values[1]) + (values[2] + values[3]); }
  RANEF_INLINE double largest() const {
    return std::max(std::max(values[0], values[1]), std::max(values[2], values[3]));
  }

  RANEF_INLINE Lane& operator+=(const Lane& b) {
    values += b.values;
    return *this;
  }
  RANEF_INLINE Lane& operator-=(const Lane& b) {
    values -= b.values;
    return *this;
  }
  RANEF_INLINE Lane& operator*=(const Lane& b) {
    values *= b.values;
    return *this;
  }
};

RANEF_INLINE Lane operator+(const Lane& a, const Lane& b) { return {a.values + b.values}; }
RANEF_INLINE Lane operator-(const Lane& a, const Lane& b) { return {a.values - b.values}; }
RANEF_INLINE Lane operator*(const Lane& a, const Lane& b) { return {a.values * b.values}; }
RANEF_INLINE Lane operator+(const Lane& a, double b) { return {a.values + b}; }
RANEF_INLINE Lane operator-(const Lane& a, double b) { return {a.values - b}; }
RANEF_INLINE Lane operator*(const Lane& a, double b) { return {a.values * b}; }
RANEF_INLINE Lane operator-(const Lane& a) { return {-a.values}; }
RANEF_INLINE Lane inverse(const Lane& a) { return {1.0 / a.values}; }
RANEF_INLINE Lane square(const Lane& a) { return a * a; }
RANEF_INLINE Lane root(const Lane& a) {
  Lane out;
  for (int k = 0; k < kLane; ++k) out.values[k] = std::sqrt(a.values[k]);
  return out;
}

RANEF_INLINE Lane load(const double* from) {
  Lane out;
  std::memcpy(&out.values, from, sizeof(out.values));
  return out;
}
RANEF_INLINE void store(const Lane& lane, double* to) {
  std::memcpy(to, &lane.values, sizeof(lane.values));
}

// q x q numbers of each level; q known at compile time, or at run time where Q is 0.
template <int Q>
class LaneSquare {
 public:
  RANEF_INLINE explicit LaneSquare(int) {}
  RANEF_INLINE Lane& operator()(int a, int b) {
    return values_[static_cast<std::size_t>(a + b * Q)];
  }
  RANEF_INLINE const Lane& operator()(int a, int b) const {
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

  RANEF_INLINE const double* column(int k) const { return values + k * stride; }
};

// sum += a'b over the first n levels, n a multiple of kLane. With `lower`, entries above the
// diagonal do not matter.
void add_products(const LaneColumns& a, const LaneColumns& b, int n, bool lower, Matrix& sum);

}  // namespace ranef
