#include "search/optimise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/held_by_prior.hpp"
#include "search/lbfgs.hpp"
#include "search/trust_region.hpp"
#include "structure/step_chart.hpp"

namespace ranef {

namespace {

// A predicted gain, deviance units, below which a step is a billionth of a standard error.
constexpr double kNothing = 1e-18;

// A slope out of the boundary, in deviance units: the gain that is left is even smaller.
constexpr double kLeft = 1e-6;

// What is promised where nothing is predicted: for the first digits of a value.
constexpr double kFirst = 1e-3;

// A predicted gain below which the Hessian hardly changes any more.
constexpr double kNear = 0.1;

class Search {
 public:
  Search(Objective& objective, const OptimiseControl& control,
         const std::function<bool()>& interrupted)
      : exact_(objective.exact_is_cheap()),
        costly_(objective.exact_is_costly()),
        objective_(objective),
        chart_(objective.chart()),
        control_(control),
        interrupted_(interrupted) {}

  Optimum run(const Vector& start) {
    out_.theta = start;
    if (!evaluate(start, kFirst)) return out_;
    out_.value = objective_.value();
    out_.status = OptimiseStatus::kMaxEvaluations;
    if (control_.max_evaluations > 1) descend_in_rounds();
    sharpen();
    return out_;
  }

 private:
  // Descents, ways out of the boundary and on to it, until there are no more.
  void descend_in_rounds() {
    constexpr int kRounds = 12;
    for (int round = 0; round < kRounds; ++round) {
      descend();
      if (out_.status != OptimiseStatus::kConverged && out_.status != OptimiseStatus::kNoProgress) {
        return;
      }
      if (escape()) {
        ++out_.escapes;
        continue;
      }
      if (!settle_on_boundary(1e-4)) break;
    }
    evaluate_current();
  }

  bool evaluate(const Vector& theta, double promised = 0.0) {
    ++out_.evaluations;
    at_ = theta;
    return objective_.evaluate(theta, promised);
  }

  bool spent() const { return out_.evaluations >= control_.max_evaluations; }

  // Differences of the criterion below this are rounding error.
  double noise() const { return std::max(1e-12, objective_.rounding()); }

  // Where the workspace stands.
  Vector gradient() { return objective_.gradient(); }
  Matrix hessian() { return objective_.hessian(exact_); }

  void descend() {
    if (control_.method == OptimiseMethod::kNewton) {
      newton();
      if (out_.status != OptimiseStatus::kNoProgress) return;
    }
    const double before = out_.value;
    quasi_newton();
    // Where that led on, second derivatives have another try from a better point.
    if (control_.method == OptimiseMethod::kNewton && out_.value < before &&
        out_.status == OptimiseStatus::kConverged) {
      newton();
    }
  }

  // Descent with gradients alone. It counts as what found the point where it got lower.
  void quasi_newton() {
    const double before = out_.value;
    evaluate_current();
    DescentPoint at{out_.theta, out_.value, gradient()};
    Descent descent;
    descent.gain = control_.gain;
    descent.noise = 4.0 * noise();
    descent.evaluate = [this](DescentPoint& point) {
      if (!evaluate(point.theta)) return false;
      point.value = objective_.value();
      point.gradient = gradient();
      return point.gradient.allFinite();
    };
    bool halted = false;
    descent.stop = [this, &halted] {
      halted = interrupted_ && interrupted_();
      return halted || spent() || objective_.at_end(out_.theta);
    };
    descent.taken = [this](const DescentPoint& point, double gain, double length) {
      out_.log.push_back({point.value, gain, length, true});
      out_.theta = point.theta;
      out_.value = point.value;
    };
    const DescentEnd end = lbfgs(descent, at);
    evaluate_current();
    out_.status = halted                           ? OptimiseStatus::kInterrupted
                  : objective_.at_end(out_.theta)  ? OptimiseStatus::kAtEnd
                  : end == DescentEnd::kStopped    ? OptimiseStatus::kMaxEvaluations
                  : end == DescentEnd::kNoProgress ? OptimiseStatus::kNoProgress
                                                   : OptimiseStatus::kConverged;
    if (out_.value < before || control_.method == OptimiseMethod::kLbfgs) {
      out_.method = OptimiseMethod::kLbfgs;
    }
  }

