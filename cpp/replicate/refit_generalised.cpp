#include "replicate/refit_generalised.hpp"

#include <limits>
#include <utility>

#include "replicate/work.hpp"

namespace ranef {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool at_an_optimum(const Solved& found, const SolveControl& control) {
  if (found.optimum.status == OptimiseStatus::kAtEnd) return true;
  return found.optimum.status == OptimiseStatus::kConverged &&
         found.evidence.gain <= control.enough_gain && found.evidence.step <= control.enough_step;
}

bool failed(const Solved& found) {
  return found.optimum.status == OptimiseStatus::kBrokeDown ||
         found.optimum.status == OptimiseStatus::kInterrupted;
}

class Refitter {
 public:
  Refitter(const RowReplicates& replicates, const RefittedModel& model,
           const GeneralisedRefitControl& control, const std::function<bool()>& interrupted,
           GeneralisedRefits& out)
      : replicates_(replicates),
        model_(model),
        control_(control),
        interrupted_(interrupted),
        out_(out) {
    solve_.search = control.search;
    solve_.restarts = 0;
  }

  void fit(Index k) {
    const GeneralisedRows rows = replicates_.make(k, space_);
    Penalised marginal(model_.marginal(rows), model_.penalty, model_.normal);
    MarginalObjective objective(
        marginal, model_.chart, [this](const Chart&) { return control_.start; }, {}, model_.ends);
    Solved found = search(objective, control_.start);
    if (!at_an_optimum(found, solve_) && found.optimum.status != OptimiseStatus::kInterrupted) {
      const int spent = found.optimum.evaluations;
      Solved other = search(objective, control_.again);
      const bool better = !failed(other) && (failed(found) || at_an_optimum(other, solve_) ||
                                             other.optimum.value < found.optimum.value);
      const int all = spent + other.optimum.evaluations;
      if (better || other.optimum.status == OptimiseStatus::kInterrupted) found = std::move(other);
      found.optimum.evaluations = all;
    }
    keep(found, k);
  }

 private:
  Solved search(MarginalObjective& objective, const Vector& start) {
    return solve(objective, model_.bases, start, solve_, interrupted_);
  }

  void keep(const Solved& found, Index k) {
    out_.status[at(k)] = found.optimum.status;
    out_.evaluations[at(k)] = found.optimum.evaluations;
    if (failed(found)) return;
    out_.theta.col(k) = found.optimum.theta;
    out_.coefficients.col(k) = found.coefficients;
    Index row = 0;
    for (const Matrix& block : found.covariances) {
      out_.covariances.col(k).segment(row, block.size()) = block.reshaped();
      row += block.size();
    }
    out_.criterion(k) = found.optimum.value;
    out_.gain(k) = found.evidence.gain;
    out_.step(k) = found.evidence.step;
    out_.flat[at(k)] = static_cast<int>(found.evidence.flat.cols());
    out_.rank[at(k)] = found.evidence.rank;
  }

  const RowReplicates& replicates_;
  const RefittedModel& model_;
  const GeneralisedRefitControl& control_;
  const std::function<bool()>& interrupted_;
  GeneralisedRefits& out_;
  RowSpace space_;
  SolveControl solve_;
};

}  // namespace

bool refit_generalised(const RowReplicates& replicates, Index count, const RefittedModel& model,
                       const GeneralisedRefitControl& control,
                       const std::function<bool(Index)>& proceed, GeneralisedRefits& out) {
  Index entries = 0;
  for (const Term& term : model.chart.terms()) entries += Index{term.q} * term.q;
  out.theta = Matrix::Constant(model.chart.covariance_size(), count, kNaN);
  out.coefficients = Matrix::Constant(model.chart.others(), count, kNaN);
  out.covariances = Matrix::Constant(entries, count, kNaN);
  out.criterion = Vector::Constant(count, kNaN);
  out.status.assign(at(count), OptimiseStatus::kBrokeDown);
  out.evaluations.assign(at(count), 0);
  out.gain = Vector::Constant(count, kNaN);
  out.step = Vector::Constant(count, kNaN);
  out.flat.assign(at(count), 0);
  out.rank.assign(at(count), std::vector<int>(model.chart.terms().size(), 0));
  Work work(count);
  const std::function<bool()> interrupted = [&work] { return work.stopped().load(); };
  return work.run(control.threads, proceed,
                  [&] { return Refitter(replicates, model, control, interrupted, out); });
}

}  // namespace ranef
