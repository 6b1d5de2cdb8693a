#include "search/iterative_solve.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"
#include "structure/face.hpp"

namespace ranef {

namespace {

// The 97.5 % point of Student's t (Abramowitz & Stegun 1964, 26.7.5): to three digits from three
// degrees of freedom on.
double t_quantile(double df) {
  constexpr double kZ = 1.959963984540054;
  const double z2 = kZ * kZ;
  const double g1 = kZ * (z2 + 1.0) / 4.0;
  const double g2 = kZ * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
  const double g3 = kZ * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
  const double g4 =
      kZ * ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) / 92160.0;
  return kZ + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df;
}

}  // namespace

EstimationError estimation_error(IterativeObjective& objective, const Vector& theta) {
  IterativeFactor& factor = objective.factor();
  EstimationError out;
  out.deflated = factor.deflated();
  out.probes = factor.probes();
  out.iterations = factor.iterations();
  const auto count = static_cast<double>(out.probes);
  if (out.probes < 2) return out;
  const double t = t_quantile(count - 1.0);
  out.criterion = t_quantile(factor.log_determinant_df()) * factor.log_determinant_error();
  const Chart& chart = objective.chart();
  const Face face = face_at(chart, theta);
  const Index size = face.covariance_size();
  out.steps.setZero(size);
  if (size == 0) return out;
  Matrix h = objective.second(face.directions).topLeftCorner(size, size);
  h += bend(chart, face, objective.gamma());
  const Vector scales = face.scales().head(size);
  h = (scales.asDiagonal() * h * scales.asDiagonal()).eval();
  const Spectrum spectrum = spectrum_of(h);
  if (!spectrum.fine) return out;
  // The certificate reports directions in which the criterion is nearly flat.
  constexpr double kFlat = 1e-6;
  Vector inverse = Vector::Zero(size);
  for (Index k = 0; k < size; ++k) {
    if (spectrum.values(k) > kFlat) inverse(k) = 1.0 / spectrum.values(k);
  }
  const Matrix h_inverse = congruent_diagonal(spectrum.vectors, inverse);
  // The search ends before the optimum of the estimate, by about this step.
  const Vector left = h_inverse * objective.gradient(face).head(size).cwiseProduct(scales);
  Matrix moves(size, out.probes);
  for (Index probe = 0; probe < out.probes; ++probe) {
    const std::vector<Matrix>& own = factor.informations()[at(probe)];
    std::vector<Matrix> deviation;
    for (std::size_t g = 0; g < own.size(); ++g) {
      deviation.push_back(own[g] - factor.information()[g]);
    }
    const Vector g = gradient(chart, face, deviation);
    moves.col(probe) = h_inverse * g.cwiseProduct(scales);
  }
  for (Index k = 0; k < size; ++k) {
    const double se = std::sqrt(2.0 * h_inverse(k, k));
    if (!(se > 0.0)) continue;
    const double sd = std::sqrt(moves.row(k).squaredNorm() / (count - 1.0) / count);
    const double most = t * sd + std::abs(left(k));
    out.step = std::max(out.step, most / se);
    out.steps(k) = most * scales(k);
  }
  return out;
}

double covariance_error(const Chart& chart, const Vector& theta, const Vector& steps) {
  constexpr double kRank = 1e-10;
  const std::vector<Matrix> lambda = chart.lambda(theta);
  const Face face = face_at(chart, theta);
  Vector sums = Vector::Zero(static_cast<Index>(lambda.size()));
  for (Index k = 0; k < face.covariance_size(); ++k) {
    const Direction& direction = face.directions[at(k)];
    const Matrix& root = lambda[at(direction.group)];
    const Spectrum own = spectrum_of(times(root, Form::kPlain, root, Form::kTransposed));
    // D^(-1/2) within its range.
    Vector inverse = Vector::Zero(root.rows());
    for (Index i = 0; i < root.rows(); ++i) {
      const double value = own.values(i);
      if (value > kRank * own.values(root.rows() - 1)) inverse(i) = 1.0 / std::sqrt(value);
    }
    const Matrix half = congruent_diagonal(own.vectors, inverse);
    const Spectrum change = spectrum_of(congruent(half, direction.d));
    sums(direction.group) += steps(k) * change.values.cwiseAbs().maxCoeff();
  }
  return sums.size() > 0 ? sums.maxCoeff() : 0.0;
}

Solved solve_iteratively(IterativeObjective& objective, const std::vector<Matrix>& bases,
                         const std::optional<Vector>& start, const SolveControl& control,
                         const IterativeGoal& goal, const std::function<bool()>& interrupted) {
  SolveControl own = control;
  own.search.gain = std::max(own.search.gain, kEstimatedGain);
  IterativeFactor& factor = objective.factor();
  std::optional<Vector> from = start;
  Solved out;
  int evaluations = 0;
  double search_seconds = 0.0;
  double certificate_seconds = 0.0;
  for (;;) {
    Solved found = solve(objective, bases, from, own, interrupted);
    found.optimum.evaluations += evaluations;
    found.search_seconds += search_seconds;
    found.certificate_seconds += certificate_seconds;
    const OptimiseStatus status = found.optimum.status;
    if (status == OptimiseStatus::kBrokeDown || status == OptimiseStatus::kInterrupted)
      return found;
    const EstimationError error = estimation_error(objective, found.optimum.theta);
    found.error = error;
    found.evidence.rounding = objective.criterion().rounding();
    out = std::move(found);
    const bool enough = error.step <= goal.step && error.criterion <= goal.criterion;
    if (enough || control.search.max_evaluations <= 1) return out;
    Index deflated = factor.deflated();
    Index probes = factor.probes();
    const bool room = deflated < std::min(goal.most, factor.lists().tail.columns);
    if (room && (factor.directions_pay() || probes >= goal.most)) {
      deflated = std::min(goal.most, 2 * std::max<Index>(deflated, 8));
    } else if (probes < goal.most) {
      probes = std::min(goal.most, 2 * probes);
    } else {
      return out;  // the fit reports the error
    }
    factor.refine(deflated, probes);
    from = out.optimum.theta;
    evaluations = out.optimum.evaluations;
    search_seconds = out.search_seconds;
    certificate_seconds = out.certificate_seconds;
  }
}

}  // namespace ranef
