// Negative binomial counts: nbinom2 with size as psi, nbinom1 with the size proportional to the
// mean.
#pragma once

#include "family/formula.hpp"
#include "family/means.hpp"
#include "family/poisson.hpp"

namespace ranef {

// From the logarithms of mean and size. The density at the mean y, which has the Poisson's limit,
// less a divergence of means: no difference of log-gamma functions, no size that is too large.
template <class T>
T nbinom_log_density(double y, const T& log_mean, const T& log_size) {
  const T x = log_mean - log_size;
  // -size log(1 + mean/size)
  if (!(y > 0.0)) return -exp(log_mean + log_softplus_excess(x));
  const double log_y = std::log(y);
  const T excess = log_size - log_y;
  const T log_share = -softplus(excess);    // of y in y + size
  const T size_share = -softplus(-excess);  // the logarithm too
  const T log_total = log_y - log_share;
  const T saturated = 0.5 * (size_share - log_y) - kHalfLog2Pi - stirling_error(y) +
                      stirling_error_at_exp(log_total) - stirling_error_at_exp(log_size);
  const T d = log_mean - log_y;
  if (excess.value() > 0.0 && std::abs(d.value()) < 1.0) {
    return saturated - y * exp_remainder(d) +
           exp(log_total) * log_remainder(exp(log_share) * expm1(d));
  }
  return saturated - y * (log_share + softplus(-x)) - exp(log_size) * (size_share + softplus(x));
}

// psi is the logarithm of the size: the variance is mu + mu^2/size.
struct Nbinom2 : Formula {
  static constexpr int kChannels = 1;

  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    return w * nbinom_log_density(y, eta, psi[0]);
  }

  double expected(double eta, const double* psi, double, double w) const {
    return w * bounded_exp(eta - softplus(eta - psi[0]));
  }
  double start(double y, double, double) const { return std::log(y + 0.1); }
  int recession(double y, double w) const { return w > 0.0 && !(y > 0.0) ? -1 : 0; }
};

// psi is the logarithm of phi: the variance is mu (1 + phi), the size mu/phi.
struct Nbinom1 : Formula {
  static constexpr int kChannels = 1;
  static constexpr bool kLogConcave = false;

  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    return w * nbinom_log_density(y, eta, eta - psi[0]);
  }

  // What the mean alone tells: less than all, but no sum over counts.
  double expected(double eta, const double* psi, double, double w) const {
    return w * bounded_exp(eta - softplus(psi[0]));
  }
  double start(double y, double, double) const { return std::log(y + 0.1); }
  int recession(double y, double w) const { return w > 0.0 && !(y > 0.0) ? -1 : 0; }
};

}  // namespace ranef
