#include "family/poisson.hpp"

#include "family/families.hpp"

namespace ranef {

std::unique_ptr<Family> make_poisson(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<FormulaFamily<Poisson<LogLink>>>();
  if (link == "sqrt") return std::make_unique<FormulaFamily<Poisson<SqrtLink>>>();
  if (link == "identity") return std::make_unique<FormulaFamily<Poisson<IdentityLink>>>();
  return nullptr;
}

}  // namespace ranef
