#include "search/solve.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

#include "linalg/products.hpp"

namespace ranef {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Solver {
 public:
  Solver(Objective& objective, const std::vector<Matrix>& bases, const SolveControl& control,
         const std::function<bool()>& interrupted)
      : objective_(objective),
        chart_(objective.chart()),
        bases_(bases),
        control_(control),
        interrupted_(interrupted) {}

  // The whole algorithm.
  Solved run(const std::optional<Vector>& start) {
    // 1. Where to begin: what the caller knows, or what the objective does (start.hpp).
    const Vector first = start ? whole(*start) : objective_.start();

    // 2. Downhill from there, by Newton's method with exact or average curvature (optimise.hpp).
    out_.optimum = search(first);
    if (out_.optimum.status == OptimiseStatus::kAtEnd) {
      weigh();
      to_data();
    } else if (!failed(out_.optimum.status)) {
      // 3. The evidence that it is a minimum, on the face of the boundary that it lies on
      //    (certificate.hpp). If it promises a gain, a step tests the promise.
      judge();

      // 4. The lowest minimum: searches from other starts and in other valleys if this one is in
      //    doubt, on the boundary, or may not be alone (valleys.hpp).
      if (control_.search.max_evaluations > 1) look_elsewhere();

      // 5. One theta for each covariance, and the way back to the data's scale.
      out_.optimum.theta = chart_.canonical(out_.optimum.theta);
      to_data();
    }

    // 6. Whether the cross-products held enough digits (refinement.hpp is for those that do not).
    out_.loses_digits = objective_.loses_digits();
    return std::move(out_);
  }

 private:
  static constexpr double kNext = 1e-10;  // next to nothing, in deviance units

  static bool failed(OptimiseStatus status) {
    return status == OptimiseStatus::kBrokeDown || status == OptimiseStatus::kInterrupted;
  }

  // If no parameters of the residuals are given: independent residuals of one variance.
  Vector whole(const Vector& start) const {
    Vector out = Vector::Zero(chart_.size());
    out.head(start.size()) = start;
    return out;
  }

  Optimum search(const Vector& start) {
    const Clock::time_point from = Clock::now();
    Optimum found = optimise(objective_, start, control_.search, interrupted_);
    out_.search_seconds += seconds_since(from);
    return found;
  }

  void judge() {
    const Clock::time_point from = Clock::now();
    weigh();
    keep_promises();
    go_further();
    out_.certificate_seconds += seconds_since(from);
  }

  void weigh() { out_.evidence = evidence(objective_, out_.optimum.theta, bases_); }

  bool spent() const { return out_.optimum.evaluations >= control_.search.max_evaluations; }

  bool move_to(const Vector& theta) {
    ++out_.optimum.evaluations;
    return objective_.evaluate(theta);
  }

  // A promise of more than next to nothing is put to the test: the step is taken, and gone beyond
  // while that pays. Where a valley bends, each step shows more than the last one promised.
  void keep_promises() {
    constexpr int kSteps = 100;
    constexpr double kLongest = 1e3;
    Optimum& best = out_.optimum;
    for (int k = 0; k < kSteps; ++k) {
      if (!(out_.evidence.gain > std::max(kNext, out_.evidence.rounding))) return;
      if (spent() || (interrupted_ && interrupted_())) return;
      const Vector from = best.theta;
      double lowest = best.value;
      for (double length = 1.0; length < kLongest && !spent(); length *= 2.0) {
        const Vector theta = promised(chart_, from, out_.evidence, length);
        if (!move_to(theta) || !(objective_.value() < lowest)) break;
        lowest = objective_.value();
        best.theta = theta;
      }
      objective_.evaluate(best.theta);
      if (!(lowest < best.value)) return;
      best.log.push_back({lowest, out_.evidence.gain, (best.theta - from).norm(), true});
      best.value = lowest;
      weigh();
    }
  }

  // Far out the criterion may fall towards a limit at infinity by more than its derivatives tell
  // there: whether it does is looked at, ten times as far each time.
  void go_further() {
    constexpr double kFar = 100.0;
    constexpr double kAgain = 10.0;
    constexpr double kLeft = 1e-7;  // in deviance units: not worth ten times as far
    constexpr int kTimes = 4;
    Optimum& best = out_.optimum;
    bool far = false;
    for (const Matrix& block : chart_.lambda(best.theta)) {
      far = far || (block.size() > 0 && block.cwiseAbs().maxCoeff() > kFar);
    }
    if (!far) return;
    bool moved = false;
    for (int k = 0; k < kTimes && !spent(); ++k) {
      const Vector theta = chart_.scaled(best.theta, kAgain);
      const double least = std::max(kLeft, out_.evidence.rounding);
      if (!move_to(theta) || !(objective_.value() < best.value - least)) break;
      best.theta = theta;
      best.value = objective_.value();
      moved = true;
    }
    stand_at_the_best();
    if (moved) weigh();
  }

