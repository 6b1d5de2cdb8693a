// Beta-binomial: y is the proportion of successes in w trials whose probability is drawn from the
// beta distribution with a = mu phi and b = (1 - mu) phi; psi is the logarithm of phi.
#include "family/binomial.hpp"
#include "family/families.hpp"

namespace ranef {

namespace {

// Divergence of p from the probability pi whose logit is larger by d: (1 - p) and p by their
// logarithms.
template <class T>
T divergence(const T& log_p, const T& log_q, const T& d) {
  if (log_p.value() > log_q.value()) return divergence(log_q, log_p, -d);
  const T p = exp(log_p);
  if (std::abs(d.value()) < 1.0) return p * exp_remainder(d) - log_remainder(p * expm1(d));
  return log_q + softplus(log_p - log_q + d) - p * d;
}

template <class Link>
struct Betabinomial : Formula {
  static constexpr int kChannels = 1;
  static constexpr bool kLogConcave = false;
  static constexpr bool kTrials = true;

  // Gamma functions leave Stirling's errors, and two divergences from pi = (k + a)/(w + phi): that
  // of the proportion and that of mu. As phi grows, pi goes to mu, and this to the binomial.
  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    const double k = y * w;
    const double rest = (1.0 - y) * w;
    if (!(w > 0.0)) return T(0.0);
    const T log_mu = compose(eta, Link::log_p(eta.value()));
    const T log_rest = compose(eta, Link::log_q(eta.value()));
    const T all = lift(w, psi[0]);
    const T successes = lift(k, log_mu + psi[0]);
    const T failures = lift(rest, log_rest + psi[0]);
    const T change = successes - failures;  // of the logit, from mu to pi
    T out = errors(log_mu + psi[0], successes) + errors(log_rest + psi[0], failures) -
            errors(psi[0], all) - exp(psi[0]) * divergence(log_mu, log_rest, change);
    const T logit = log_mu - log_rest + change;
    if (!(k > 0.0)) return out - w * softplus(logit);
    if (!(rest > 0.0)) return out - w * softplus(-logit);
    return out + binomial_saturated(k, rest, w) - w * compose(logit, from(y, logit.value()));
  }

  // What the mean alone tells: less than all, but no sum over counts.
  double expected(double eta, const double* psi, double, double w) const {
    const double phi = bounded_exp(psi[0]);
    return w * bernoulli_information<Link>(eta) * ((phi + 1.0) / (phi + w));
  }
  double start(double y, double w, double) const {
    return Link::predictor((y * w + 0.5) / (w + 1.0));
  }
  int recession(double y, double w) const {
    if (!(w > 0.0)) return 0;
    return y >= 1.0 ? 1 : (y <= 0.0 ? -1 : 0);
  }

 private:
  // log((k + a)/a)
  template <class T>
  static T lift(double k, const T& log_a) {
    return k > 0.0 ? softplus(std::log(k) - log_a) : T(0.0);
  }

  // What Gamma(k + a)/Gamma(a) has beyond powers and exponentials.
  template <class T>
  static T errors(const T& log_a, const T& lift) {
    if (lift.value() == 0.0) return T(0.0);
    return stirling_error_at_exp(log_a + lift) - stirling_error_at_exp(log_a) - 0.5 * lift;
  }

  // Divergence of a known y from the probability of a logit.
  static Derivatives4 from(double y, double logit) {
    const Derivatives4 s = softplus_derivatives(logit);
    const double own = std::log(y) - std::log1p(-y);
    return {bernoulli_divergence(own, logit - own), s[1] - y, s[2], s[3], s[4]};
  }
};

}  // namespace

std::unique_ptr<Family> make_betabinomial(const std::string& link, const Constants&) {
  if (link == "logit") return std::make_unique<FormulaFamily<Betabinomial<Logit>>>();
  if (link == "probit") return std::make_unique<FormulaFamily<Betabinomial<Probit>>>();
  if (link == "cloglog") return std::make_unique<FormulaFamily<Betabinomial<Cloglog>>>();
  return nullptr;
}

}  // namespace ranef
