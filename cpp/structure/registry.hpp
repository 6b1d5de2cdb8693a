// The structures by name: one line for each.
#pragma once

#include <memory>

#include "structure/structure.hpp"

namespace ranef {

// Of a term's covariance; nothing where the name, or the rank, is of no structure. A single column
// has one variance, whatever the structure.
std::unique_ptr<Structure> make_structure(const Term& term);

}  // namespace ranef
