// Inverse Gaussian: psi is the logarithm of phi, the variance is phi mu^3. Weights divide phi.
#include <type_traits>

#include "family/families.hpp"
#include "family/formula.hpp"
#include "family/means.hpp"

namespace ranef {

namespace {

template <class Link>
struct InverseGaussian : Formula {
  static constexpr int kChannels = 1;
  static constexpr bool kInUnits = Link::kInUnits;
  static constexpr bool kLogConcave = std::is_same_v<Link, InverseSquareLink>;

  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    if (!(w > 0.0)) return T(0.0);
    const double log_y = std::log(y);
    const T log_phi = psi[0] - std::log(w);
    const T off = expm1(log_y - Link::log_mean(eta));
    return -0.5 * (log_phi + exp(-log_y - log_phi) * (off * off)) - kHalfLog2Pi - 1.5 * log_y;
  }

  bool inside(double eta, const double*) const { return Link::inside(eta); }
  double expected(double eta, const double* psi, double, double w) const {
    const double mean = Link::mean(eta);
    const double slope = Link::slope(eta) / mean;
    return w * bounded_exp(-psi[0]) * slope * (slope / mean);
  }
  double start(double y, double, double) const { return Link::predictor(y); }
};

}  // namespace

std::unique_ptr<Family> make_inverse_gaussian(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<FormulaFamily<InverseGaussian<LogLink>>>();
  if (link == "1/mu^2") {
    return std::make_unique<FormulaFamily<InverseGaussian<InverseSquareLink>>>();
  }
  return nullptr;
}

}  // namespace ranef
