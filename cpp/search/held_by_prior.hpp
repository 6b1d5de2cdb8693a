// What a prior of correlations holds at zero, in the search's model.
#pragma once

#include "criterion/penalty.hpp"
#include "structure/chart.hpp"

namespace ranef {

// Takes what moves an SD off zero out of the model where a prior of correlations has no
// derivative.
void hold_by_prior(const Penalty& penalty, const Chart& chart, Vector& g, Matrix& h);

}  // namespace ranef
