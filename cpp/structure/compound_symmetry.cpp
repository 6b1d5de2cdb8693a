#include "structure/compound_symmetry.hpp"

#include <algorithm>
#include <cmath>

namespace ranef {

namespace {

using std::sin;
using std::sqrt;

template <class Number>
Triangle<Number> root_at(int q, const Number& angle) {
  constexpr double kQuarter = 0.78539816339744830961566084581988;
  const double range = static_cast<double>(q) / (q - 1);  // of rho
  const Number to_one = std::sqrt(range) * sin(kQuarter - 0.5 * angle);
  const Number to_lowest = std::sqrt(static_cast<double>(q)) * sin(kQuarter + 0.5 * angle);
  const Number rho = 1.0 - to_one * to_one;
  // 1 / sqrt(e_j); e_(q-1) may be zero and is not needed.
  std::vector<Number> inverse;
  for (int j = 0; j + 1 < q; ++j) {
    inverse.push_back(reciprocal(sqrt(1.0 + static_cast<double>(j) * rho)));
  }
  Triangle<Number> l(at(q));
  for (int i = 0; i < q; ++i) {
    for (int j = 0; j <= i; ++j) {
      if (j == 0) {
        l[at(i)].push_back(i == 0 ? Number(1.0) : rho);
      } else if (i > j) {
        l[at(i)].push_back(rho * to_one * inverse[at(j) - 1] * inverse[at(j)]);
      } else if (j + 1 < q) {
        l[at(i)].push_back(to_one * sqrt(1.0 + static_cast<double>(j) * rho) * inverse[at(j) - 1]);
      } else {
        l[at(i)].push_back(to_one * to_lowest * inverse[at(j) - 1]);
      }
    }
  }
  return l;
}

}  // namespace

Triangle<Jet> CompoundSymmetry::correlation_root(const std::vector<Jet>& angles) const {
  return root_at(q(), angles[0]);
}

Triangle<double> CompoundSymmetry::correlation_root(const std::vector<double>& angles) const {
  return root_at(q(), angles[0]);
}

Vector CompoundSymmetry::correlations_of(const Matrix& c) const {
  return Vector::Constant(1, c(1, 0));
}

Vector CompoundSymmetry::angles_of(const Vector& correlations) const {
  const double place = (correlations(0) - lowest()) / (1.0 - lowest());
  return Vector::Constant(1, std::asin(std::clamp(2.0 * place - 1.0, -1.0, 1.0)));
}

Vector CompoundSymmetry::nearest_angles(const Matrix& c) const {
  const double pairs = 0.5 * q() * (q() - 1);
  const double mean = 0.5 * (c.sum() - c.trace()) / pairs;
  const double inside = 0.05 * (1.0 - lowest());
  return angles_of(Vector::Constant(1, std::clamp(mean, lowest() + inside, 1.0 - inside)));
}

}  // namespace ranef
