#include "family/special.hpp"

#include <algorithm>

namespace ranef {

namespace {

// B_2k / (2k (2k - 1)): Stirling's series.
constexpr std::array<double, 10> kStirling = {1.0 / 12,
                                              -1.0 / 360,
                                              1.0 / 1260,
                                              -1.0 / 1680,
                                              0.00084175084175084175,
                                              -0.0019175269175269176,
                                              0.0064102564102564103,
                                              -0.029550653594771242,
                                              0.17964437236883057,
                                              -1.3924322169059011};
// Where ten terms of the series have all digits, in derivatives too.
constexpr double kSeriesBegins = 10.0;

// The errors of 1 .. 9.
constexpr std::array<double, 10> kStirlingErrors = {
    0.0,
    0.08106146679532725822,
    0.041340695955409294094,
    0.027677925684998339149,
    0.020790672103765093112,
    0.016644691189821192163,
    0.013876128823070747999,
    0.011896709945891770095,
    0.010411265261972096497,
    0.0092554621827127329177,
};

// log(log(1 + t) / t) in powers of t, from the first.
constexpr std::array<double, 14> kLogRatio = {
    -0.5,
    0.20833333333333333333,
    -0.125,
    0.087152777777777777778,
    -0.065972222222222222222,
    0.052598655202821869489,
    -0.043460648148148148148,
    0.036858500055114638448,
    -0.031886160714285714286,
    0.028018959644393672171,
    -0.024933230911963550852,
    0.022419070564470731193,
    -0.020334719105123577676,
    0.018581171151971502638,
};

double stirling_series(double x) {
  const double i = 1.0 / (x * x);
  double sum = 0.0;
  for (auto c = kStirling.rbegin(); c != kStirling.rend(); ++c) sum = sum * i + *c;
  return sum / x;
}

// log((x + n)/x) for n >= 0 without overflow.
double log_ratio(double x, double n) { return x > n ? std::log1p(n / x) : std::log((x + n) / x); }

// x^k times the k-th derivative of Stirling's error, k = 1 .. 4, where the series holds.
Derivatives4 scaled_series(double x) {
  const double i = 1.0 / (x * x);
  Derivatives4 out = {};
  double power = 1.0 / x;
  for (std::size_t k = 0; k < kStirling.size(); ++k) {
    const double m = 2.0 * static_cast<double>(k) + 1.0;
    double term = kStirling[k] * power;
    out[0] += term;
    for (std::size_t j = 1; j < out.size(); ++j) {
      term *= -(m + static_cast<double>(j) - 1.0);
      out[j] += term;
    }
    power *= i;
  }
  return out;
}

// The same for any x > 0: polygamma functions by their recurrence to x + n, where the series
// holds. Powers of x that would cancel are put together.
Derivatives4 scaled_stirling_error(double x) {
  if (x >= kSeriesBegins) return scaled_series(x);
  const double n = std::ceil(kSeriesBegins - x);
  const double i = x / (x + n);
  const double i2 = i * i;
  const double i3 = i2 * i;
  const Derivatives4 far = scaled_series(x + n);
  std::array<double, 5> sums = {};
  double product = 1.0;  // (x + 1) .. (x + n - 1)
  for (double j = 0.0; j < n; j += 1.0) {
    const double r = x / (x + j);
    sums[1] += r;
    sums[2] += r * r;
    sums[3] += r * r * r;
    sums[4] += r * r * r * r;
    if (j > 0.0) product *= x + j;
  }
  const double lift = log_ratio(x, n);
  Derivatives4 out;
  // log Gamma(x + 1) is log Gamma(x + n) less the logarithm of the product.
  out[0] = (x + 0.5) * lift - n + (n - 1.0) * std::log(x + n) - std::log(product) + far[0];
  out[1] = x * lift + 0.5 - 0.5 * i - sums[1] + i * far[1];
  out[2] = -n * i + 0.5 * i2 - 0.5 + sums[2] + i2 * far[2];
  out[3] = n * i * (1.0 + i) + 1.0 - i3 - 2.0 * sums[3] + i3 * far[3];
  out[4] = -2.0 * n * i * (1.0 + i + i2) - 3.0 * (1.0 - i3 * i) + 6.0 * sums[4] + i3 * i * far[4];
  return out;
}

// From the derivatives x^k f^(k) those by log x.
Derivatives4 by_logarithm(const Derivatives4& f) {
  return {f[0], f[1], f[1] + f[2], f[1] + 3.0 * f[2] + f[3], f[1] + 7.0 * f[2] + 6.0 * f[3] + f[4]};
}

}  // namespace

double bounded_exp(double x) {
  return std::exp(std::clamp(x, -kLargestExponent, kLargestExponent));
}

double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return (x >= 0.0 ? 1.0 : e) / (1.0 + e);
}

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

double exp_remainder(double x) {
  if (std::abs(x) > 0.5) return std::expm1(x) - x;
  double sum = 1.0;
  for (double k = 14.0; k > 2.0; k -= 1.0) sum = 1.0 + sum * x / k;
  return 0.5 * x * x * sum;
}

