// Poisson counts.
#pragma once

#include <type_traits>

#include "family/formula.hpp"
#include "family/means.hpp"

namespace ranef {

// For y > 0: the log-density at mean y, and that of any mean from the remainder of exp: as many
// digits at a billion counts as at ten.
template <class T>
T poisson_log_density(double y, const T& log_mean) {
  const double log_y = std::log(y);
  const double saturated = -0.5 * log_y - kHalfLog2Pi - stirling_error(y);
  return saturated - y * exp_remainder(log_mean - log_y);
}

template <class Link>
struct Poisson : Formula {
  static constexpr bool kInUnits = Link::kInUnits;

  template <class T, class P>
  T log_density(const T& eta, const P&, double y, double w) const {
    if (!(y > 0.0)) return -w * Link::mean_of(eta);
    return w * poisson_log_density(y, Link::log_mean(eta));
  }

  bool inside(double eta, const double*) const { return Link::inside(eta); }
  double expected(double eta, const double*, double, double w) const {
    const double slope = Link::slope(eta);
    return w * slope * (slope / Link::mean(eta));
  }
  double start(double y, double, double) const { return Link::predictor(y + 0.1); }
  // A mean of zero is infinitely far under the logarithm alone.
  int recession(double y, double w) const {
    return std::is_same_v<Link, LogLink> && w > 0.0 && !(y > 0.0) ? -1 : 0;
  }
};

}  // namespace ranef
