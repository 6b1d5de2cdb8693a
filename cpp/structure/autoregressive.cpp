#include "structure/autoregressive.hpp"

#include <algorithm>
#include <cmath>

namespace ranef {

namespace {

using std::cos;
using std::sin;
using std::sqrt;

template <class Number>
Triangle<Number> root_at(const std::vector<int>& steps, const Number& angle) {
  const Number rho = sin(angle);
  Triangle<Number> l = {{Number(1.0)}};
  for (std::size_t i = 1; i <= steps.size(); ++i) {
    Number power = 1.0;
    Number sum = 0.0;
    for (int k = 0; k < steps[i - 1]; ++k) {
      sum = sum + power * power;
      power = power * rho;
    }
    std::vector<Number> row;
    for (const Number& before : l.back()) row.push_back(before * power);
    row.push_back(cos(angle) * sqrt(sum));
    l.push_back(std::move(row));
  }
  return l;
}

}  // namespace

Autoregressive::Autoregressive(int q, bool heterogeneous, const std::vector<int>& positions)
    : CorrelationFamily(q, heterogeneous, 1), steps_(at(q) - 1, 1) {
  for (std::size_t i = 1; i < positions.size(); ++i) {
    steps_[i - 1] = positions[i] - positions[i - 1];
  }
  shortest_ = *std::min_element(steps_.begin(), steps_.end());
  odd_ = 0;
  for (const int step : steps_) {
    if (step % 2 == 1 && (odd_ == 0 || step < odd_)) odd_ = step;
  }
}

Triangle<Jet> Autoregressive::correlation_root(const std::vector<Jet>& angles) const {
  return root_at(steps_, angles[0]);
}

Triangle<double> Autoregressive::correlation_root(const std::vector<double>& angles) const {
  return root_at(steps_, angles[0]);
}

double Autoregressive::neighbours(const Matrix& c, int step) const {
  double sum = 0.0;
  int count = 0;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i] != step) continue;
    sum += c(static_cast<Index>(i) + 1, static_cast<Index>(i));
    ++count;
  }
  return sum / count;
}

double Autoregressive::one_step_apart(const Matrix& c) const {
  const double size = std::pow(std::abs(neighbours(c, shortest_)), 1.0 / shortest_);
  return odd_ > 0 ? std::copysign(size, neighbours(c, odd_)) : size;
}

Vector Autoregressive::correlations_of(const Matrix& c) const {
  return Vector::Constant(1, one_step_apart(c));
}

Vector Autoregressive::angles_of(const Vector& correlations) const {
  return Vector::Constant(1, std::asin(std::clamp(correlations(0), -1.0, 1.0)));
}

Vector Autoregressive::nearest_angles(const Matrix& c) const {
  constexpr double kMost = 0.9;
  const double rho = one_step_apart(c);
  return angles_of(Vector::Constant(1, std::clamp(rho, -kMost, kMost)));
}

}  // namespace ranef
