// Binomial: y is the proportion of successes in w trials.
#pragma once

#include "family/formula.hpp"
#include "family/probability.hpp"

namespace ranef {

// log C(n, k) + k log(k/n) + (n - k) log(1 - k/n): the log-density at the proportion itself.
inline double binomial_saturated(double k, double rest, double n) {
  return stirling_error(n) - stirling_error(k) - stirling_error(rest) - kHalfLog2Pi -
         0.5 * std::log(k * (rest / n));
}

template <class Link>
struct Binomial : Formula {
  static constexpr bool kLogConcave = Link::kLogConcave;
  static constexpr bool kTrials = true;

  template <class T, class P>
  T log_density(const T& eta, const P&, double y, double w) const {
    const double k = y * w;
    const double rest = (1.0 - y) * w;
    if (!(rest > 0.0)) return k > 0.0 ? k * compose(eta, Link::log_p(eta.value())) : T(0.0);
    if (!(k > 0.0)) return rest * compose(eta, Link::log_q(eta.value()));
    const Derivatives4 p = Link::log_p(eta.value());
    const Derivatives4 q = Link::log_q(eta.value());
    T out = k * compose(eta, p) + rest * compose(eta, q);
    // From the density at p = y, so that many trials lose no digits.
    const double logit = std::log(y) - std::log1p(-y);
    out.set_value(binomial_saturated(k, rest, w) -
                  w * bernoulli_divergence(logit, p[0] - q[0] - logit));
    return out;
  }

  double expected(double eta, const double*, double, double w) const {
    return w * bernoulli_information<Link>(eta);
  }
  double start(double y, double w, double) const {
    return Link::predictor((y * w + 0.5) / (w + 1.0));
  }
  int recession(double y, double w) const {
    if (!(w > 0.0)) return 0;
    return y >= 1.0 ? 1 : (y <= 0.0 ? -1 : 0);
  }
};

}  // namespace ranef
