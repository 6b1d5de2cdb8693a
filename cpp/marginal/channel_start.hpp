// Where the coefficients of psi begin, and Newton's steps in them with eta held.
#pragma once

#include "marginal/penalised.hpp"
#include "marginal/working_rows.hpp"

namespace ranef {

// All coefficients: those of eta zero. Cut points of ordered answers are where the link has the
// answers' shares; other psi are what the family says, as nearly as their columns allow.
Vector first_coefficients(const WorkingRows& rows);

// Whether two channels share cut points: psi then moves eta against them.
bool has_cut_points(const RowMap& map);

class ChannelSteps {
 public:
  ChannelSteps(WorkingRows& rows, const NormalPrior* normal);

  // One step at random effects b that raises sum l, halved or lengthened; more where it is far.

  void step(const Effects& b, Vector& coefficients);

  int looks() const { return looks_; }

 private:
  struct Slopes {
    double height = 0.0;
    Vector gradient;  // of the coefficients after beta
    Matrix hessian;
  };
  double height(const Effects& b, const Vector& coefficients);
  double with_prior(double height, const Vector& coefficients) const;
  Slopes slopes(const Effects& b, const Vector& coefficients);
  Vector newton(const Slopes& at) const;

  WorkingRows& rows_;
  const NormalPrior* normal_;
  Vector sizes_;  // changes of the coefficients that change psi by one
  int looks_ = 0;
};

}  // namespace ranef
