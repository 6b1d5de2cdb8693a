#include "residual/strata.hpp"

namespace ranef {

std::vector<Jet> Strata::coefficients(const std::vector<Jet>& phi) const {
  std::vector<Jet> out = {1.0};
  for (const Jet& log_ratio : phi) out.push_back(exp(-2.0 * log_ratio));
  return out;
}

Jet Strata::log_determinant(const std::vector<Jet>& phi) const {
  Jet sum = 0.0;
  for (std::size_t k = 0; k < phi.size(); ++k) sum = sum + 2.0 * counts_[k + 1] * phi[k];
  return sum;
}

}  // namespace ranef
