#include "family/poisson.hpp"

#include "family/families.hpp"
#include "family/kernels.hpp"

namespace ranef {

namespace {

class PoissonLog : public FormulaFamily<Poisson<LogLink>> {
 public:
  void derivatives(const FamilyRows& rows, RowOrder order,
                   const RowDerivatives& out) const override {
    constexpr double kMany = 1e3;  // beyond it the formula keeps more digits
    poisson_log_rows(rows, order, out);
    for (Index i = 0; i < rows.n; ++i) {
      const double y = rows.y[i];
      if (y == 0.0 || y == 1.0) continue;
      if (!(y <= kMany)) {
        fill_row(rows, order, i, out);
      } else if (out.eta[0] != nullptr) {
        out.eta[0][i] -= weight(rows, i) * log_factorial(y);
      }
    }
  }

  // The link is canonical: -l'' does not depend on y.
  void expected(const FamilyRows& rows, double* information) const override {
    negative_curvature(*this, rows, information);
  }
};

}  // namespace

std::unique_ptr<Family> make_poisson(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<PoissonLog>();
  if (link == "sqrt") return std::make_unique<FormulaFamily<Poisson<SqrtLink>>>();
  if (link == "identity") return std::make_unique<FormulaFamily<Poisson<IdentityLink>>>();
  return nullptr;
}

}  // namespace ranef
