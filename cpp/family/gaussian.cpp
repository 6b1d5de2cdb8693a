// Gaussian: psi is the logarithm of the variance, which weights divide.
#include "family/families.hpp"
#include "family/formula.hpp"

namespace ranef {

namespace {

template <bool Log>
struct Gaussian : Formula {
  static constexpr int kChannels = 1;
  static constexpr bool kInUnits = !Log;
  static constexpr bool kLogConcave = !Log;

  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    if (!(w > 0.0)) return T(0.0);
    const T log_variance = psi[0] - std::log(w);
    const T residual = y - mean(eta);
    return -0.5 * (log_variance + exp(-log_variance) * (residual * residual)) - kHalfLog2Pi;
  }

  double expected(double eta, const double* psi, double, double w) const {
    return w * bounded_exp(-psi[0]) * (Log ? bounded_exp(2.0 * eta) : 1.0);
  }
  double start(double y, double, double typical) const {
    if (!Log) return y;
    return std::log(std::max(y, typical > 0.0 ? 0.1 * typical : 1.0));
  }
  int recession(double y, double w) const { return Log && w > 0.0 && !(y > 0.0) ? -1 : 0; }

 private:
  template <class T>
  static T mean(const T& eta) {
    if constexpr (Log) return exp(eta);
    return eta;
  }
};

}  // namespace

std::unique_ptr<Family> make_gaussian(const std::string& link, const Constants&) {
  if (link == "identity") return std::make_unique<FormulaFamily<Gaussian<false>>>();
  if (link == "log") return std::make_unique<FormulaFamily<Gaussian<true>>>();
  return nullptr;
}

}  // namespace ranef
