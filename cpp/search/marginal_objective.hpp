// An approximate marginal likelihood as an objective: the covariances, absolute ones, and the
// coefficients c = (beta, those of psi) are searched together.
//
// A coefficient may be held at a value: then it is not among the coordinates.
#pragma once

#include <functional>
#include <vector>

#include "marginal/penalised.hpp"
#include "search/objective.hpp"

namespace ranef {

struct HeldCoefficient {
  Index index = 0;  // among all coefficients
  double value = 0.0;
};

// A search ends where a coefficient comes to `value` from below (sign 1) or from above (sign -1):
// at infinity the family is a simpler one, which is tried instead.
struct CoefficientEnd {
  Index index = 0;  // among all coefficients
  int sign = 1;
  double value = 0.0;
};

// Coordinates of the covariances, then all coefficients: where a search begins. Values of those
// that are held do not matter.
using MarginalStart = std::function<Vector(const Chart&)>;

class MarginalObjective : public Objective {
 public:
  // The others of the chart are the coefficients that are not held, in their order.
  MarginalObjective(Penalised& marginal, const Chart& chart, MarginalStart start,
                    const std::vector<HeldCoefficient>& held = {},
                    std::vector<CoefficientEnd> ends = {});

  double value() const override { return marginal_.value(); }
  double rounding() const override { return marginal_.rounding(); }
  const std::vector<Matrix>& gamma() override { return marginal_.gamma(); }
  Matrix second(const std::vector<Direction>& directions, bool exact = true) override;

  bool sharp() const override { return sharp_; }
  bool exact_is_cheap() const override { return marginal_.second_is_exact(); }
  // One factor: about an evaluation; more of them: one or two for each direction.
  bool exact_is_costly() const override {
    const Pattern* pattern = marginal_.pattern();
    return marginal_.second_is_exact() && pattern != nullptr && pattern->n_groups > 1;
  }
  const Penalty& penalty() const override { return marginal_.penalty(); }
  double work() const override { return marginal_.work(); }
  bool at_end(const Vector& x) const override;
  Vector start() override;
  // In units of the linear predictor: columns are scaled to a root mean square of one.
  double radius() const override { return 2.0; }
  Vector coefficients(const Vector& x) const override;

 protected:
  bool stand_at(const std::vector<Matrix>& lambda, const Vector& free, double promised) override;
  Vector slopes() override { return part(marginal_.slopes()); }

 private:
  Vector whole(const Vector& free) const;
  Vector part(const Vector& coefficients) const;

  Penalised& marginal_;
  MarginalStart start_;
  Vector held_;              // all coefficients, zero where they are free
  std::vector<Index> free_;  // which of the coefficients
  std::vector<CoefficientEnd> ends_;
  bool sharp_ = false;  // at the last evaluation
};

}  // namespace ranef
