#include "replicate/refit.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "replicate/work.hpp"
#include "search/linear_objective.hpp"
#include "search/start.hpp"

namespace ranef {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// One thread's copy of the problem's numbers, changed from replicate to replicate, and its
// workspace.
class Refitter {
 public:
  Refitter(const Arranged& arranged, const Chart& chart, const Replicates& replicates,
           const RefitControl& control, const std::function<bool()>& interrupted)
      : original_(arranged),
        arranged_(arranged),
        space_(arranged),
        chart_(chart),
        replicates_(replicates),
        control_(control),
        interrupted_(interrupted) {}

  void fit(std::uint64_t k, Index column, Refits& out) {
    // What the prior rows of the replicate before have added goes.
    const int p = arranged_->p;
    arranged_.numbers.n = original_.numbers.n;
    arranged_.numbers.fixed.topLeftCorner(p, p) = original_.numbers.fixed.topLeftCorner(p, p);
    replicates_.make(k, space_, arranged_);
    out.n[at(column)] = static_cast<double>(arranged_.numbers.n);
    if (control_.fixed_rows.rows() > 0) add_fixed_rows(arranged_.numbers, control_.fixed_rows);
    if (!criterion_ || !replicates_.same_rows()) {
      criterion_.emplace(arranged_, control_.reml, 0.0, control_.penalty);
    } else {
      criterion_->reload();
    }
    Optimum best = search(control_.start);
    if (best.status != OptimiseStatus::kConverged && best.status != OptimiseStatus::kInterrupted) {
      const int spent = best.evaluations;
      best = search(moment_start(arranged_, criterion_->nu(), control_.reml, chart_));
      best.evaluations += spent;
    }
    out.status[at(column)] = best.status;
    out.evaluations[at(column)] = best.evaluations;
    if (best.status == OptimiseStatus::kBrokeDown) return;
    out.theta.col(column) = best.theta;
    out.beta.col(column) = criterion_->beta();
    out.criterion(column) = best.value;
    out.sigma(column) = std::sqrt(criterion_->r2() / criterion_->nu());
  }

 private:
  Optimum search(const Vector& start) {
    LinearObjective objective(*criterion_, chart_);
    return optimise(objective, start, control_.search, interrupted_);
  }

  const Arranged& original_;
  Arranged arranged_;
  ReplicateSpace space_;
  const Chart& chart_;
  const Replicates& replicates_;
  const RefitControl& control_;
  const std::function<bool()>& interrupted_;
  std::optional<Criterion> criterion_;
};

}  // namespace

bool refit(const Arranged& arranged, const Chart& chart, const Replicates& replicates,
           std::uint64_t first, Index count, const RefitControl& control,
           const std::function<bool(Index)>& proceed, Refits& out) {
  out.theta = Matrix::Constant(chart.size(), count, kNaN);
  out.beta = Matrix::Constant(arranged->p, count, kNaN);
  out.criterion = Vector::Constant(count, kNaN);
  out.sigma = Vector::Constant(count, kNaN);
  out.n.assign(at(count), 0.0);
  out.status.assign(at(count), OptimiseStatus::kBrokeDown);
  out.evaluations.assign(at(count), 0);
  Work work(count);
  const std::function<bool()> interrupted = [&work] { return work.stopped().load(); };
  struct Worker {
    Refitter refitter;
    std::uint64_t first;
    Refits& out;
    void fit(Index k) { refitter.fit(first + static_cast<std::uint64_t>(k), k, out); }
  };
  return work.run(control.threads, proceed, [&] {
    return Worker{Refitter(arranged, chart, replicates, control, interrupted), first, out};
  });
}

}  // namespace ranef
