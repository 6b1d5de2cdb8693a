// Functions of one number with four derivatives, accurate wherever they are defined: what
// log-densities are made of. None returns NaN inside of its domain.
//
// Nothing is subtracted from a log-gamma function: log Gamma(x) is taken apart into
// (x - 1/2) log x - x + log(2 pi)/2 and Stirling's error, and the large parts are put together to
// divergences between means, which have no digits to lose (C. Loader, Fast and accurate
// computation of binomial probabilities, 2000).
#pragma once

#include <cmath>

#include "family/taylor.hpp"

namespace ranef {

inline constexpr double kHalfLog2Pi = 0.91893853320467274178;

// Exponents beyond this one are taken for it, so that squares of what comes out are finite.
inline constexpr double kLargestExponent = 230.0;

double bounded_exp(double x);

double sigmoid(double x);
double softplus(double x);         // log(1 + exp x)
double exp_remainder(double x);    // exp x - 1 - x
double log_remainder(double x);    // x - log(1 + x), x > -1
double stirling_error(double x);   // log x! - (x + 1/2) log x + x - log(2 pi)/2, x > 0
double log_factorial(double x);    // x >= 0
double scaled_trigamma(double x);  // e^2 times the trigamma function of e = exp x

// log(1 + p (exp(d) - 1)) - p d >= 0 at p = sigmoid(x): the divergence of Bernoulli distributions,
// from the one with logit x to the one with logit x + d.
double bernoulli_divergence(double x, double d);

Derivatives4 exp_derivatives(double x);
Derivatives4 log_derivatives(double x);         // x > 0
Derivatives4 reciprocal_derivatives(double x);  // x != 0
Derivatives4 expm1_derivatives(double x);       // the exponent as bounded as in exp
Derivatives4 softplus_derivatives(double x);
Derivatives4 exp_remainder_derivatives(double x);  // the exponent as bounded as in exp
Derivatives4 log_remainder_derivatives(double x);  // x > -1
// Stirling's error at exp(x).
Derivatives4 stirling_error_derivatives(double x);
// log(softplus(x)) - x, which vanishes as x falls.
Derivatives4 log_softplus_excess_derivatives(double x);
// The divergence of the Bernoulli distribution with logit x from the one with logit x0.
Derivatives4 bernoulli_divergence_derivatives(double x, double x0);

template <int O, int C>
Taylor<O, C> exp(const Taylor<O, C>& x) {
  return compose(x, exp_derivatives(x.value()));
}
template <int O, int C>
Taylor<O, C> log(const Taylor<O, C>& x) {
  return compose(x, log_derivatives(x.value()));
}
template <int O, int C>
Taylor<O, C> reciprocal(const Taylor<O, C>& x) {
  return compose(x, reciprocal_derivatives(x.value()));
}
template <int O, int C>
Taylor<O, C> softplus(const Taylor<O, C>& x) {
  return compose(x, softplus_derivatives(x.value()));
}
template <int O, int C>
Taylor<O, C> exp_remainder(const Taylor<O, C>& x) {
  return compose(x, exp_remainder_derivatives(x.value()));
}
template <int O, int C>
Taylor<O, C> expm1(const Taylor<O, C>& x) {
  return compose(x, expm1_derivatives(x.value()));
}
template <int O, int C>
Taylor<O, C> log_remainder(const Taylor<O, C>& x) {
  return compose(x, log_remainder_derivatives(x.value()));
}
// Stirling's error of the number whose logarithm is given.
template <int O, int C>
Taylor<O, C> stirling_error_at_exp(const Taylor<O, C>& x) {
  if (x.constant()) return stirling_error(bounded_exp(x.value()));
  return compose(x, stirling_error_derivatives(x.value()));
}
template <int O, int C>
Taylor<O, C> log_softplus_excess(const Taylor<O, C>& x) {
  return compose(x, log_softplus_excess_derivatives(x.value()));
}

}  // namespace ranef
