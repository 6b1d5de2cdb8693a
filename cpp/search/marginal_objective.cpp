#include "search/marginal_objective.hpp"

#include <algorithm>
#include <utility>

namespace ranef {

namespace {

// What an inner search may leave to gain, so that the value is right to a small part of the
// decrease that the outer search expects.
constexpr double kSharp = 1e-18;
constexpr double kCoarse = 1e-6;

double tolerance(double promised) {
  return std::clamp(1e-4 * promised * promised, kSharp, kCoarse);
}

}  // namespace

MarginalObjective::MarginalObjective(Penalised& marginal, const Chart& chart, MarginalStart start,
                                     const std::vector<HeldCoefficient>& held,
                                     std::vector<CoefficientEnd> ends)
    : Objective(chart),
      marginal_(marginal),
      start_(std::move(start)),
      held_(Vector::Zero(marginal.coefficients())),
      ends_(std::move(ends)) {
  std::vector<bool> is_held(at(held_.size()), false);
  for (const HeldCoefficient& one : held) {
    held_(one.index) = one.value;
    is_held[at(one.index)] = true;
  }
  for (Index k = 0; k < held_.size(); ++k) {
    if (!is_held[at(k)]) free_.push_back(k);
  }
}

Vector MarginalObjective::whole(const Vector& free) const {
  Vector out = held_;
  for (std::size_t k = 0; k < free_.size(); ++k) out(free_[k]) = free(static_cast<Index>(k));
  return out;
}

Vector MarginalObjective::part(const Vector& coefficients) const {
  Vector out(static_cast<Index>(free_.size()));
  for (std::size_t k = 0; k < free_.size(); ++k)
    out(static_cast<Index>(k)) = coefficients(free_[k]);
  return out;
}

Vector MarginalObjective::coefficients(const Vector& x) const {
  return whole(x.tail(chart().others()));
}

bool MarginalObjective::at_end(const Vector& x) const {
  if (ends_.empty()) return false;
  const Vector all = coefficients(x);
  return std::any_of(ends_.begin(), ends_.end(), [&](const CoefficientEnd& end) {
    return end.sign * (all(end.index) - end.value) >= 0.0;
  });
}

bool MarginalObjective::stand_at(const std::vector<Matrix>& lambda, const Vector& free,
                                 double promised) {
  const double left = tolerance(promised);
  sharp_ = left <= kSharp;
  return marginal_.evaluate(lambda, whole(free), left);
}

Matrix MarginalObjective::second(const std::vector<Direction>& directions, bool exact) {
  const Matrix all = exact ? marginal_.exact_second(directions) : marginal_.second(directions);
  if (free_.size() == at(held_.size())) return all;
  const auto count = static_cast<Index>(directions.size());
  std::vector<Index> kept;
  for (Index k = 0; k < count; ++k) kept.push_back(k);
  for (const Index k : free_) kept.push_back(count + k);
  return all(kept, kept);
}

Vector MarginalObjective::start() {
  const Vector all = start_(chart());
  Vector out(chart().size());
  out << all.head(chart().covariance_size()), part(all.tail(held_.size()));
  return out;
}

}  // namespace ranef