  bool doubtful() const {
    const Evidence& e = out_.evidence;
    return !(e.gain <= control_.enough_gain && e.step <= control_.enough_step) || e.flat.cols() > 0;
  }

  // From other starts, and from other valleys along the covariances that are best so far.
  void look_elsewhere() {
    bool boundary = false;
    for (std::size_t k = 0; k < chart_.terms().size(); ++k) {
      boundary = boundary || out_.evidence.rank[k] < chart_.structure(k).most_rank();
    }
    const bool cheap = objective_.work() * static_cast<double>(chart_.size()) < control_.cheap;
    std::vector<double> ends = {out_.optimum.value};
    if (doubtful() || (boundary && cheap)) {
      std::vector<Vector> starts;
      for (int k = 0; k < control_.restarts; ++k) {
        starts.push_back(other_start(chart_, k));
        starts.back().tail(chart_.others()) = objective_.others_elsewhere(out_.optimum.theta);
      }
      restart(starts, ends);
    }
    constexpr int kRounds = 3;
    double before = std::numeric_limits<double>::infinity();
    for (int k = 0; k < kRounds && cheap && control_.restarts > 0; ++k) {
      if (!(out_.optimum.value < before - control_.same_basin)) break;
      before = out_.optimum.value;
      const Clock::time_point from = Clock::now();
      const Valleys found =
          objective_.other_valleys(out_.optimum.theta, control_.valleys, interrupted_);
      out_.search_seconds += seconds_since(from);
      out_.elsewhere += found.evaluations;
      if (found.evaluations > 0) stand_at_the_best();
      restart(found.starts, ends);
    }
    std::sort(ends.begin(), ends.end());
    for (std::size_t k = 1; k < ends.size(); ++k) {
      if (ends[k] - ends[k - 1] > control_.same_basin) ++out_.basins;
    }
    out_.starts = static_cast<int>(ends.size());
  }

  void stand_at_the_best() { objective_.evaluate(out_.optimum.theta); }

  // Keeps the lowest optimum; `ends` takes the values at all.
  void restart(const std::vector<Vector>& starts, std::vector<double>& ends) {
    constexpr std::size_t kMost = 16;
    const std::size_t count = std::min(starts.size(), std::max(kMost, at(control_.restarts)));
    for (std::size_t k = 0; k < count; ++k) {
      if (out_.optimum.status == OptimiseStatus::kInterrupted) return;
      Optimum found = search(starts[k]);
      out_.elsewhere += found.evaluations;
      if (found.status == OptimiseStatus::kInterrupted) {
        out_.optimum.status = found.status;
        return;
      }
      if (failed(found.status) || found.status == OptimiseStatus::kAtEnd) continue;
      ends.push_back(found.value);
      if (found.value < out_.optimum.value - control_.same_basin) {
        out_.elsewhere += out_.optimum.evaluations - found.evaluations;
        out_.optimum = std::move(found);
        judge();
      }
    }
    if (count > 0) stand_at_the_best();
  }

  void to_data() {
    out_.phi = objective_.residual_parameters(out_.optimum.theta);
    out_.coefficients = objective_.coefficients(out_.optimum.theta);
    out_.optimum.theta.conservativeResize(chart_.covariance_size());
    out_.theta.resize(chart_.covariance_size());
    for (std::size_t k = 0; k < chart_.terms().size(); ++k) {
      const Vector own = chart_.part(out_.optimum.theta, k);
      out_.covariances.push_back(outer_gram(times(bases_[k], chart_.structure(k).root(own))));
      chart_.set_part(out_.theta, k, chart_.structure(k).on_scale(own, bases_[k]));
    }
  }

  Objective& objective_;
  const Chart& chart_;
  const std::vector<Matrix>& bases_;
  const SolveControl& control_;
  const std::function<bool()>& interrupted_;
  Solved out_;
};

}  // namespace

Solved solve(Objective& objective, const std::vector<Matrix>& bases,
             const std::optional<Vector>& start, const SolveControl& control,
             const std::function<bool()>& interrupted) {
  return Solver(objective, bases, control, interrupted).run(start);
}

Vector other_start(const Chart& chart, int k) {
  constexpr double kSizes[3] = {2.0, 0.1, 1.0};
  Vector theta = Vector::Zero(chart.size());
  for (std::size_t i = 0; i < chart.terms().size(); ++i) {
    const double size = kSizes[(at(k) + i) % 3];
    const int q = chart.terms()[i].q;
    Matrix block = size * Matrix::Identity(q, q);
    for (int b = 0; k % 3 == 2 && b < q; ++b) {
      for (int a = b + 1; a < q; ++a) block(a, b) = ((a + b) % 2 == 0 ? 0.5 : -0.5) * size;
    }
    chart.set_part(theta, i, chart.structure(i).nearest(outer_gram(block)));
  }
  return theta;
}

}  // namespace ranef
