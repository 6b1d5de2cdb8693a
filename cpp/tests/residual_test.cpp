// Residual structures: the objective's gradient and Hessian against differences, in every layout,
// and the value against rows that are scaled, or differenced, one by one.
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "random_data.hpp"
#include "residual/residual.hpp"
#include "search/linear_objective.hpp"

namespace {

using ranef::Index;
using ranef::Matrix;
using ranef::Vector;
using ranef::tests::Data;
using ranef::tests::make;

int failures = 0;

void expect(double error, double limit, const std::string& what) {
  if (error < limit) return;
  ++failures;
  std::printf("failed: %s (%.3g)\n", what.c_str(), error);
}

ranef::CrossProducts weighted(const Data& data, const std::vector<double>& weights) {
  ranef::RowsView rows = data.view();
  rows.weights = weights.data();
  return ranef::cross_products(rows);
}

struct Problem {
  std::vector<ranef::CrossProducts> products;
  std::unique_ptr<ranef::Residual> residual;
};

// Rows belong to the strata in turn.
Problem strata(const Data& data, std::size_t count) {
  Problem out;
  std::vector<double> counts(count, 0.0);
  for (std::size_t k = 0; k < count; ++k) {
    std::vector<double> in(data.y.size(), 0.0);
    for (std::size_t i = k; i < in.size(); i += count) in[i] = 1.0;
    for (const double one : in) counts[k] += one;
    out.products.push_back(weighted(data, in));
  }
  out.residual = ranef::make_residual("strata", counts, {});
  return out;
}

void check(const std::string& name, const Data& data, Problem problem, bool reml) {
  const Index others = problem.residual->size();
  std::vector<const ranef::CrossProducts*> all;
  for (const ranef::CrossProducts& one : problem.products) all.push_back(&one);
  Vector ones(problem.residual->terms());
  std::vector<ranef::Jet> nothing(static_cast<std::size_t>(others), ranef::Jet(0.0));
  const std::vector<ranef::Jet> c = problem.residual->coefficients(nothing);
  for (Index k = 0; k < ones.size(); ++k) ones(k) = c[ranef::at(k)].value;
  ranef::Arranged arranged = ranef::arrange(ranef::combine(all, ones, 0.0));
  std::vector<ranef::Numbers> basis;
  for (const auto* one : all) basis.push_back(ranef::arrange_numbers(*arranged, *one));
  ranef::Criterion criterion(arranged, reml);
  std::vector<ranef::Term> terms;
  for (std::size_t g = 0; g < data.widths.size(); ++g) {
    terms.push_back({static_cast<int>(g), 0, data.widths[g]});
  }
  const ranef::Chart chart(terms, data.widths, others);
  ranef::ResidualBasis residual(std::move(problem.residual), std::move(basis), arranged.numbers);
  ranef::LinearObjective objective(criterion, chart, &residual);
  Vector x = Vector::LinSpaced(chart.size(), 0.9, 0.35);
  x.tail(others) = Vector::LinSpaced(others, 0.3, -0.4);
  objective.evaluate(x);
  const Vector gradient = objective.gradient();
  const Matrix hessian = objective.hessian(true);
  constexpr double kStep = 1e-4;
  for (Index k = 0; k < x.size(); ++k) {
    double value[2];
    Vector slope[2];
    for (int side = 0; side < 2; ++side) {
      objective.evaluate(x + (side == 0 ? kStep : -kStep) * Vector::Unit(x.size(), k));
      value[side] = criterion.value();
      slope[side] = objective.gradient();
    }
    const double first = (value[0] - value[1]) / (2.0 * kStep);
    const Vector second = (slope[0] - slope[1]) / (2.0 * kStep);
    expect(std::abs(first - gradient(k)) / (1.0 + std::abs(first)), 1e-5, name + ": gradient");
    expect((second - hessian.col(k)).norm() / (1.0 + second.norm()), 1e-5, name + ": Hessian");
  }
}

// The value with strata against that of rows with the weights that follow from the ratios.
void check_value(const std::string& name, const Data& data) {
  Problem problem = strata(data, 2);
  const double phi = 0.4;
  const std::vector<ranef::Jet> at = {ranef::Jet(phi)};
  Vector c(2);
  for (Index k = 0; k < 2; ++k) c(k) = problem.residual->coefficients(at)[ranef::at(k)].value;
  const double log_r = problem.residual->log_determinant(at).value;
  const ranef::CrossProducts sum =
      ranef::combine({&problem.products[0], &problem.products[1]}, c, -log_r);
  std::vector<double> weights(data.y.size(), 1.0);
  for (std::size_t i = 1; i < weights.size(); i += 2) weights[i] = std::exp(-2.0 * phi);
  const ranef::CrossProducts rows = weighted(data, weights);
  expect((sum.fixed - rows.fixed).norm() / rows.fixed.norm(), 1e-13, name + ": cross-products");
  expect(std::abs(sum.sum_log_weights - rows.sum_log_weights), 1e-9, name + ": log weights");
}

}  // namespace

int main() {
  const struct {
    const char* name;
    Data data;
  } layouts[] = {{"one factor", make({12}, {2}, {false}, 90)},
                 {"nested", make({20, 5}, {2, 1}, {false, true}, 120)},
                 {"crossed", make({15, 7}, {1, 1}, {false, false}, 110)},
                 {"crossed slopes", make({15, 7}, {2, 2}, {false, false}, 140)}};
  for (const auto& [name, data] : layouts) {
    for (const bool reml : {false, true}) {
      check(std::string(name) + " strata", data, strata(data, 3), reml);
      // Any three cross-products make a criterion with the coefficients of a series; gaps of two.
      Problem serial = strata(data, 4);
      serial.residual = ranef::make_residual("ar1", {30.0}, {2});
      check(std::string(name) + " ar1", data, std::move(serial), reml);
    }
    check_value(name, data);
  }
  std::printf("%s\n", failures == 0 ? "residuals: fine" : "residuals: failed");
  return failures == 0 ? 0 : 1;
}
