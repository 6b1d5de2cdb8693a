// A generalised model fitted again to many replicates, over threads.
//
// A thread makes the marginal likelihood of a replicate anew, so that nothing of a replicate
// depends on those before it. The rows stay where they are.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "marginal/penalised.hpp"
#include "replicate/row_replicates.hpp"
#include "search/marginal_objective.hpp"
#include "search/solve.hpp"

namespace ranef {

// What is fitted to the rows of a replicate.
struct RefittedModel {
  // The marginal likelihood of rows, for one thread.
  std::function<std::unique_ptr<Marginal>(const GeneralisedRows&)> marginal;
  Penalty penalty;
  std::optional<NormalPrior> normal;
  const Chart& chart;
  std::vector<Matrix> bases;         // by term: b = B b_inner
  std::vector<CoefficientEnd> ends;  // where a search ends at which the family is a simpler one
};

struct GeneralisedRefitControl {
  // Coordinates of the covariances and all coefficients: where each search begins, and where it
  // begins again if it did not get to an optimum.
  Vector start;
  Vector again;
  OptimiseControl search;
  int threads = 1;
};

// One column or entry a replicate; NaN where the arithmetic broke down.
struct GeneralisedRefits {
  Matrix theta;         // coordinates of the covariances
  Matrix coefficients;  // inner scale
  Matrix covariances;   // data's scale: q x q of each term, one after another
  Vector criterion;
  std::vector<OptimiseStatus> status;
  std::vector<int> evaluations;
  // The evidence: what is left to gain, the step to it in standard errors, directions in which the
  // criterion is flat.
  Vector gain, step;
  std::vector<int> flat;
  std::vector<std::vector<int>> rank;  // by term
};

// `proceed` is called by the calling thread, several times a second, with how many are done; where
// it returns false the work is given up and so does this.
bool refit_generalised(const RowReplicates& replicates, Index count, const RefittedModel& model,
                       const GeneralisedRefitControl& control,
                       const std::function<bool(Index)>& proceed, GeneralisedRefits& out);

}  // namespace ranef
