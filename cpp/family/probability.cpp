#include "family/probability.hpp"

#include <algorithm>
#include <numbers>

namespace ranef {

namespace {

constexpr double kPi = std::numbers::pi;

// log Phi(-z) for large z. phi/Phi is r = z + s with s = 1/(z + f2), f2 = 2/(z + f3),
// f3 = 3/(z + f4) and so on: differences of these are taken, not of the derivatives, which cancel.
Derivatives4 log_normal_tail(double z) {
  double f4 = 0.0;
  for (double k = std::ceil(20.0 + 500.0 / (z * z)); k > 3.0; k -= 1.0) f4 = k / (z + f4);
  const double f3 = 3.0 / (z + f4);
  const double f2 = 2.0 / (z + f3);
  const double s = 1.0 / (z + f2);
  const double r = z + s;                               // phi/Phi
  const double third = 2.0 * (f3 - f2) * s / (z + f3);  // 2 s - f2
  return {-0.5 * z * z - kHalfLog2Pi - std::log(r), r, -r * s, r * s * third,
          r * s * (6.0 * s * f2 - f2 * f3 - 6.0 * s * s)};
}

Derivatives4 log_normal(double x) {
  if (x < -2.5) return log_normal_tail(std::min(-x, 1e30));
  const double tail = 0.5 * std::erfc(std::abs(x) * std::numbers::sqrt2 / 2.0);
  const double value = x > 0.0 ? std::log1p(-tail) : std::log(tail);
  const double density = std::exp(-0.5 * x * x - kHalfLog2Pi);
  const double r = density / (x > 0.0 ? 1.0 - tail : tail);
  const double s = x + r;
  const double t = s + r;
  const double rs = r * s;
  if (r == 0.0) return {value, 0.0, 0.0, 0.0, 0.0};
  return {value, r, -rs, r * (s * t - 1.0),
          -rs * (s * t - 1.0) + r * ((1.0 - rs) * t + s * (1.0 - 2.0 * rs))};
}

// B_k / k! for even k, from k = 2.
constexpr std::array<double, 9> kBernoulli = {
    0.083333333333333333333,   -0.0013888888888888888889,  0.000033068783068783068783,
    -8.2671957671957671958e-7, 2.0876756987868098979e-8,   -5.2841901386874931848e-10,
    1.3382536530684678833e-11, -3.3896802963225828668e-13, 8.5860620562778445641e-15};

// log(1/2 + atan(x)/pi).
Derivatives4 log_cauchy(double x) {
  x = std::clamp(x, -1e60, 1e60);
  const double p = x < -1.0 ? std::atan(-1.0 / x) / kPi : 0.5 + std::atan(x) / kPi;
  const double u = 1.0 / (1.0 + x * x);
  const double xu = x * u;
  // p^(k) / p
  const double r1 = u / (kPi * p);
  const double r2 = -2.0 * xu * r1;
  const double r3 = (8.0 * xu * xu - 2.0 * u) * r1;
  const double r4 = 24.0 * xu * (u - 2.0 * xu * xu) * r1;
  const double s = r1 * r1;
  return {std::log(p), r1, r2 - s, r3 - 3.0 * r1 * r2 + 2.0 * s * r1,
          r4 - 4.0 * r1 * r3 - 3.0 * r2 * r2 + 12.0 * s * r2 - 6.0 * s * s};
}

// The rate exp(x) of the complementary log-log, as far as its fourth powers are numbers.
double rate(double x) { return std::exp(std::clamp(x, -700.0, 60.0)); }

double logit(double p) { return std::log(p) - std::log1p(-p); }

}  // namespace

Derivatives4 Logit::log_p(double x) {
  const Derivatives4 f = softplus_derivatives(-x);
  return {-f[0], f[1], -f[2], f[3], -f[4]};
}

Derivatives4 Logit::log_q(double x) {
  const Derivatives4 f = softplus_derivatives(x);
  return {-f[0], -f[1], -f[2], -f[3], -f[4]};
}

double Logit::predictor(double p) { return logit(p); }

Derivatives4 Probit::log_p(double x) { return log_normal(x); }
Derivatives4 Probit::log_q(double x) { return mirrored(log_normal(-x)); }

// The logistic distribution, scaled to look like the normal one.
double Probit::predictor(double p) { return logit(p) / 1.7; }

Derivatives4 Cloglog::log_p(double x) {
  constexpr double kSeries = 0.5;
  constexpr double kNegligible = 40.0;
  const double e = rate(x);
  if (e > kNegligible) {
    // -exp(-e) and nothing else that counts.
    const double f = -std::exp(-e);
    if (f == 0.0) return {0.0, 0.0, 0.0, 0.0, 0.0};
    return {f, -e * f, f * e * (e - 1.0), -f * e * (e * e - 3.0 * e + 1.0),
            f * e * (e * e * e - 6.0 * e * e + 7.0 * e - 1.0)};
  }
  const double value = x < -30.0 ? x - 0.5 * e : std::log(-std::expm1(-e));
  if (e < kSeries) {
    // v = e/(exp(e) - 1) = 1 - e/2 + sum B_k e^k / k!
    Derivatives4 out = {value, 1.0 - 0.5 * e, -0.5 * e, -0.5 * e, -0.5 * e};
    double power = 1.0;
    for (std::size_t i = 0; i < kBernoulli.size(); ++i) {
      const double k = 2.0 * static_cast<double>(i + 1);
      power *= e * e;
      double term = kBernoulli[i] * power;
      for (std::size_t j = 1; j < out.size(); ++j) {
        out[j] += term;
        term *= k;
      }
    }
    return out;
  }
  const double v = e / std::expm1(e);
  const double g = 1.0 - e - v;
  const double v1 = v * g;
  const double g1 = -e - v1;
  const double v2 = v1 * g + v * g1;
  const double g2 = -e - v2;
  return {value, v, v1, v2, v2 * g + 2.0 * v1 * g1 + v * g2};
}

Derivatives4 Cloglog::log_q(double x) {
  const double e = rate(x);
  return {-e, -e, -e, -e, -e};
}

double Cloglog::predictor(double p) { return std::log(-std::log1p(-p)); }

Derivatives4 Cauchit::log_p(double x) { return log_cauchy(x); }
Derivatives4 Cauchit::log_q(double x) { return mirrored(log_cauchy(-x)); }
double Cauchit::predictor(double p) { return std::tan(kPi * (p - 0.5)); }

}  // namespace ranef
