// Links of a probability p: log p and log(1 - p) with four derivatives in the linear predictor,
// each with all its digits in both tails.
#pragma once

#include <utility>

#include "family/special.hpp"

namespace ranef {

struct Logit {
  static constexpr bool kLogConcave = true;
  static Derivatives4 log_p(double x);
  static Derivatives4 log_q(double x);
  static double predictor(double p);  // an approximation, where a search begins
};

struct Probit {
  static constexpr bool kLogConcave = true;
  static Derivatives4 log_p(double x);
  static Derivatives4 log_q(double x);
  static double predictor(double p);
};

// p = 1 - exp(-exp x).
struct Cloglog {
  static constexpr bool kLogConcave = true;
  static Derivatives4 log_p(double x);
  static Derivatives4 log_q(double x);
  static double predictor(double p);
};

// p = 1/2 + atan(x)/pi.
struct Cauchit {
  static constexpr bool kLogConcave = false;
  static Derivatives4 log_p(double x);
  static Derivatives4 log_q(double x);
  static double predictor(double p);
};

// The derivatives of f(-x) from those of f at -x.
inline Derivatives4 mirrored(const Derivatives4& f) { return {f[0], -f[1], f[2], -f[3], f[4]}; }

// Expected -l'' of one Bernoulli trial: p'^2 / (p q).
template <class Link>
double bernoulli_information(double x) {
  return -Link::log_p(x)[1] * Link::log_q(x)[1];
}

// log(1 - exp(-exp x)), the logarithm of the probability that something happens at all.
template <int O, int C>
Taylor<O, C> log_any(const Taylor<O, C>& x) {
  return compose(x, Cloglog::log_p(x.value()));
}

}  // namespace ranef
