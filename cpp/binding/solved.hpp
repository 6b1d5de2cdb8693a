// What searches and certificates found, for Python.
#pragma once

#include <vector>

#include "arrays.hpp"
#include "search/certificate.hpp"
#include "search/optimise.hpp"

namespace ranef::binding {

const char* name(ranef::OptimiseStatus status);
const char* name(ranef::OptimiseMethod method);

// One line a step: criterion, predicted gain, radius, whether it was accepted.
Matrix steps(const std::vector<ranef::OptimiseRecord>& log);

// Gain, step, dual, complementarity, curvature, ranks, flat directions, their loose terms,
// rounding.
nb::tuple numbers(const ranef::Evidence& e);

}  // namespace ranef::binding
