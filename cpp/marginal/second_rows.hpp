// Sums over rows for the second derivatives of a Laplace approximation, one direction at a time.
//
// A direction has changes x_d of eta and psi_d of psi before the random effects follow. With
// n_d = x_d + Z b_d the row's derivatives along it are
//
//   g_d = l'' n_d + l'_psi psi_d,   W_d = -(l''' n_d + l''_psi psi_d).
#pragma once

#include <vector>

#include "marginal/working_rows.hpp"

namespace ranef {

// What a direction adds to the second derivatives with another one, c: the sum over rows of
//   omega n_c - 2 g_d x_c + zeta psi_c.
struct RowProducts {
  Effects effects;      // Z'omega
  Vector coefficients;  // sums over X and the channels, n_c without Z b_c
};

class SecondRows {
 public:
  // Numbers of all rows at random effects b, with lev from P and r = Z y.
  SecondRows(const WorkingRows& rows, const Effects& b, const PatternBlocks& p, const Effects& y);

  // Z'(l'' x_d + l'_psi psi_d) for every coefficient: q x coefficients a level.
  Effects right_hand_sides() const;

  // Begins a direction: coefficient k, or none if it is -1; `b` is b_d. Leaves A_d.
  void begin(Index k, const Effects& b, Numbers& a);
  // Ends it, with the change of P along it; null if that is to be left out.
  RowProducts products(const PatternBlocks* dp);

 private:
  const WorkingRows& rows_;
  const RowMap& map_;
  Index fixed_;  // columns of X
  int channels_;
  HugeVector d2_, d3_, d4_, lev_, r_;
  std::vector<std::array<HugeVector, 3>> psi_;   // l'_psi, l''_psi, l'''_psi
  std::vector<std::array<HugeVector, 3>> psi2_;  // l_psipsi, l'_psipsi, l''_psipsi
  Index coefficient_ = -1;
  HugeVector change_;  // n_d
  HugeVector work_;
};

}  // namespace ranef
