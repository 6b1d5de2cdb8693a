#include "search/lbfgs.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

namespace ranef {

namespace {

constexpr std::size_t kMemory = 20;

struct Pair {
  Vector step;
  Vector change;  // of the gradient
  double product;
};

// -H g by the two-loop recursion.
Vector direction(const std::deque<Pair>& pairs, const Vector& gradient) {
  Vector q = gradient;
  std::vector<double> weights(pairs.size());
  for (std::size_t k = pairs.size(); k-- > 0;) {
    weights[k] = pairs[k].step.dot(q) / pairs[k].product;
    q -= weights[k] * pairs[k].change;
  }
  if (!pairs.empty()) q *= pairs.back().product / pairs.back().change.squaredNorm();
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    q += (weights[k] - pairs[k].change.dot(q) / pairs[k].product) * pairs[k].step;
  }
  return -q;
}

enum class LineEnd { kFound, kNone, kStopped };

LineEnd search_line(const Descent& descent, const DescentPoint& from, const Vector& d,
                    double length, DescentPoint& to) {
  constexpr double kDecrease = 1e-4;
  constexpr double kSlope = 0.9;
  constexpr int kTrials = 40;
  const double slope = from.gradient.dot(d);
  double low = 0.0;
  double high = std::numeric_limits<double>::infinity();
  DescentPoint best;
  best.value = from.value;
  for (int k = 0; k < kTrials; ++k) {
    if (descent.stop()) return LineEnd::kStopped;
    to.theta = from.theta + length * d;
    const bool fine = descent.evaluate(to);
    if (!fine || !(to.value <= from.value + kDecrease * length * slope)) {
      high = length;
    } else if (to.gradient.dot(d) < kSlope * slope) {
      low = length;
      if (to.value < best.value) best = to;
    } else {
      return LineEnd::kFound;
    }
    length = high < std::numeric_limits<double>::infinity() ? 0.5 * (low + high) : 2.0 * low;
    if (high - low < 1e-14 * high) break;
  }
  if (best.theta.size() == 0) return LineEnd::kNone;
  to = best;
  return LineEnd::kFound;
}

}  // namespace

DescentEnd lbfgs(const Descent& descent, DescentPoint& at) {
  std::deque<Pair> pairs;
  DescentPoint next;
  for (;;) {
    Vector d = direction(pairs, at.gradient);
    if (!(d.dot(at.gradient) < 0.0)) {
      pairs.clear();
      d = -at.gradient;
    }
    const double gain = -0.5 * d.dot(at.gradient);
    // Without memory the scale of the direction is arbitrary, and so is the gain.
    if (!pairs.empty() && gain < descent.gain) return DescentEnd::kConverged;
    if (at.gradient.isZero(0.0)) return DescentEnd::kConverged;
    const double length = pairs.empty() ? 0.1 / std::max(at.gradient.norm(), 1e-300) : 1.0;
    const LineEnd end = search_line(descent, at, d, length, next);
    if (end == LineEnd::kStopped) return DescentEnd::kStopped;
    if (end == LineEnd::kNone) {
      if (!pairs.empty() && gain < descent.noise) return DescentEnd::kConverged;
      if (pairs.empty()) return DescentEnd::kNoProgress;
      pairs.clear();  // once more along the gradient
      continue;
    }
    Pair pair{next.theta - at.theta, next.gradient - at.gradient, 0.0};
    pair.product = pair.step.dot(pair.change);
    descent.taken(next, gain, pair.step.norm());
    at = next;
    if (pair.product > 1e-14 * pair.change.squaredNorm()) {
      pairs.push_back(std::move(pair));
      if (pairs.size() > kMemory) pairs.pop_front();
    }
  }
}

}  // namespace ranef
