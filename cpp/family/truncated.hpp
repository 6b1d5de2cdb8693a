// Counts of at least one: the density of a count family over its probability of not being zero.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "family/nbinom.hpp"
#include "family/poisson.hpp"
#include "family/probability.hpp"

namespace ranef {

// -log f(0) by its logarithm.
template <class T, class P>
T log_rate(const Poisson<LogLink>&, const T& eta, const P&) {
  return eta;
}
template <class T, class P>
T log_rate(const Nbinom2&, const T& eta, const P& psi) {
  return eta + log_softplus_excess(eta - psi[0]);
}

template <class Base>
struct Truncated : Formula {
  static constexpr int kChannels = Base::kChannels;
  static constexpr bool kLogConcave = std::is_same_v<Base, Poisson<LogLink>>;

  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    return w * (base.log_density(eta, psi, y, 1.0) - log_any(log_rate(base, eta, psi)));
  }

  // l'' is linear in y: the expected one is that of the mean.
  double expected(double eta, const double* psi, double, double w) const {
    using T = Taylor<2, kChannels>;
    std::array<T, kChannels> numbers;
    for (std::size_t c = 0; c < numbers.size(); ++c) numbers[c] = T(psi[c]);
    const double any = log_any(log_rate(base, T(eta), numbers)).value();
    const double mean = bounded_exp(eta - any);
    double second = 0.0;
    RowDerivatives out;
    out.eta[2] = &second;
    log_density(T::eta(eta), numbers, mean, w).store(0, out);
    return std::max(-second, 0.0);
  }
  double start(double y, double, double) const { return std::log(std::max(y, 1.0)); }
  double start_psi(int channel) const { return base.start_psi(channel); }
  int recession(double y, double w) const { return w > 0.0 && !(y > 1.0) ? -1 : 0; }

  Base base;
};

}  // namespace ranef