  void newton() {
    radius_ = objective_.radius();
    settle_ = true;
    evaluate_current();
    refresh_model();
    for (;;) {
      if (interrupted_ && interrupted_()) {
        out_.status = OptimiseStatus::kInterrupted;
        return;
      }
      const StepChart steps(chart_, out_.theta, slope_, curvature_, !exact_);
      const Step step = trust_region_step(steps.curvature(), steps.slope(), radius_);
      if (!step.fine) return end(OptimiseStatus::kNoProgress);
      if (!(step.gain > control_.gain)) {
        out_.status = OptimiseStatus::kConverged;
        if (step.gain > kNothing && exact_) polish(steps.from(out_.theta, step.change));
        return;
      }
      if (step.gain < 1.0 && step.gain > 0.1 * gain_before_ && escalate()) continue;
      gain_before_ = step.gain;
      if (spent()) return end(OptimiseStatus::kMaxEvaluations);
      if (!try_step(steps.from(out_.theta, step.change), step)) return;
      if (objective_.at_end(out_.theta)) return end(OptimiseStatus::kAtEnd);
    }
  }

  void end(OptimiseStatus status) {
    evaluate_current();
    out_.status = status;
  }

  // The quadratic model where the workspace stands.
  void refresh_model() {
    slope_ = gradient();
    curvature_ = hessian();
    fresh_ = true;
    gain_before_ = std::numeric_limits<double>::infinity();
    hold_by_prior(objective_.penalty(), chart_, slope_, curvature_);
  }

  // On linear convergence the exact Hessian replaces average information. Before that the boundary
  // is tried, because a curved valley may lead to it. False if neither changes anything.
  bool escalate() {
    const bool moved = settle_ && settle_on_boundary(1e-2);
    if (!moved && (exact_ || !objective_.has_exact()) && fresh_) return false;
    settle_ = settle_ && !moved;
    exact_ = objective_.has_exact();
    radius_ = objective_.radius();
    evaluate_current();
    refresh_model();
    return true;
  }

  // How much lower the criterion is where the workspace stands. An estimate of it has an error that
  // a short step cannot be seen through; the mean of the gradients at both ends has not.
  double drop_to(const Vector& candidate, const Step& step) {
    constexpr double kShort = 1.0;  // deviance units
    if (objective_.estimated() && step.gain < kShort) {
      return -0.5 * (slope_ + gradient()).dot(candidate - out_.theta);
    }
    return out_.value - objective_.value();
  }

  // One step of the trust region. False if the search is over.
  bool try_step(const Vector& candidate, const Step& step) {
    const bool fine = evaluate(candidate, step.gain);
    const double drop = fine ? drop_to(candidate, step) : -1.0;
    const double ratio = drop / step.gain;
    // Near the optimum the drop drowns in rounding error; there the step is judged by what it
    // leaves to gain, which the gradient shows more sharply than the criterion.
    const bool blind =
        fine && !objective_.estimated() && step.gain < 4.0 * noise() && drop > -4.0 * noise();
    const bool accept = blind ? gradient().norm() < 0.5 * slope_.norm() : fine && (ratio > 1e-4);
    out_.log.push_back({fine ? objective_.value() : out_.value, step.gain, radius_, accept});
    if (blind && !accept) {
      end(OptimiseStatus::kConverged);
      return false;
    }
    if (!accept) return shrink(step);
    take(candidate, step, ratio);
    if (ratio > 0.75 && step.length > 0.8 * radius_) radius_ *= 2.5;
    if (!blind && ratio < 0.25) radius_ = 0.5 * step.length;
    return true;
  }

