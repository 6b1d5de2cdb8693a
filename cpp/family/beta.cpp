// Beta: psi is the logarithm of phi, the variance is mu (1 - mu)/(1 + phi).
#include "family/families.hpp"
#include "family/formula.hpp"
#include "family/probability.hpp"

namespace ranef {

namespace {

template <class Link>
struct Beta : Formula {
  static constexpr int kChannels = 1;
  static constexpr bool kLogConcave = false;

  // With a = mu phi and b = (1 - mu) phi, log-gamma functions leave Stirling's errors, and the
  // divergence of y from mu.
  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    const T log_mu = compose(eta, Link::log_p(eta.value()));
    const T log_rest = compose(eta, Link::log_q(eta.value()));
    const T log_a = log_mu + psi[0];
    const T log_b = log_rest + psi[0];
    const double log_y = std::log(y);
    const double log_1y = std::log1p(-y);
    const T logit = log_mu - log_rest;
    const T divergence =
        compose(logit, bernoulli_divergence_derivatives(logit.value(), log_y - log_1y));
    return w * (0.5 * (log_mu + log_b) - exp(psi[0]) * divergence - kHalfLog2Pi - log_y - log_1y +
                stirling_error_at_exp(psi[0]) - stirling_error_at_exp(log_a) -
                stirling_error_at_exp(log_b));
  }

  double expected(double eta, const double* psi, double, double w) const {
    const Derivatives4 p = Link::log_p(eta);
    const Derivatives4 q = Link::log_q(eta);
    return w * (scaled_trigamma(p[0] + psi[0]) * p[1] * p[1] +
                scaled_trigamma(q[0] + psi[0]) * q[1] * q[1]);
  }
  double start(double y, double, double) const { return Link::predictor(y); }
};

}  // namespace

std::unique_ptr<Family> make_beta(const std::string& link, const Constants&) {
  if (link == "logit") return std::make_unique<FormulaFamily<Beta<Logit>>>();
  if (link == "probit") return std::make_unique<FormulaFamily<Beta<Probit>>>();
  if (link == "cloglog") return std::make_unique<FormulaFamily<Beta<Cloglog>>>();
  return nullptr;
}

}  // namespace ranef
