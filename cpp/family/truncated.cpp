#include "family/truncated.hpp"

#include "family/families.hpp"

namespace ranef {

std::unique_ptr<Family> make_truncated_poisson(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<FormulaFamily<Truncated<Poisson<LogLink>>>>();
  return nullptr;
}

std::unique_ptr<Family> make_truncated_nbinom2(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<FormulaFamily<Truncated<Nbinom2>>>();
  return nullptr;
}

}  // namespace ranef
