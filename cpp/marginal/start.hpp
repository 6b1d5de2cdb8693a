// Where the search of a generalised model begins.
//
//   1. beta: one step of weighted least squares from the family's predictors of single rows; psi:
//      Newton's steps, in turn with more of these.
//   2. beta and the random effects together at D0, a few steps of Newton's method
//   (joint_modes.hpp).
//   3. D: one step of Fisher scoring for each term (covariance_start.hpp). The random effects stay,
//      and 2. is repeated for a few steps at this D.
//   4. If there is psi: two of its steps at these modes, then 2. and 3. again.
//
// No evaluation of the marginal likelihood is needed. The modes at the end are where its first one
// begins.
#pragma once

#include "marginal/penalised.hpp"
#include "marginal/working_rows.hpp"
#include "structure/chart.hpp"

namespace ranef {

struct Start {
  Vector coordinates;   // of the chart's covariances
  Vector coefficients;  // all
  Effects dual;         // e^ of the joint modes there
  Effects effects;      // and b
  // Below 1 it proves that there is a finite maximum in the coefficients (recession.hpp); NaN if
  // that question was not asked or not answered.
  double separation_margin = 0.0;
  // If it does not prove that: the last change of the coefficients of eta, scaled to a largest
  // entry of 1. Else empty.
  Vector suspected_direction;
  int looks = 0;  // at all rows
};

// All numbers are finite. Uses `a`, the numbers of `sweeps`, and leaves the coefficients of `rows`
// changed. `normal` may be null.
Start find_start(WorkingRows& rows, Sweeps& sweeps, Numbers& a, const Chart& chart,
                 const NormalPrior* normal);

// The same where covariances and coefficients are known: their modes.
Start find_start_at(WorkingRows& rows, Sweeps& sweeps, Numbers& a, const Chart& chart,
                    const NormalPrior* normal, const Vector& coordinates,
                    const Vector& coefficients);

}  // namespace ranef
