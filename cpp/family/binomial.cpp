#include "family/binomial.hpp"

#include "family/families.hpp"

namespace ranef {

std::unique_ptr<Family> make_binomial(const std::string& link, const Constants&) {
  if (link == "logit") return std::make_unique<FormulaFamily<Binomial<Logit>>>();
  if (link == "probit") return std::make_unique<FormulaFamily<Binomial<Probit>>>();
  if (link == "cloglog") return std::make_unique<FormulaFamily<Binomial<Cloglog>>>();
  if (link == "cauchit") return std::make_unique<FormulaFamily<Binomial<Cauchit>>>();
  return nullptr;
}

}  // namespace ranef
