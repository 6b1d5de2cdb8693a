// Gamma: psi is the logarithm of the shape, the variance is mu^2/shape. Weights multiply the shape.
#include <array>
#include <limits>

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

// By hand under the logarithm: with x = log(y/mu) the density is a function of the shape alone,
// less shape (exp(x) - 1 - x).
class GammaLog : public FormulaFamily<Gamma<LogLink>> {
 public:
  void derivatives(const FamilyRows& rows, RowOrder order,
                   const RowDerivatives& out) const override {
    ShapeTerms terms;
    for (Index i = 0; i < rows.n; ++i) {
      if (!by_hand(rows, i, order, terms, out)) fill_row(rows, order, i, out);
    }
  }

 private:
  // log of shape^(1/2) over Stirling's remainder, and two derivatives by the logarithm of the
  // shape; kept as long as that stays.
  struct ShapeTerms {
    double log_shape = std::numeric_limits<double>::quiet_NaN();
    double shape = 0.0;
    std::array<double, 3> terms = {};

    void move_to(double wanted) {
      if (wanted == log_shape) return;
      log_shape = wanted;
      shape = std::exp(wanted);
      const Derivatives4 own = stirling_error_derivatives(wanted);
      terms = {0.5 * wanted - kHalfLog2Pi - own[0], 0.5 - own[1], -own[2]};
    }
  };

  static bool by_hand(const FamilyRows& rows, Index i, RowOrder order, ShapeTerms& own,
                      const RowDerivatives& out) {
    const double w = weight(rows, i);
    const double log_y = std::log(rows.y[i]);
    const double x = log_y - rows.eta[i];
    if (!(w > 0.0 && std::abs(x) < kLargestExponent && std::abs(rows.psi[0][i]) < kLargestExponent))
      return false;
    own.move_to(rows.psi[0][i] + std::log(w));
    const double away = exp_remainder(x);
    const double score = own.shape * std::expm1(x);
    const double bend = score + own.shape;
    const auto put = [i](double* to, double value) {
      if (to != nullptr) to[i] = value;
    };
    put(out.eta[0], own.terms[0] - log_y - own.shape * away);
    put(out.eta[1], score);
    put(out.eta[2], -bend);
    if (order == RowOrder::kPass) return true;
    put(out.eta[3], bend);
    put(out.psi[0][0], own.terms[1] - own.shape * away);
    put(out.psi[0][1], score);
    put(out.psi[0][2], -bend);
    if (order == RowOrder::kGradient) return true;
    put(out.eta[4], -bend);
    put(out.psi[0][3], bend);
    put(out.psi2[0][0], own.terms[2] - own.shape * away);
    put(out.psi2[0][1], score);
    put(out.psi2[0][2], -bend);
    return true;
  }
};

}  // namespace

std::unique_ptr<Family> make_gamma(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<GammaLog>();
  if (link == "inverse") return std::make_unique<FormulaFamily<Gamma<InverseLink>>>();
  if (link == "identity") return std::make_unique<FormulaFamily<Gamma<IdentityLink>>>();
  return nullptr;
}

}  // namespace ranef
