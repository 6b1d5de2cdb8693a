// Coordinates that a Newton step is taken in.
//
// Theta, but for the one parameter t of a scalar term whose variance tau = t^2 the data determine
// well: there the criterion is closer to a parabola in log tau. Elsewhere, and on the way to the
// boundary, where log tau would go on for ever, the step is in t, in which the criterion is even.
// Blocks far larger than 1 step in a unit of their own size.
#pragma once

#include <vector>

#include "structure/chart.hpp"

namespace ranef {

class StepChart {
 public:
  // The quadratic model at theta, its slope and curvature by theta.
  // `average`: the curvature is average information and the bend of D, which comes off here.
  StepChart(const Chart& chart, const Vector& theta, const Vector& slope, const Matrix& curvature,
            bool average);

  const Vector& slope() const { return plain() ? theta_slope_ : slope_; }
  const Matrix& curvature() const { return plain() ? theta_curvature_ : curvature_; }

  // Where a step leads to.
  Vector from(const Vector& theta, const Vector& step) const;

 private:
  struct Unit {
    Index i;
    double size;
  };

  bool plain() const { return logs_.empty() && units_.empty(); }
  void change(Index i, double factor);

  const Vector& theta_slope_;
  const Matrix& theta_curvature_;
  std::vector<Index> logs_;  // parameters that step in log tau
  std::vector<Unit> units_;  // parameters that step in a unit of their own
  Vector slope_;
  Matrix curvature_;
};

}  // namespace ranef