double log_remainder(double x) {
  if (std::abs(x) > 0.3) return x - std::log1p(x);
  // log(1 + x) = 2 atanh(s)
  const double s = x / (2.0 + x);
  const double s2 = s * s;
  double sum = 0.0;
  for (double k = 25.0; k > 1.0; k -= 2.0) sum = sum * s2 + 1.0 / k;
  return s * (x - 2.0 * s2 * sum);
}

double stirling_error(double x) {
  if (x >= kSeriesBegins) return stirling_series(x);
  const double whole = std::floor(x);
  if (x == whole) return kStirlingErrors[static_cast<std::size_t>(whole)];
  double product = 1.0;
  double up = x + 1.0;
  for (; up < kSeriesBegins; up += 1.0) product *= up;
  return stirling_series(up) + (up - 0.5) * std::log(up) - up + x - (x + 0.5) * std::log(x) -
         std::log(product);
}

double log_factorial(double x) {
  const auto formula = [](double n) {
    return n > 0.0 ? (n + 0.5) * std::log(n) - n + kHalfLog2Pi + stirling_error(n) : 0.0;
  };
  static const auto small = [&formula] {
    std::array<double, 256> out;
    for (std::size_t n = 0; n < out.size(); ++n) out[n] = formula(static_cast<double>(n));
    out[1] = 0.0;
    return out;
  }();
  // Counts that are products of a proportion are whole up to rounding.
  const double whole = std::round(x);
  if (whole >= 0.0 && whole < static_cast<double>(small.size()) && std::abs(x - whole) < 1e-12) {
    return small[static_cast<std::size_t>(whole)];
  }
  return formula(x);
}

double scaled_trigamma(double x) {
  const double e = bounded_exp(x);
  return e + 0.5 + scaled_stirling_error(e)[2];
}

double bernoulli_divergence(double x, double d) {
  if (x > 0.0) return bernoulli_divergence(-x, -d);
  const double p = sigmoid(x);
  if (std::abs(d) > 1.0) return softplus(x + d) - softplus(x) - p * d;
  return p * exp_remainder(d) - log_remainder(p * std::expm1(d));
}

Derivatives4 exp_derivatives(double x) {
  const double e = bounded_exp(x);
  return {e, e, e, e, e};
}

Derivatives4 log_derivatives(double x) {
  const double i = 1.0 / x;
  return {std::log(x), i, -i * i, 2.0 * i * i * i, -6.0 * i * i * i * i};
}

Derivatives4 reciprocal_derivatives(double x) {
  const double i = 1.0 / x;
  const double i2 = i * i;
  return {i, -i2, 2.0 * i2 * i, -6.0 * i2 * i2, 24.0 * i2 * i2 * i};
}

Derivatives4 softplus_derivatives(double x) {
  const double e = std::exp(-std::abs(x));
  const double big = 1.0 / (1.0 + e);
  const double small = e * big;
  const double p = x >= 0.0 ? big : small;
  const double q = x >= 0.0 ? small : big;
  const double v = p * q;
  return {std::max(x, 0.0) + std::log1p(e), p, v, v * (q - p), v * (1.0 - 6.0 * v)};
}

Derivatives4 exp_remainder_derivatives(double x) {
  x = std::clamp(x, -1e300, kLargestExponent);
  const double e = std::exp(x);
  return {exp_remainder(x), std::expm1(x), e, e, e};
}

Derivatives4 expm1_derivatives(double x) {
  const double e = bounded_exp(x);
  return {std::expm1(std::min(x, kLargestExponent)), e, e, e, e};
}

Derivatives4 log_remainder_derivatives(double x) {
  const double i = 1.0 / (1.0 + x);
  const double i2 = i * i;
  return {log_remainder(x), x * i, i2, -2.0 * i2 * i, 6.0 * i2 * i2};
}

Derivatives4 stirling_error_derivatives(double x) {
  return by_logarithm(scaled_stirling_error(bounded_exp(x)));
}

Derivatives4 log_softplus_excess_derivatives(double x) {
  constexpr double kSeries = 0.05;
  Derivatives4 out = {};
  const double t = std::exp(std::min(x, 700.0));
  if (t < kSeries) {
    double power = 1.0;
    for (std::size_t k = 0; k < kLogRatio.size(); ++k) {
      power *= t;
      double term = kLogRatio[k] * power;
      for (double& value : out) {
        value += term;
        term *= static_cast<double>(k + 1);
      }
    }
    return out;
  }
  const Derivatives4 s = softplus_derivatives(x);
  const double q = 1.0 - s[1];
  const double g = s[1] / s[0];
  const double g1 = g * (q - g);
  const double g2 = g1 * (q - g) - g * (s[2] + g1);
  const double g3 = g2 * (q - g) - 2.0 * g1 * (s[2] + g1) - g * (s[3] + g2);
  return {std::log(s[0]) - x, g - 1.0, g1, g2, g3};
}

Derivatives4 bernoulli_divergence_derivatives(double x, double x0) {
  const Derivatives4 s = softplus_derivatives(x);
  const double q = sigmoid(-x);
  const double d = x - x0;
  const double skew = q - s[1];
  const double v = s[2];
  return {bernoulli_divergence(x, -d), v * d, v + s[3] * d, 2.0 * s[3] + s[4] * d,
          3.0 * s[4] + v * skew * (1.0 - 12.0 * v) * d};
}

}  // namespace ranef
