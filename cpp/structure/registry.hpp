// The structures by name: one line for each.
#pragma once

#include <memory>

#include "structure/structure.hpp"

namespace ranef {

// The structure of a term's covariance; null if there is none of that name and rank. A single
// column has one variance, whatever the structure.
std::unique_ptr<Structure> make_structure(const Term& term);

}  // namespace ranef
