// A residual variance for each stratum: sigma^2 in the first, sigma^2 exp(2 phi_k) in the others
// (Pinheiro & Bates 2000, section 5.2; nlme's varIdent).
//
// A_k sums the rows of stratum k: c_0 = 1, c_k = exp(-2 phi_k), log|R| = 2 sum_k n_k phi_k.
#pragma once

#include <utility>
#include <vector>

#include "residual/residual.hpp"

namespace ranef {

class Strata : public Residual {
 public:
  explicit Strata(std::vector<double> counts) : counts_(std::move(counts)) {}

  int size() const override { return static_cast<int>(counts_.size()) - 1; }
  int terms() const override { return static_cast<int>(counts_.size()); }
  std::vector<Jet> coefficients(const std::vector<Jet>& phi) const override;
  Jet log_determinant(const std::vector<Jet>& phi) const override;
  // Ratios of standard deviations to that of the first stratum.
  Vector parameters(const Vector& phi) const override { return phi.array().exp(); }
  Vector coordinates(const Vector& ratios) const override { return ratios.array().log(); }

 private:
  std::vector<double> counts_;
};

}  // namespace ranef
