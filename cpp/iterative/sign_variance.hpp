// The variance of what signs say of log|S~|, from the solves that say it. With B over the tail
// what is left of log S~ - S~ + I beside the directions taken out (probes.hpp), and z of signs,
//
//   Var z'B z = 2 (|B|_F^2 - sum_i B_ii^2)                              (Hutchinson 1990)
//   |B|_F^2   = E |B z|^2,  which Lanczos gives (krylov.hpp).
//
// Where few eigenvalues make up most of B, z'B z is as skew as a chi-square, and the spread of few
// probes is small whenever their mean is too near zero: Student's interval covers 85 % instead of
// 95 %, and a search that stops once it is short fewer still. |B z|^2 hardly varies. As a sum of
// chi-squares it has the degrees of freedom of Satterthwaite (1946), m |B|_F^4 / tr B^4.
//
// The diagonal is small beside the rest but where levels meet few others. Two probes z and w have
// E sum_i z_i (D z)_i w_i (D w)_i = sum_i D_ii^2, here for D = S~ + S~^-1 - 2 I, which is
// -2 (log S~ - S~ + I) up to third order and costs no other solve.
#pragma once

#include "linalg/dense.hpp"

namespace ranef {

class SignVariance {
 public:
  explicit SignVariance(Index rows) : sums_(Vector::Zero(rows)), squares_(Vector::Zero(rows)) {}

  // One probe: z, D z, |B z|^2 and |B^2 z|^2.
  void add(const Vector& z, const Vector& dz, double second, double fourth);

  double of_mean() const;             // variance of the mean over the probes
  double degrees_of_freedom() const;  // of that estimate; infinite if it is zero

 private:
  Vector sums_;        // of z_i (D z)_i over probes
  Vector squares_;     // of their squares
  double size_ = 0.0;  // sum of |D z|^2
  double second_ = 0.0;
  double fourth_ = 0.0;
  Index count_ = 0;
};

}  // namespace ranef
