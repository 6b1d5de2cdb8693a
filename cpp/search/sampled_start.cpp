#include "search/sampled_start.hpp"

#include <memory>

#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"
#include "marginal/row_sample.hpp"
#include "search/optimise.hpp"

namespace ranef {

namespace {

double least_variance(const Matrix& lambda) {
  if (lambda.rows() == 0) return 0.0;
  const Spectrum spectrum = spectrum_of(outer_gram(lambda));
  return spectrum.fine ? spectrum.values(0) : 0.0;
}

// A sample may have its optimum on the boundary where all rows have it inside: a search is not to
// begin there.
bool well_inside(const Chart& chart, const Vector& found, const Vector& first) {
  constexpr double kShare = 0.01;
  const std::vector<Matrix> here = chart.lambda(found);
  const std::vector<Matrix> before = chart.lambda(first);
  for (std::size_t g = 0; g < here.size(); ++g) {
    if (!(least_variance(here[g]) > kShare * least_variance(before[g]))) return false;
  }
  return true;
}

// Covariances and coefficients at the optimum of the sample, or at the start there.
Start optimum_of(const RowSample& sample, const Family& family, const Chart& chart,
                 const StartControl& control, const std::function<bool()>& interrupted) {
  constexpr int kEvaluations = 8;
  constexpr double kGain = 1e-2;  // deviance units: next to nothing beside what all rows change
  auto laplace = std::make_unique<Laplace>(sample.rows(), family, 1);
  Start out = laplace->start(chart, control.normal ? &*control.normal : nullptr);
  laplace->begin_at(out.dual);
  Vector begin(out.coordinates.size() + out.coefficients.size());
  begin << out.coordinates, out.coefficients;
  Penalised marginal(std::move(laplace), control.penalty, control.normal);
  MarginalObjective objective(
      marginal, chart, [&](const Chart&) { return begin; }, control.held, control.ends);
  const Vector start = objective.start();
  const Optimum found = optimise(objective, start, {kEvaluations, kGain}, interrupted);
  if (found.status != OptimiseStatus::kConverged &&
      found.status != OptimiseStatus::kMaxEvaluations) {
    return out;
  }
  out.coefficients = objective.coefficients(found.theta);
  if (well_inside(chart, found.theta, start)) {
    out.coordinates = found.theta.head(chart.covariance_size());
  }
  return out;
}

}  // namespace

Start start_values(Laplace& laplace, const Family& family, const Chart& chart,
                   const StartControl& control, const std::function<bool()>& interrupted) {
  const NormalPrior* normal = control.normal ? &*control.normal : nullptr;
  const Index stride = sample_stride(laplace.map());
  if (stride == 1) return laplace.start(chart, normal);
  const Start found =
      optimum_of(RowSample(laplace.map(), stride), family, chart, control, interrupted);
  return laplace.start_at(chart, normal, found.coordinates, found.coefficients);
}

}  // namespace ranef
