// Compound symmetry ("cs", "homcs"): one correlation rho between -1 / (q - 1) and 1 for all pairs.
//
// With e_j = 1 + j rho the root of C = (1 - rho) I + rho J is
//
//   L_i0 = rho,   L_jj = sqrt((1 - rho) e_j / e_(j-1)),
//   L_ij = rho sqrt((1 - rho) / (e_(j-1) e_j)).
//
// The roots of 1 - rho and of e_(q-1), which vanish at the bounds, are sines of half angles.
#pragma once

#include "structure/family.hpp"

namespace ranef {

class CompoundSymmetry : public CorrelationFamily {
 public:
  CompoundSymmetry(int q, bool heterogeneous) : CorrelationFamily(q, heterogeneous, 1) {}

 protected:
  Triangle<Jet> correlation_root(const std::vector<Jet>& angles) const override;
  Triangle<double> correlation_root(const std::vector<double>& angles) const override;
  Vector correlations_of(const Matrix& c) const override;
  Vector angles_of(const Vector& correlations) const override;
  Vector nearest_angles(const Matrix& c) const override;

 private:
  double lowest() const { return -1.0 / (q() - 1); }
};

}  // namespace ranef
