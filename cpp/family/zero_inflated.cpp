// A count family with extra zeros: one more psi, the logit of their probability.
#include "family/binomial.hpp"
#include "family/families.hpp"
#include "family/nbinom.hpp"

namespace ranef {

namespace {

template <class Base>
struct ZeroInflated : Formula {
  static constexpr int kChannels = Base::kChannels + 1;
  static constexpr bool kLogConcave = false;
  static constexpr bool kTrials = Base::kTrials;

  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    const double trials = kTrials ? w : 1.0;
    if (kTrials && !(trials > 0.0)) return T(0.0);
    const T& extra = psi[Base::kChannels];
    const T f = base.log_density(eta, psi, y, trials);
    const T whole = y > 0.0 ? f : either(f, extra);
    return (kTrials ? 1.0 : w) * (whole - softplus(extra));
  }

  // Zeros tell of eta what they tell in the base family, but only as far as they are its own.
  double expected(double eta, const double* psi, double y, double w) const {
    using T = Taylor<2, kChannels>;
    const double trials = kTrials ? w : 1.0;
    if (!(trials > 0.0)) return 0.0;
    std::array<T, kChannels> numbers;
    for (std::size_t c = 0; c < numbers.size(); ++c) numbers[c] = T(psi[c]);
    double zero = 0.0;
    double slope = 0.0;
    RowDerivatives out;
    out.eta = {&zero, &slope};
    base.log_density(T::eta(eta), numbers, 0.0, trials).store(0, out);
    const double extra = psi[Base::kChannels];
    const double own = sigmoid(zero - extra);  // of a zero: that it is one of the base family
    const double lost = std::exp(zero) * slope * slope * (1.0 - own);
    const double whole = base.expected(eta, psi, y, trials);
    return (kTrials ? 1.0 : w) * sigmoid(-extra) * std::max(whole - lost, 0.0);
  }
  double start(double y, double w, double typical) const {
    return base.start(kTrials ? y : std::max(y, 0.5), w, typical);
  }
  double start_psi(int channel) const {
    return channel < Base::kChannels ? base.start_psi(channel) : -1.0;
  }
  int recession(double y, double w) const { return base.recession(y, w); }

  Base base;

 private:
  // log(exp(f) + exp(extra))
  template <class T>
  static T either(const T& f, const T& extra) {
    return f.value() > extra.value() ? f + softplus(extra - f) : extra + softplus(f - extra);
  }
};

template <class Base>
std::unique_ptr<Family> made() {
  return std::make_unique<FormulaFamily<ZeroInflated<Base>>>();
}

}  // namespace

std::unique_ptr<Family> make_zero_inflated_poisson(const std::string& link, const Constants&) {
  return link == "log" ? made<Poisson<LogLink>>() : nullptr;
}

std::unique_ptr<Family> make_zero_inflated_nbinom2(const std::string& link, const Constants&) {
  return link == "log" ? made<Nbinom2>() : nullptr;
}

std::unique_ptr<Family> make_zero_inflated_nbinom1(const std::string& link, const Constants&) {
  return link == "log" ? made<Nbinom1>() : nullptr;
}

std::unique_ptr<Family> make_zero_inflated_binomial(const std::string& link, const Constants&) {
  if (link == "logit") return made<Binomial<Logit>>();
  if (link == "probit") return made<Binomial<Probit>>();
  if (link == "cloglog") return made<Binomial<Cloglog>>();
  return nullptr;
}

}  // namespace ranef
