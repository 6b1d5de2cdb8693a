// The coefficients of eta and the random effects that maximise sum l - b'D^-1 b / 2 together, at a
// fixed D.
//
// Newton's method with b = D e^: with S = X'WX - X'WZ P Z'WX the change of beta is
//
//   S^-1 (X'g - X'WZ P rho),   rho = Z'g - e^,
//
// and that of e^ is K (rho - Z'WX times it). Nothing divides by D, so D = 0 is a fit without random
// effects.
#pragma once

#include "marginal/joint_rows.hpp"
#include "marginal/penalised.hpp"

namespace ranef {

// What the start moves: all coefficients, and e^.
struct JointPoint {
  Vector coefficients;
  Effects dual;
};

class JointModes {
 public:
  // `a` holds the numbers of `sweeps`. `normal` may be null.
  JointModes(WorkingRows& rows, Sweeps& sweeps, Numbers& a, const NormalPrior* normal);

  // At most `steps` steps from `point`; `weights` for the first of them: a step that does not lead
  // downhill makes way for one with larger weights. False where the numbers break down, also at
  // `point` itself. Ends with a factorisation at the point, and the step that is left.
  bool run(const std::vector<Matrix>& lambda, RowWeights weights, int steps, JointPoint& point);

  // Looks at the rows at `point`, without a step.
  bool stand(const std::vector<Matrix>& lambda, RowWeights weights, const JointPoint& point);

  // After run(), at its end.
  const Effects& effects() const { return effects_; }  // b
  Effects scores() const;                              // e^ after the step that is left
  const Vector& fixed_step() const { return fixed_step_; }
  double decrement() const { return decrement_; }
  const JointRows& rows() const { return joint_; }
  JointRows& rows() { return joint_; }
  // Steps, and looks at all rows, since the object was made.
  int steps() const { return steps_; }
  int looks() const { return joint_.looks(); }

 private:
  bool look(const JointPoint& point, RowWeights weights);
  bool newton_step(const JointPoint& point);
  bool move(RowWeights weights, JointPoint& point);

  WorkingRows& rows_;
  Sweeps& sweeps_;
  Numbers& a_;
  const NormalPrior* normal_;
  JointRows joint_;
  JointSums sums_;
  const std::vector<Matrix>* lambda_ = nullptr;
  std::vector<Matrix> d_;
  Effects effects_;
  Effects dual_;  // where the last look was
  Vector fixed_step_;
  Effects dual_step_;
  double decrement_ = 0.0;
  double h_ = 0.0;
  int steps_ = 0;
};

// The solution of s x = r for a symmetric s that may be singular to rounding error; zero where it
// is not finite.
Vector guarded_solution(const Matrix& s, const Vector& r);

}  // namespace ranef
