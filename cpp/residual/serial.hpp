// First-order autocorrelation of residuals within groups: rho^d at a distance of d steps in time
// (Pinheiro & Bates 2000, section 5.3; nlme's corAR1).
//
// Neighbours t - 1 and t at a distance d add, with r = rho^d and rows a of [Z X y],
//
//   (a_t - r a_(t-1)) (a_t - r a_(t-1))' / (1 - r^2) = P0 / (1 + r) - r / (1 + r) P1
//                                                      + r / (1 - r^2) Pd
//
// with P0 = a_t a_t', P1 = a_(t-1) a_(t-1)' and Pd the same of a_t - a_(t-1), which keeps its
// digits if rho is near one. A_0 sums the first rows of the groups; after it come P0, P1 and Pd of
// each distance. log|R| = sum_d n_d log(1 - r^2). Rho is the sine of phi.
#pragma once

#include <utility>
#include <vector>

#include "residual/residual.hpp"

namespace ranef {

class Serial : public Residual {
 public:
  Serial(std::vector<double> counts, std::vector<int> gaps)
      : counts_(std::move(counts)), gaps_(std::move(gaps)) {}

  int size() const override { return 1; }
  int terms() const override { return 1 + 3 * static_cast<int>(gaps_.size()); }
  std::vector<Jet> coefficients(const std::vector<Jet>& phi) const override;
  Jet log_determinant(const std::vector<Jet>& phi) const override;
  // Rho.
  Vector parameters(const Vector& phi) const override { return phi.array().sin(); }
  Vector coordinates(const Vector& rho) const override {
    return rho.cwiseMax(-1.0).cwiseMin(1.0).array().asin();
  }

 private:
  std::vector<double> counts_;
  std::vector<int> gaps_;
};

}  // namespace ranef
