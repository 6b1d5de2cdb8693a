// Where a random-effects term stands.
#pragma once

namespace ranef {

struct Term {
  int group = 0;
  int offset = 0;  // first column of the term among the factor's columns
  int q = 0;
};

}  // namespace ranef
