// Toeplitz correlations ("toep", "homtoep"): one for each distance between columns.
//
// A symmetric Toeplitz matrix with a unit diagonal is positive semidefinite if and only if it has
// partial autocorrelations k_m in [-1, 1] (Schur; Durbin 1960, Levinson 1947). With k_m = sin and
// c_m = cos of the m-th angle, forward and backward prediction errors f and b in the basis of
// innovations obey
//
//   f_(m-1)(t) = c_m f_m(t) + k_m b_(m-1)(t-1),   b_m(t) = c_m b_(m-1)(t-1) - k_m f_m(t),
//
// from f_t(t), the new innovation, down to f_0(t) = b_0(t): row t of L. Nothing is divided by.
#pragma once

#include "structure/family.hpp"

namespace ranef {

class Toeplitz : public CorrelationFamily {
 public:
  Toeplitz(int q, bool heterogeneous) : CorrelationFamily(q, heterogeneous, q - 1) {}

 protected:
  Triangle<Jet> correlation_root(const std::vector<Jet>& angles) const override;
  Triangle<double> correlation_root(const std::vector<double>& angles) const override;
  Vector correlations_of(const Matrix& c) const override;
  Vector angles_of(const Vector& correlations) const override;
  Vector nearest_angles(const Matrix& c) const override;
  // Every positive semidefinite Toeplitz matrix is a sum of cosines (Caratheodory): the cone's
  // rays.
  Matrix extreme(double w) const override;

 private:
  Vector levinson(const Vector& correlations, double most) const;
};

}  // namespace ranef
