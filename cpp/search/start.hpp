// Start values by the method of moments.
#pragma once

#include "factor/arrange.hpp"
#include "structure/chart.hpp"

namespace ranef {

// What solves the equations of moments.hpp, those of REML with beta estimated. Eigenvalues of D are
// kept off zero, where the criterion has no slope in theta.
Vector moment_start(const Arranged& arranged, double nu, bool reml, const Chart& chart,
                    int threads = 1);

}  // namespace ranef
