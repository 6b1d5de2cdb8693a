// Ordered answers y = 1 .. K: P(y <= k) = F(c_k - eta). psi are the cut points above and below the
// answer; the lowest answer has none below it, and the highest none above.
#include <stdexcept>

#include "family/families.hpp"
#include "family/formula.hpp"
#include "family/probability.hpp"

namespace ranef {

namespace {

// log(F(a) - F(b)), where gap = a - b > 0.

template <class T>
T log_between(Logit, const T& a, const T& b, const T& gap) {
  return log_any(log(gap)) - softplus(-a) - softplus(b);
}

// 1 - F(b) = exp(-exp b)
template <class T>
T log_between(Cloglog, const T&, const T& b, const T& gap) {
  return log_any(b + gap + log_any(log(gap))) - exp(b);
}

template <class T>
T log_between(Probit link, const T& a, const T& b, const T& gap) {
  const T middle = 0.5 * (a + b);
  if (middle.value() > 0.0) return log_between(link, -b, -a, gap);
  const double half = 0.5 * gap.value();
  if (half * (1.0 - middle.value()) > 1.0) {
    const T log_a = compose(a, Probit::log_p(a.value()));
    const T log_b = compose(b, Probit::log_p(b.value()));
    return log_a + log_any(log(log_a - log_b));
  }
  // A narrow interval: the mean of the density over it by the Gauss-Legendre rule.
  constexpr std::array<double, 4> kNode = {0.18343464249564980494, 0.52553240991632898582,
                                           0.79666647741362673959, 0.96028985649753623168};
  constexpr std::array<double, 4> kWeight = {0.36268378337836198297, 0.31370664587788728734,
                                             0.22238103445337447054, 0.10122853629037625915};
  T mean(0.0);
  for (std::size_t k = 0; k < kNode.size(); ++k) {
    const T off = 0.5 * kNode[k] * gap;
    const T centred = -0.5 * (off * off);
    mean += 0.5 * kWeight[k] * (exp(centred - middle * off) + exp(centred + middle * off));
  }
  return log(mean) + log(gap) - 0.5 * (middle * middle) - kHalfLog2Pi;
}

template <class Link>
class Cumulative : public Formula {
 public:
  static constexpr int kChannels = 2;

  explicit Cumulative(double answers) : answers_(answers) {}

  template <class T, class P>
  T log_density(const T& eta, const P& psi, double y, double w) const {
    const T above = psi[0] - eta;
    const T below = psi[1] - eta;
    if (y <= 1.0) return w * compose(above, Link::log_p(above.value()));
    if (y >= answers_) return w * compose(below, Link::log_q(below.value()));
    const T gap = psi[0] - psi[1];
    if (!(gap.value() > 0.0)) return no_number<T>();
    return w * log_between(Link(), above, below, gap);
  }

  // The observed information: the other answers' cut points are not known here, and l is concave.
  double expected(double eta, const double* psi, double y, double w) const {
    using T = Taylor<2, 2>;
    double second = 0.0;
    RowDerivatives out;
    out.eta[2] = &second;
    log_density(T::eta(eta), std::array<T, 2>{T(psi[0]), T(psi[1])}, y, w).store(0, out);
    return -second;
  }
  double start(double, double, double) const { return 0.0; }
  double start_psi(int channel) const { return channel == 0 ? 0.5 : -0.5; }
  int recession(double y, double w) const {
    if (!(w > 0.0)) return 0;
    return y <= 1.0 ? -1 : (y >= answers_ ? 1 : 0);
  }

 private:
  double answers_;
};

template <class Link>
std::unique_ptr<Family> made(double answers) {
  return std::make_unique<FormulaFamily<Cumulative<Link>>>(Cumulative<Link>(answers));
}

}  // namespace

std::unique_ptr<Family> make_cumulative(const std::string& link, const Constants& constants) {
  if (constants.size() != 1 || !(constants[0] >= 2.0)) {
    throw std::invalid_argument("cumulative takes one constant: the number of answers");
  }
  if (link == "logit") return made<Logit>(constants[0]);
  if (link == "probit") return made<Probit>(constants[0]);
  if (link == "cloglog") return made<Cloglog>(constants[0]);
  return nullptr;
}

}  // namespace ranef
