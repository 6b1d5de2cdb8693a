// Gamma: psi is the logarithm of the shape, the variance is mu^2/shape. Weights multiply the shape.
#include "family/families.hpp"
#include "family/formula.hpp"
#include "family/means.hpp"

namespace ranef {

namespace {

template <class Link>
struct Gamma : Formula {
  static constexpr int kChannels = 1;
  static constexpr bool kInUnits = Link::kInUnits;
  static constexpr bool kLogConcave = !std::is_same_v<Link, IdentityLink>;

  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    if (!(w > 0.0)) return T(0.0);
    const double log_y = std::log(y);
    const T log_shape = psi[0] + std::log(w);
    return 0.5 * log_shape - kHalfLog2Pi - stirling_error_at_exp(log_shape) - log_y -
           exp(log_shape) * exp_remainder(log_y - Link::log_mean(eta));
  }

  bool inside(double eta, const double*) const { return Link::inside(eta); }
  double expected(double eta, const double* psi, double, double w) const {
    const double slope = Link::slope(eta) / Link::mean(eta);
    return w * bounded_exp(psi[0]) * slope * slope;
  }
  double start(double y, double, double) const { return Link::predictor(y); }
};

}  // namespace

std::unique_ptr<Family> make_gamma(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<FormulaFamily<Gamma<LogLink>>>();
  if (link == "inverse") return std::make_unique<FormulaFamily<Gamma<InverseLink>>>();
  if (link == "identity") return std::make_unique<FormulaFamily<Gamma<IdentityLink>>>();
  return nullptr;
}

}  // namespace ranef
