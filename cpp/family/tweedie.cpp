// Tweedie with known power p, 1 < p < 2: a Poisson number of gamma amounts. psi is the logarithm of
// phi, the variance is phi mu^p.
//
// The normaliser is a series over the number of amounts (P. K. Dunn and G. K. Smyth, Series
// evaluation of Tweedie exponential dispersion model densities, 2005).
#include <stdexcept>

#include "family/families.hpp"
#include "family/formula.hpp"

namespace ranef {

namespace {

struct Series {
  double value, first, second;  // derivatives by log j0
};

class Tweedie : public Formula {
 public:
  static constexpr int kChannels = 1;

  explicit Tweedie(double power) : a_(2.0 - power), b_(power - 1.0) {}

  // With d = log(mu/y), j0 the expected number of amounts at mu = y, and a = 2 - p, b = p - 1: what
  // is large in the series and in the exponent cancels, and a divergence of y from mu is left.
  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    if (!(y > 0.0)) return -w / a_ * exp(a_ * eta - psi[0]);
    const double log_y = std::log(y);
    const T d = eta - log_y;
    const T log_scale = a_ * log_y - psi[0];
    const T divergence = exp_remainder(a_ * d) * (1.0 / a_) + exp_remainder(-b_ * d) * (1.0 / b_);
    const T log_j0 = log_scale - std::log(a_);
    const Series s = series(log_j0.value());
    const T normaliser = compose(log_j0, {s.value, s.first, s.second, 0.0, 0.0});
    return w * (normaliser - log_y - exp(log_scale) * divergence);
  }

  double expected(double eta, const double* psi, double, double w) const {
    return w * bounded_exp(a_ * eta - psi[0]);
  }
  double start(double y, double, double typical) const {
    return std::log(std::max(y, typical > 0.0 ? 0.1 * typical : 1.0));
  }
  int recession(double y, double w) const { return w > 0.0 && !(y > 0.0) ? -1 : 0; }

 private:
  // Logarithm of the sum over j = 1, 2, .. of
  //   exp(-(j log(j/j0) - j + j0)/b) sqrt(a/b)/(2 pi) exp(-error(j) - error(j a/b)),
  // Stirling's errors. A sum over a smooth peak is a trapezoidal rule: if the peak is wide, steps
  // of half its standard deviation, sqrt(b j0), give all digits.
  Series series(double log_j0) const {
    constexpr double kWide = 1e6;
    constexpr double kNegligible = 45.0;
    const double j0 = bounded_exp(log_j0);
    const double constant = 0.5 * std::log(a_ / b_) - 2.0 * kHalfLog2Pi;
    if (b_ * j0 > kWide) {
      // The sum's asymptotic series.
      const double c = (b_ / 24.0 + 1.0 / (12.0 * a_)) / j0;
      return {constant + 0.5 * std::log(b_ * j0) + kHalfLog2Pi - c, 0.5 + c, -c};
    }
    const double step = std::max(1.0, std::floor(0.5 * std::sqrt(b_ * j0)));
    const double middle = std::max(1.0, std::round(j0));
    const double peak = term(middle, j0, log_j0);
    double sum = 0.0;
    double first = 0.0;
    double second = 0.0;
    const auto add = [&](double j) {
      const double height = term(j, j0, log_j0) - peak;
      const double share = std::exp(height);
      const double off = j - j0;
      sum += share;
      first += share * off;
      second += share * off * off;
      return height > -kNegligible;
    };
    for (double j = middle; add(j);) j += step;
    for (double j = middle - step; j >= 1.0 && add(j);) j -= step;
    first /= sum;
    second = second / sum - first * first;
    return {constant + peak + std::log(step * sum), first / b_, (second / b_ - j0) / b_};
  }

  double term(double j, double j0, double log_j0) const {
    // j log(j/j0) - j + j0 without cancellation where j is close to j0.
    const double off = (j - j0) / j0;
    const double r = log_remainder(off);
    const double divergence =
        std::abs(off) < 0.5 ? j0 * (off * off - r - off * r) : j * (std::log(j) - log_j0) - j + j0;
    return -divergence / b_ - stirling_error(j) - stirling_error(j * (a_ / b_));
  }

  double a_, b_;
};

}  // namespace

std::unique_ptr<Family> make_tweedie(const std::string& link, const Constants& constants) {
  if (link != "log") return nullptr;
  if (constants.size() != 1 || !(constants[0] >= 1.001 && constants[0] <= 1.999)) {
    throw std::invalid_argument("tweedie takes one constant: a power from 1.001 to 1.999");
  }
  return std::make_unique<FormulaFamily<Tweedie>>(Tweedie(constants[0]));
}

}  // namespace ranef
