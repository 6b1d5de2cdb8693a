// What the random effects leave of X and y, summed over the rows themselves.
//
// Where effects are many times larger than residuals, the Schur complement of [X y] is a small
// difference of large cross-products. With E = Z'V^-1 [X y] and R = V^-1 [X y], a row each,
//
//   R = [X y] - Z D E,   [X y]'V^-1 [X y] = R'W R + sum of E' D E,
//
// which subtracts nothing and depends on an error of E in second order only. E comes by iterative
// refinement (Higham 2002, section 12.1): a forward sweep with Z'W R - E in the place of Z'W[X y]
// gives the change of E. In the place of y stands y - X beta0, so that what X explains of y costs
// no digits either.
#pragma once

#include <vector>

#include "factor/sweeps.hpp"

namespace ranef {

// Whether rows have the columns and levels of a problem; `others` of its rows are none of them.
bool fits(const Arranged& arranged, const RowsView& rows, Index others);

class Refinement {
 public:
  // Copies what it needs from the rows, whose cross-products are in `arranged`. `others`: its rows
  // of [X y] that have no random effects (add_fixed_rows).
  Refinement(const Arranged& arranged, const RowsView& rows, const Matrix& others);
  Refinement(const Refinement&) = delete;
  Refinement& operator=(const Refinement&) = delete;

  // False where the arithmetic broke down.
  bool evaluate(const std::vector<Matrix>& lambda);

  double log_determinant() const { return sweeps_.log_determinant(); }
  const Matrix& fixed() const { return fixed_; }    // Schur complement of [X, y - X origin()]
  const Vector& origin() const { return origin_; }  // beta0
  // Relative error of r2, errors of log|X'V^-1 X| and log|V|, all as far as the last steps show.
  double error_of_r2() const { return error_of_r2_; }
  double error_of_determinants() const { return error_of_determinants_; }

  // Gamma, for the derivative with respect to fixed().
  void gamma(const Top& top, std::vector<Matrix>& out);

  // As Sweeps::predictors, for columns of [X, y - X origin()] v.
  void predictors(const Matrix& v, std::vector<std::vector<double>>& b,
                  std::vector<std::vector<double>>& e) const;

 private:
  struct Group {
    std::vector<std::int32_t> codes;
    Matrix z;      // a row to a column
    Matrix e;      // E: q x m by level, side by side
    Matrix right;  // Z'W R, the same
  };
  struct Parts {
    double r2 = 0.0;
    double log_determinant = 0.0;
    Vector beta;
  };

  void centre();
  void sum_rows(const std::vector<Matrix>& lambda);
  bool correct(const std::vector<Matrix>& lambda);
  bool take_apart(Parts& out) const;

  Arranged arranged_;
  Sweeps sweeps_;
  int m_;
  std::vector<Group> groups_;
  Matrix columns_;   // [X, y - X beta0], a row to a column
  Vector response_;  // y
  Matrix others_;    // rows without random effects, a row to a column; y - X beta0 in the last
  Vector other_response_;
  Vector weights_;
  Vector origin_;
  Matrix fixed_;
  double change_ = 0.0;  // of E by the last correction, beside its size
  double error_of_r2_ = 0.0;
  double error_of_determinants_ = 0.0;
};

}  // namespace ranef