  // Goes to the candidate, where the workspace stands, and brings the model there. Average
  // information is not the Hessian, and what it is wrong about makes convergence linear: a short
  // step has shown the curvature along itself. So corrected, the last exact Hessian of crossed
  // factors, which costs more than an evaluation, is good enough for the last steps.
  void take(const Vector& candidate, const Step& step, double ratio) {
    settle_ = true;
    const Vector way = candidate - out_.theta;
    out_.theta = candidate;
    out_.value = objective_.value();
    const Vector before = slope_;
    slope_ = gradient();
    fresh_ = !(exact_ && costly_ && step.gain < kNear && std::abs(ratio - 1.0) < 0.25);
    if (fresh_) curvature_ = hessian();
    if (!fresh_ || (!exact_ && step.gain < 1.0)) correct(curvature_, way, slope_ - before);
    hold_by_prior(objective_.penalty(), chart_, slope_, curvature_);
  }

  // A smaller radius, and a fresh model if the last one was not. False if the radius is zero.
  bool shrink(const Step& step) {
    if (!fresh_) {
      evaluate_current();
      slope_ = gradient();
      curvature_ = hessian();
      fresh_ = true;
    }
    radius_ = 0.25 * step.length;
    if (radius_ >= 1e-10) return true;
    end(OptimiseStatus::kNoProgress);
    return false;
  }

  // Takes the last step of a converged search where the gradient gets smaller by it: its gain is
  // below what the criterion shows, but first-order conditions profit (Newton squares the error).
  void polish(const Vector& candidate) {
    const double slope = slope_.norm();
    if (!spent() && evaluate(candidate) && objective_.value() <= out_.value + noise() &&
        gradient().norm() < slope) {
      out_.theta = candidate;
      out_.value = objective_.value();
      return;
    }
    evaluate_current();
  }

  // The workspace may stand at a rejected point; this brings it back without counting it.
  void evaluate_current() {
    if (at_.size() == out_.theta.size() && (at_ - out_.theta).isZero(0.0)) return;
    at_ = out_.theta;
    objective_.evaluate(at_);
  }

  // Leaves a saddle if the criterion falls along a way out of the (near) boundary of a block. True
  // if it found a lower value.
  bool escape() {
    const std::vector<Matrix> gamma = objective_.gamma();
    for (std::size_t k = 0; k < chart_.terms().size(); ++k) {
      const Structure& structure = chart_.structure(k);
      const Vector own = chart_.part(out_.theta, k);
      for (const Way& way : structure.ways_out(own, chart_.gamma_of(gamma, k), 1e-6)) {
        if (!(way.slope < -kLeft)) break;
        if (walk(k, own, way)) return true;
      }
    }
    return false;
  }

  // Goes on along a way out in growing steps while the criterion falls.
  bool walk(std::size_t k, const Vector& own, const Way& way) {
    double best = out_.value - 1e-9 - noise();
    Vector best_theta;
    for (double size = 1e-5; size < 20.0 && !spent(); size *= 10.0) {
      Vector theta = out_.theta;
      chart_.set_part(theta, k, chart_.structure(k).leave(own, way, size));
      if (evaluate(theta, -way.slope * size) && objective_.value() < best) {
        best = objective_.value();
        best_theta = theta;
      } else if (best_theta.size() > 0) {
        break;
      }
    }
    if (best_theta.size() > 0) {
      out_.theta = best_theta;
      out_.value = best;
      return true;
    }
    evaluate_current();
    return false;
  }

  // For the certificate.
  void sharpen() {
    if (objective_.sharp()) return;
    if (objective_.evaluate(out_.theta)) {
      out_.value = objective_.value();
    } else {
      out_.status = OptimiseStatus::kBrokeDown;
    }
  }

