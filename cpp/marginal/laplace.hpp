// Laplace's approximation of the marginal likelihood of a generalised model, for every layout.
//
// With W = -l'', T = -l''' by row, A = Z'WZ, K = (I + A D)^-1, P = D K, G0 = K A, lev_i = z_i'P
// z_i, a = T lev, t = K Z'a, and the modes b = D e with e = Z'l':
//
//   F        = -2 sum l + e'D e + log|I + A D|,
//   dF/dbeta = X'(a - W Z D t) - 2 X'l',
//   dF/dD    = G0 - e e' + (t e' + e t')/2   on the diagonal blocks,
//   dF/dpsi  = sum of -2 l_psi - lev l''_psi + l'_psi (Z D t).
//
// W is the observed curvature. Values and scores are corrected by the Newton step that the search
// for the modes has left: with decrement d = rho'P rho, F is F - d + t'D rho and e is e^ + K rho.
// The value is then exact to second order in that step.
#pragma once

#include <memory>
#include <vector>

#include "marginal/inner.hpp"
#include "marginal/marginal.hpp"
#include "marginal/start.hpp"

namespace ranef {

// `rows` and `family` have to stay where they are.
std::unique_ptr<Marginal> make_laplace(const GeneralisedRows& rows, const Family& family,
                                       int threads);

class SecondRows;

class Laplace final : public Marginal {
 public:
  Laplace(const GeneralisedRows& rows, const Family& family, int threads);

  Index coefficients() const override { return rows_.coefficients(); }
  bool evaluate(const std::vector<Matrix>& lambda, const Vector& coefficients,
                double tolerance) override;
  void begin_at(const Effects& dual) override;
  // Start values from these rows (start.hpp). It moves the rows, so evaluate() comes next.
  // `normal` may be null.
  Start start(const Chart& chart, const NormalPrior* normal);
  // The same where covariances and coefficients are known.
  Start start_at(const Chart& chart, const NormalPrior* normal, const Vector& coordinates,
                 const Vector& coefficients);
  const RowMap& map() const { return map_; }

  double value() const override { return value_; }
  double rounding() const override { return rounding_; }
  const std::vector<Matrix>& gamma() override { return gamma_; }
  const Vector& slopes() override { return slopes_; }
  Matrix second(const std::vector<Direction>& directions) override;
  // The same without use of there being a single factor; and, by tangents alone, of there being a
  // tail.
  Matrix second_of_any(const std::vector<Direction>& directions, bool tangents);

  std::vector<std::vector<double>> modes() override;
  std::vector<std::vector<double>> conditional_variances() override;
  std::vector<double> row_variances(const RowsView& rows) override;
  std::vector<std::vector<double>> mode_derivatives(
      const std::vector<Direction>& directions) override;
  int expected_steps() const override { return mode_.expected_steps; }
  NextTerm next_term() override;
  double work() const override;
  const Pattern* pattern() const override { return &map_.pattern(); }

 private:
  // Where modes are extrapolated from: e there, and its derivatives along the entries of the lower
  // triangles of each D, then along the coefficients.
  struct Origin {
    std::vector<Matrix> d;
    Vector coefficients;
    Effects dual;
    Effects derivatives;  // q x (changes of D + coefficients) a level
    Index changes = 0;
    bool entries = false;  // whether the changes of D are those entries
  };
  // Derivatives of e and b: q x (directions + coefficients) a level.
  struct Followed {
    Effects e, b;
  };

  void begin();
  void differentiate();
  Matrix second_along(const std::vector<Direction>& directions);
  Effects moved_third(const Direction& direction) const;
  Matrix second_of_one(const std::vector<Direction>& directions, Effects* moves);
  Followed follow(const SecondRows& rows, const std::vector<Direction>& directions);

  RowMap map_;
  WorkingRows rows_;
  Arranged arranged_;
  Sweeps sweeps_;
  Mode mode_;
  std::vector<Matrix> lambda_;
  std::vector<Matrix> d_;
  Vector coefficients_;
  Origin origin_;
  bool has_origin_ = false;
  Matrix entries_second_;  // along the entries of all D, once known at this point; else empty

  double value_ = 0.0;
  double rounding_ = 0.0;
  PatternBlocks p_;
  Effects scores_;              // e
  Effects third_;               // t
  Effects third_effects_;       // D t
  double third_product_ = 0.0;  // a'r
  std::vector<Matrix> gamma_;
  Vector slopes_;
};

}  // namespace ranef
