// A number with its first and second derivatives with respect to a few variables. A formula written
// with such numbers has exact derivatives (forward accumulation).
#pragma once

#include <cmath>
#include <utility>

#include "linalg/dense.hpp"

namespace ranef {

struct Jet {
  double value = 0.0;
  Vector first;   // empty: a constant
  Matrix second;  // symmetric; empty: not asked for

  Jet() = default;
  Jet(double constant) : value(constant) {}  // NOLINT: numbers stand for constants in formulas
  Jet(double v, Vector g, Matrix h) : value(v), first(std::move(g)), second(std::move(h)) {}

  bool constant() const { return first.size() == 0; }
};

// g(x) of a jet from g, g' and g'' at its value.
inline Jet chain(const Jet& x, double g, double g1, double g2) {
  if (x.constant()) return g;
  if (x.second.size() == 0) return {g, g1 * x.first, Matrix()};
  return {g, g1 * x.first, g1 * x.second + g2 * x.first * x.first.transpose()};
}

inline Jet operator-(const Jet& a) { return chain(a, -a.value, -1.0, 0.0); }

inline Jet operator+(const Jet& a, const Jet& b) {
  if (a.constant()) return chain(b, a.value + b.value, 1.0, 0.0);
  if (b.constant()) return chain(a, a.value + b.value, 1.0, 0.0);
  return {a.value + b.value, a.first + b.first, a.second + b.second};
}

inline Jet operator-(const Jet& a, const Jet& b) { return a + (-b); }

inline Jet operator*(const Jet& a, const Jet& b) {
  if (a.constant()) return chain(b, a.value * b.value, a.value, 0.0);
  if (b.constant()) return chain(a, a.value * b.value, b.value, 0.0);
  if (a.second.size() == 0) {
    return {a.value * b.value, a.value * b.first + b.value * a.first, Matrix()};
  }
  const Matrix cross = a.first * b.first.transpose();
  return {a.value * b.value, a.value * b.first + b.value * a.first,
          a.value * b.second + b.value * a.second + cross + cross.transpose()};
}

inline Jet sqrt(const Jet& a) {
  const double root = std::sqrt(a.value);
  return chain(a, root, 0.5 / root, -0.25 / (root * a.value));
}

inline double reciprocal(double a) { return 1.0 / a; }

inline Jet reciprocal(const Jet& a) {
  const double inverse = 1.0 / a.value;
  return chain(a, inverse, -inverse * inverse, 2.0 * inverse * inverse * inverse);
}

// The k-th variable itself, with second derivatives if they are asked for.
inline Jet variable(double value, Index k, Index count, bool second = true) {
  return {value, Vector::Unit(count, k), second ? Matrix::Zero(count, count) : Matrix()};
}

inline Jet exp(const Jet& a) {
  const double value = std::exp(a.value);
  return chain(a, value, value, value);
}
inline Jet log(const Jet& a) {
  return chain(a, std::log(a.value), 1.0 / a.value, -1.0 / (a.value * a.value));
}
inline Jet sin(const Jet& a) {
  return chain(a, std::sin(a.value), std::cos(a.value), -std::sin(a.value));
}
inline Jet cos(const Jet& a) {
  return chain(a, std::cos(a.value), -std::sin(a.value), -std::cos(a.value));
}

}  // namespace ranef
