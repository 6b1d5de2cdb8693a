// The first coefficients of eta, without random effects.
#pragma once

#include "marginal/joint_rows.hpp"

namespace ranef {

// One step of weighted least squares from the family's predictors of single rows; halved towards
// the best constant where rows are outside of their domain. The coefficients of psi are those of
// `coefficients`.
void fit_first(WorkingRows& rows, JointRows& joint, Vector& coefficients);

}  // namespace ranef