  // Whether the criterion rises along every way out of a block's boundary at the workspace's point.
  bool leaves_at_a_loss(std::size_t k) {
    constexpr double kExact = 1e-12;
    const auto ways = chart_.structure(k).ways_out(chart_.part(at_, k),
                                                   chart_.gamma_of(objective_.gamma(), k), kExact);
    if (chart_.structure(k).triangular()) return ways.empty() || ways.front().slope >= 0.0;
    // A negligible slope remains if other coordinates have not quite converged: the covariances
    // of an effect without variance have the sign of a correlation that is nearly zero.
    return std::all_of(ways.begin(), ways.end(), [](const Way& way) {
      return way.slope >= -kLeft || way.slope * way.slope < 2e-9 * way.bend;
    });
  }

  // Whether the quadratic model predicts an increase of over 1e-3: then the evaluation is skipped.
  // The criterion is even in a factor that vanishes, so near zero it rises by a quarter of what the
  // model says.
  bool surely_worse(const Vector& theta) const {
    if (curvature_.rows() != theta.size() || !objective_.penalty().empty()) return false;
    const Vector step = theta - out_.theta;
    return slope_.dot(step) + 0.5 * step.dot(curvature_ * step) > 1e-3;
  }

  // `lost`: how many parts each block has moved to its boundary.
  bool take_if_no_worse(const Vector& theta, const std::vector<int>& lost) {
    if ((theta - out_.theta).norm() < 1e-12 * (1.0 + theta.norm())) {
      out_.theta = theta;  // rounding error gives way to exact zeros
      return false;
    }
    if (spent() || surely_worse(theta) || !evaluate(theta, kFirst)) return false;
    if (objective_.value() > out_.value + 1e-9 + noise()) return false;
    for (std::size_t k = 0; k < lost.size(); ++k) {
      if (lost[k] > 0 && !leaves_at_a_loss(k)) return false;
    }
    out_.theta = theta;
    out_.value = objective_.value();
    return true;
  }

  // Sets nearly vanished directions to exact zeros where that costs nothing and the boundary is not
  // left at a profit: all of them at once, else block by block, fewer and fewer. True where theta
  // changed.
  bool settle_on_boundary(double limit) {
    const std::size_t blocks = chart_.terms().size();
    std::vector<int> lost(blocks);
    Vector theta = out_.theta;
    for (std::size_t k = 0; k < blocks; ++k) settle(theta, k, limit, kAll, lost[k]);
    bool changed = take_if_no_worse(theta, lost);
    for (std::size_t k = 0; !changed && k < blocks; ++k) {
      for (int most = lost[k]; most > 0; --most) {
        std::vector<int> only(blocks);
        theta = out_.theta;
        settle(theta, k, limit, most, only[k]);
        if (blocks == 1 && most == lost[k]) continue;  // tried above
        if (take_if_no_worse(theta, only)) {
          changed = true;
          break;
        }
      }
    }
    evaluate_current();
    return changed;
  }

  void settle(Vector& theta, std::size_t k, double limit, int most, int& lost) const {
    chart_.set_part(theta, k,
                    chart_.structure(k).settled(chart_.part(theta, k), limit, most, lost));
  }

  static constexpr int kAll = std::numeric_limits<int>::max();

  bool exact_;   // whether steps use the exact Hessian; it is cheap where all factors are nested
  bool costly_;  // whether it is not
  Objective& objective_;
  const Chart& chart_;
  const OptimiseControl& control_;
  const std::function<bool()>& interrupted_;
  Optimum out_;
  Vector at_;  // where the workspace stands
  // Newton's quadratic model and its trust region.
  Vector slope_;
  Matrix curvature_;
  bool fresh_ = false;  // whether the curvature was computed where the search stands
  double radius_ = 0.0;
  double gain_before_ = 0.0;  // that the last step promised
  bool settle_ = true;        // once between accepted steps: rounding may move theta every time
};

}  // namespace

Optimum optimise(Objective& objective, const Vector& start, const OptimiseControl& control,
                 const std::function<bool()>& interrupted) {
  return Search(objective, control, interrupted).run(start);
}

}  // namespace ranef
