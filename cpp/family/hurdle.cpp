// Counts that are zero with a probability of their own, and of a truncated family otherwise: one
// more psi, the logit of that probability. A zero says nothing about eta.
#include "family/families.hpp"
#include "family/truncated.hpp"

namespace ranef {

namespace {

template <class Base>
struct Hurdle : Formula {
  static constexpr int kChannels = Base::kChannels + 1;
  static constexpr bool kLogConcave = Truncated<Base>::kLogConcave;

  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    const T& zero = psi[Base::kChannels];
    if (!(y > 0.0)) return T(-w) * softplus(-zero);
    return positive.log_density(eta, psi, y, w) - T(w) * softplus(zero);
  }

  double expected(double eta, const double* psi, double y, double w) const {
    const double above = sigmoid(-psi[Base::kChannels]);
    return above * positive.expected(eta, psi, std::max(y, 1.0), w);
  }
  double start(double y, double w, double typical) const {
    return positive.start(y > 0.0 ? y : typical, w, typical);
  }
  double start_psi(int channel) const {
    return channel < Base::kChannels ? positive.start_psi(channel) : 0.0;
  }
  int recession(double y, double w) const { return y > 0.0 ? positive.recession(y, w) : 0; }

  Truncated<Base> positive;
};

}  // namespace

std::unique_ptr<Family> make_hurdle_poisson(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<FormulaFamily<Hurdle<Poisson<LogLink>>>>();
  return nullptr;
}

std::unique_ptr<Family> make_hurdle_nbinom2(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<FormulaFamily<Hurdle<Nbinom2>>>();
  return nullptr;
}

}  // namespace ranef
