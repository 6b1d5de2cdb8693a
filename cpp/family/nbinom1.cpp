#include "family/families.hpp"
#include "family/nbinom.hpp"

namespace ranef {

std::unique_ptr<Family> make_nbinom1(const std::string& link, const Constants&) {
  if (link == "log") return std::make_unique<FormulaFamily<Nbinom1>>();
  return nullptr;
}

}  // namespace ranef
