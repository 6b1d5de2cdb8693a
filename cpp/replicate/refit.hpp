// A model fitted again to many replicates, over threads.
#pragma once

#include <functional>
#include <vector>

#include "replicate/replicate.hpp"
#include "search/optimise.hpp"

namespace ranef {

struct RefitControl {
  bool reml = true;
  Vector start;  // theta
  OptimiseControl search;
  int threads = 1;
  Penalty penalty;    // priors of the covariances
  Matrix fixed_rows;  // a normal prior of the fixed effects
};

// One column or entry a replicate; NaN where the arithmetic broke down.
struct Refits {
  Matrix theta;
  Matrix beta;
  Vector criterion;
  Vector sigma;
  std::vector<double> n;  // rows
  std::vector<OptimiseStatus> status;
  std::vector<int> evaluations;
};

// Replicates first .. first + count - 1. `proceed` is called by the calling thread, several times a
// second, with how many are done; where it returns false the work is given up and so does this.
// An exception in a thread ends the work and is thrown again here.
bool refit(const Arranged& arranged, const Chart& chart, const Replicates& replicates,
           std::uint64_t first, Index count, const RefitControl& control,
           const std::function<bool(Index)>& proceed, Refits& out);

}  // namespace ranef
