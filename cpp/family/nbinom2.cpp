#include "family/families.hpp"
#include "family/nbinom.hpp"

namespace ranef {

std::unique_ptr<Family> make_nbinom2(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<FormulaFamily<Nbinom2>>();
  return nullptr;
}

}  // namespace ranef
