// The core without Python, for sanitizers: derivatives against differences on small random
// problems of every layout, then a search to the optimum.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "criterion/criterion.hpp"
#include "criterion/joint_inverse.hpp"
#include "curvature/curvature.hpp"
#include "random_data.hpp"
#include "search/linear_objective.hpp"
#include "search/optimise.hpp"

namespace {

using ranef::Index;
using ranef::Matrix;
using ranef::Vector;
using ranef::tests::Data;
using ranef::tests::make;

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s\n", what.c_str());
}

void check(const std::string& name, const Data& data, bool reml) {
  const ranef::RowsView rows = data.view();
  const ranef::Arranged arranged = ranef::arrange(ranef::cross_products(rows));
  ranef::Criterion criterion(arranged, reml);
  std::vector<ranef::Term> terms;
  for (std::size_t g = 0; g < data.widths.size(); ++g) {
    terms.push_back({static_cast<int>(g), 0, data.widths[g]});
  }
  const ranef::Chart chart(terms, data.widths);
  Vector theta(chart.size());
  for (Index k = 0; k < theta.size(); ++k) theta(k) = 0.4 + 0.1 * std::cos(static_cast<double>(k));
  expect(criterion.evaluate(chart.lambda(theta)), name + ": evaluate");
  const Vector gradient = chart.gradient(theta, criterion.gamma());
  const std::vector<ranef::Direction> directions = chart.directions(theta);
  Matrix hessian = ranef::hessian(criterion, directions);
  chart.add_bend(theta, criterion.gamma(), hessian);
  ranef::average_information(criterion, directions);
  ranef::row_variances(criterion, rows);
  ranef::conditional_variances(criterion);

  const double step = 1e-4;
  for (Index k = 0; k < theta.size(); ++k) {
    double value[2];
    Vector slope[2];
    for (int side = 0; side < 2; ++side) {
      Vector moved = theta;
      moved(k) += side == 0 ? step : -step;
      const std::vector<Matrix> lambda = chart.lambda(moved);
      criterion.evaluate(lambda);
      value[side] = criterion.value();
      slope[side] = chart.gradient(moved, criterion.gamma());
    }
    const double first = (value[0] - value[1]) / (2.0 * step);
    expect(std::abs(first - gradient(k)) < 1e-4 * (1.0 + std::abs(first)), name + ": gradient");
    const Vector second = (slope[0] - slope[1]) / (2.0 * step);
    expect((second - hessian.col(k)).norm() < 1e-4 * (1.0 + second.norm()), name + ": hessian");
  }

  ranef::LinearObjective objective(criterion, chart);
  const ranef::Optimum best = ranef::optimise(objective, theta, {}, nullptr);
  expect(best.status == ranef::OptimiseStatus::kConverged, name + ": converged");
  criterion.evaluate(chart.lambda(best.theta));
  expect(chart.gradient(best.theta, criterion.gamma()).norm() < 1e-3, name + ": stationary");
}

}  // namespace

int main() {
  for (const bool reml : {false, true}) {
    check("one factor", make({12}, {1}, {false}, 60), reml);
    check("slopes", make({9}, {2}, {false}, 80), reml);
    check("three slopes", make({65}, {3}, {false}, 700), reml);
    check("five slopes", make({7}, {5}, {false}, 160), reml);
    check("nested", make({15, 4}, {2, 1}, {false, true}, 90), reml);
    check("crossed", make({11, 6}, {1, 2}, {false, false}, 90), reml);
    check("nested and crossed", make({14, 5, 4}, {1, 2, 1}, {false, true, false}, 120), reml);
    check("large tail", make({90, 80}, {1, 1}, {false, false}, 700), reml);
  }
  if (failures == 0) std::printf("sweeps: all as expected\n");
  return failures == 0 ? 0 : 1;
}
