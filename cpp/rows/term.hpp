// The place of a random-effects term, and the structure of its covariance.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ranef {

// The changes of scale of its columns that keep a covariance in its structure.
enum class Rescaling {
  kAny,    // any change of basis
  kEach,   // each column by a factor of its own
  kCommon  // all columns by one factor
};

// Which structure (structure/registry.hpp).
struct StructureName {
  std::string name = "us";
  int rank = 0;                // of "rr"
  std::vector<int> positions;  // of the columns in time, for structures in time; or empty
  Rescaling rescaling = Rescaling::kAny;
};

struct Term {
  Term() = default;
  Term(int in_group, int first, int columns, StructureName of = {})
      : group(in_group), offset(first), q(columns), structure(std::move(of)) {}

  int group = 0;
  int offset = 0;  // first column of the term among the factor's columns
  int q = 0;
  StructureName structure;
};

}  // namespace ranef
