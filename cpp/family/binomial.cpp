#include "family/binomial.hpp"

#include "family/families.hpp"
#include "family/kernels.hpp"

namespace ranef {

namespace {

class BinomialLogit : public FormulaFamily<Binomial<Logit>> {
 public:
  void derivatives(const FamilyRows& rows, RowOrder order,
                   const RowDerivatives& out) const override {
    constexpr double kMany = 1e4;  // beyond it the formula keeps more digits
    binomial_logit_rows(rows, order, out);
    if (rows.weights == nullptr) return;
    for (Index i = 0; i < rows.n; ++i) {
      const double y = rows.y[i];
      const double w = rows.weights[i];
      if (!(y > 0.0 && y < 1.0 && w > 0.0)) continue;
      if (w > kMany) {
        fill_row(rows, order, i, out);
      } else if (out.eta[0] != nullptr) {
        out.eta[0][i] += log_factorial(w) - log_factorial(y * w) - log_factorial((1.0 - y) * w);
      }
    }
  }

  // The link is canonical: -l'' does not depend on y.
  void expected(const FamilyRows& rows, double* information) const override {
    negative_curvature(*this, rows, information);
  }
};

}  // namespace

std::unique_ptr<Family> make_binomial(const std::string& link, const Constants&) {
  if (link == "logit") return std::make_unique<BinomialLogit>();
  if (link == "probit") return std::make_unique<FormulaFamily<Binomial<Probit>>>();
  if (link == "cloglog") return std::make_unique<FormulaFamily<Binomial<Cloglog>>>();
  if (link == "cauchit") return std::make_unique<FormulaFamily<Binomial<Cauchit>>>();
  return nullptr;
}

}  // namespace ranef
