#include "structure/toeplitz.hpp"

#include <algorithm>
#include <cmath>

namespace ranef {

namespace {

using std::cos;
using std::sin;

template <class Number>
using Row = std::vector<Number>;  // an error in the basis of innovations

// alpha a + beta b, of the length of the longer.
template <class Number>
Row<Number> combine(const Number& alpha, const Row<Number>& a, const Number& beta,
                    const Row<Number>& b) {
  Row<Number> out;
  for (std::size_t k = 0; k < std::max(a.size(), b.size()); ++k) {
    Number sum = 0.0;
    if (k < a.size()) sum = sum + alpha * a[k];
    if (k < b.size()) sum = sum + beta * b[k];
    out.push_back(std::move(sum));
  }
  return out;
}

template <class Number>
Triangle<Number> root_at(const std::vector<Number>& angles) {
  Triangle<Number> l;
  std::vector<Row<Number>> before;  // b_m(t - 1)
  for (std::size_t t = 0; t <= angles.size(); ++t) {
    Row<Number> f(t + 1, Number(0.0));
    f[t] = 1.0;
    std::vector<Row<Number>> b(t + 1);
    for (std::size_t m = t; m > 0; --m) {
      const Number k = sin(angles[m - 1]);
      const Number c = cos(angles[m - 1]);
      b[m] = combine(c, before[m - 1], -k, f);
      f = combine(c, f, k, before[m - 1]);
    }
    b[0] = f;
    l.push_back(std::move(f));
    before = std::move(b);
  }
  return l;
}

}  // namespace

Triangle<Jet> Toeplitz::correlation_root(const std::vector<Jet>& angles) const {
  return root_at(angles);
}

Triangle<double> Toeplitz::correlation_root(const std::vector<double>& angles) const {
  return root_at(angles);
}

Vector Toeplitz::correlations_of(const Matrix& c) const { return c.col(0).tail(q() - 1); }

// Partial autocorrelations as angles, each within +-most.
Vector Toeplitz::levinson(const Vector& correlations, double most) const {
  const Index count = q() - 1;
  Vector angles = Vector::Zero(count);
  Vector phi = Vector::Zero(count);  // coefficients of the best predictor
  double left = 1.0;                 // variance that is left
  for (Index m = 0; m < count; ++m) {
    double cross = correlations(m);
    for (Index j = 0; j < m; ++j) cross -= phi(j) * correlations(m - 1 - j);
    constexpr double kNothing = 1e-14;
    if (!(left > kNothing)) break;  // what follows is determined
    const double k = std::clamp(cross / left, -most, most);
    angles(m) = std::asin(k);
    const Vector old = phi;
    for (Index j = 0; j < m; ++j) phi(j) = old(j) - k * old(m - 1 - j);
    phi(m) = k;
    left *= 1.0 - k * k;
  }
  return angles;
}

Vector Toeplitz::angles_of(const Vector& correlations) const { return levinson(correlations, 1.0); }

Vector Toeplitz::nearest_angles(const Matrix& c) const {
  constexpr double kMost = 0.9;
  Vector mean = Vector::Zero(q() - 1);
  for (int lag = 1; lag < q(); ++lag) mean(lag - 1) = c.diagonal(-lag).mean();
  return levinson(mean, kMost);
}

Matrix Toeplitz::extreme(double w) const {
  constexpr double kPi = 3.1415926535897932384626433832795;
  Matrix c(q(), q());
  for (int i = 0; i < q(); ++i) {
    for (int j = 0; j < q(); ++j) c(i, j) = std::cos(kPi * w * (i - j));
  }
  return c;
}

}  // namespace ranef
