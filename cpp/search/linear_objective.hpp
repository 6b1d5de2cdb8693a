// The criterion of a linear mixed model as an objective. Coefficients and sigma are profiled out;
// the others are the parameters phi of the residuals, if they have a structure.
#pragma once

#include <functional>
#include <vector>

#include "criterion/criterion.hpp"
#include "search/objective.hpp"
#include "search/residual_basis.hpp"

namespace ranef {

class LinearObjective : public Objective {
 public:
  // Without a basis the residuals are independent and have one variance, up to their weights.
  // `threads`: for the moments of a start; they do not change results. `average`: exact second
  // derivatives would take more memory than there is, and average information serves in their
  // place.
  LinearObjective(Criterion& criterion, const Chart& chart, ResidualBasis* residual = nullptr,
                  int threads = 1, bool average = false)
      : Objective(chart),
        criterion_(criterion),
        residual_(residual),
        threads_(threads),
        average_(average) {}

  Criterion& criterion() const { return criterion_; }

  double value() const override { return criterion_.value(); }
  double rounding() const override { return criterion_.rounding(); }
  const std::vector<Matrix>& gamma() override { return criterion_.gamma(); }
  Matrix second(const std::vector<Direction>& directions, bool exact = true) override;

  // Parameters of the residuals are held.
  WayCurvature along_way(const Direction& direction) override;

  // The exact Hessian is cheap where all factors are nested.
  bool exact_is_cheap() const override { return criterion_.pattern().tail_columns == 0; }
  bool exact_is_costly() const override {
    return has_exact() && !exact_is_cheap() && penalty().empty();
  }
  bool has_exact() const override { return !average_; }
  // The exact Hessian is that of the cross-products, also where Gamma is summed over the rows.
  bool rough_second() const override { return criterion_.refined(); }
  const Penalty& penalty() const override { return criterion_.penalty(); }
  double work() const override { return criterion_.pattern().work(); }

  // The method of moments, with independent residuals of one variance.
  Vector start() override;
  Vector others_elsewhere(const Vector&) const override { return Vector::Zero(chart().others()); }
  Valleys other_valleys(const Vector& x, const ValleyControl& control,
                        const std::function<bool()>& interrupted) override;

  bool loses_digits() const override { return criterion_.loses_digits(); }
  Vector residual_parameters(const Vector& x) const override { return x.tail(chart().others()); }

 protected:
  bool stand_at(const std::vector<Matrix>& lambda, const Vector& phi, double promised) override;
  Vector slopes() override;

 private:
  Criterion& criterion_;
  ResidualBasis* residual_;
  int threads_;
  bool average_;
};

}  // namespace ranef
