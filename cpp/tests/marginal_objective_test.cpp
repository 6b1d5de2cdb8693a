// Searches over covariances and coefficients together, on a likelihood with a closed form: they
// must find what the linear criterion finds, which profiles the coefficients out.
#include "search/marginal_objective.hpp"

#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gaussian_marginal.hpp"
#include "random_data.hpp"
#include "search/linear_objective.hpp"
#include "search/solve.hpp"

namespace {

using ranef::Index;
using ranef::Matrix;
using ranef::Vector;
using ranef::tests::Data;
using ranef::tests::GaussianMarginal;
using ranef::tests::make;

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s\n", what.c_str());
}

bool close(double a, double b, double tolerance) {
  return std::abs(a - b) < tolerance * (1.0 + std::abs(b));
}

std::vector<ranef::Term> terms_of(const Data& data) {
  std::vector<ranef::Term> terms;
  for (std::size_t g = 0; g < data.widths.size(); ++g) {
    terms.push_back({static_cast<int>(g), 0, data.widths[g]});
  }
  return terms;
}

std::vector<Matrix> bases_of(const Data& data) {
  std::vector<Matrix> out;
  for (const int q : data.widths) out.push_back(Matrix::Identity(q, q));
  return out;
}

// Adds effects of the levels, and of slopes.
Data with_effects(Data data, double size) {
  for (std::size_t i = 0; i < data.y.size(); ++i) {
    for (std::size_t g = 0; g < data.codes.size(); ++g) {
      const double level = data.codes[g][i];
      data.y[i] += size * std::sin(1.7 * level + static_cast<double>(g));
      if (data.widths[g] > 1) data.y[i] += size * std::cos(2.9 * level) * data.x[i];
    }
  }
  return data;
}

// D = 0.25 I, and coefficients of zero.
ranef::MarginalStart begin(const ranef::Marginal& marginal) {
  return [count = marginal.coefficients()](const ranef::Chart& chart) {
    Vector out = Vector::Zero(chart.covariance_size() + count);
    for (std::size_t k = 0; k < chart.terms().size(); ++k) {
      const int q = chart.terms()[k].q;
      chart.set_part(out, k, chart.structure(k).nearest(0.25 * Matrix::Identity(q, q)));
    }
    return out;
  };
}

// Not a round point: covariances 0.4, 0.5, ..., and coefficients about zero.
Vector point(const ranef::Chart& chart) {
  Vector x(chart.size());
  for (Index k = 0; k < x.size(); ++k) x(k) = 0.4 + 0.1 * std::cos(static_cast<double>(k));
  return x;
}

// With a normal prior of the coefficients, and one of the standard deviations of the first factor.
ranef::Penalised with_priors(const Data& data) {
  auto marginal = std::make_unique<GaussianMarginal>(data.view());
  const Index coefficients = marginal->coefficients();
  Matrix half = Matrix::Identity(coefficients, coefficients);
  half(1, 0) = 0.4;
  const ranef::NormalPrior normal{half * half.transpose(),
                                  Vector::LinSpaced(coefficients, -0.3, 0.6), 1.5};
  const int q = data.widths[0];
  ranef::TermPenalty gamma_sd;
  gamma_sd.change = Matrix::Identity(q, q);
  gamma_sd.trace = Matrix::Zero(q, q);
  gamma_sd.log_sd = Vector::Constant(q, 2.0);
  gamma_sd.sd = Vector::Constant(q, 0.3);
  return ranef::Penalised(std::move(marginal), ranef::Penalty({gamma_sd}), normal);
}

void derivatives(const std::string& name, const Data& data,
                 const std::vector<ranef::HeldCoefficient>& held) {
  ranef::Penalised marginal = with_priors(data);
  const Index free = marginal.coefficients() - static_cast<Index>(held.size());
  const ranef::Chart chart(terms_of(data), data.widths, free);
  ranef::MarginalObjective objective(marginal, chart, begin(marginal), held);
  const Vector x = point(chart);
  expect(objective.evaluate(x), name + ": evaluate");
  const Vector gradient = objective.gradient();
  const Matrix hessian = objective.hessian(true);
  const double step = 1e-4;  // errors of central differences: its square
  for (Index k = 0; k < x.size(); ++k) {
    double value[2];
    Vector slope[2];
    for (int side = 0; side < 2; ++side) {
      Vector moved = x;
      moved(k) += side == 0 ? step : -step;
      objective.evaluate(moved);
      value[side] = objective.value();
      slope[side] = objective.gradient();
    }
    expect(close((value[0] - value[1]) / (2.0 * step), gradient(k), 1e-5), name + ": gradient");
    const Vector second = (slope[0] - slope[1]) / (2.0 * step);
    expect((second - hessian.col(k)).norm() < 1e-5 * (1.0 + second.norm()), name + ": hessian");
  }

  // On a way out with the others following, the slopes by the others stay as they are.
  const ranef::Direction way{0, Matrix::Constant(data.widths[0], data.widths[0], 1.0)};
  objective.evaluate(x);
  const ranef::WayCurvature along = objective.along_way(way);
  Vector slope[2];
  double out_of[2];
  for (int side = 0; side < 2; ++side) {
    const double size = side == 0 ? step : -step;
    std::vector<Matrix> lambda = chart.lambda(x);
    lambda[0] = ranef::semidefinite_cholesky(ranef::outer_gram(lambda[0]) + size * way.d, 0.0);
    Vector moved = x;
    chart.set_part(moved, 0, chart.structure(0).nearest(ranef::outer_gram(lambda[0])));
    moved.tail(free) += size * along.follow;
    objective.evaluate(moved);
    slope[side] = objective.gradient().tail(free);
    out_of[side] = objective.gamma()[0].cwiseProduct(way.d).sum();
  }
  expect((slope[0] - slope[1]).norm() / (2.0 * step) < 1e-4, name + ": the others follow");
  expect(close((out_of[0] - out_of[1]) / (2.0 * step), along.second, 1e-4),
         name + ": curvature along a way");
}

ranef::Solved linear(const Data& data, double sigma = 0.0) {
  const ranef::RowsView rows = data.view();
  const ranef::Arranged arranged = ranef::arrange(ranef::cross_products(rows));
  ranef::Criterion criterion(arranged, false);
  if (sigma > 0.0) criterion.fix_sigma(sigma);
  const ranef::Chart chart(terms_of(data), data.widths);
  ranef::LinearObjective objective(criterion, chart);
  ranef::Solved out = ranef::solve(objective, bases_of(data), {}, {}, nullptr);
  const double variance = sigma > 0.0 ? sigma * sigma : criterion.r2() / criterion.nu();
  for (Matrix& d : out.covariances) d *= variance;
  out.coefficients.resize(criterion.beta().size() + 1);
  out.coefficients << criterion.beta(), std::log(variance);
  return out;
}

void same(const std::string& name, const Data& data, double sigma, int most) {
  const ranef::Solved wanted = linear(data, sigma);
  const ranef::RowsView rows = data.view();
  auto gaussian = std::make_unique<GaussianMarginal>(rows);
  const std::vector<double>& tolerances = gaussian->tolerances;
  ranef::Penalised marginal(std::move(gaussian));
  std::vector<ranef::HeldCoefficient> held;
  if (sigma > 0.0) held.push_back({2, 2.0 * std::log(sigma)});
  const ranef::Chart chart(terms_of(data), data.widths, sigma > 0.0 ? 2 : 3);
  ranef::MarginalObjective objective(marginal, chart, begin(marginal), held);
  ranef::SolveControl control;
  const ranef::Solved found = ranef::solve(objective, bases_of(data), {}, control, nullptr);
  expect(found.optimum.status == ranef::OptimiseStatus::kConverged, name + ": converged");
  // Both end where less than 1e-9 is left to gain.
  expect(close(found.optimum.value, wanted.optimum.value, 1e-11), name + ": the same deviance");
  expect(found.evidence.gain < 1e-9 && found.evidence.step < 1e-4, name + ": certified");
  expect(found.evidence.flat.cols() == 0, name + ": nothing is flat");
  expect(found.evidence.rank == wanted.evidence.rank, name + ": rank");
  expect((found.coefficients - wanted.coefficients).norm() < 1e-5, name + ": coefficients");
  for (std::size_t k = 0; k < found.covariances.size(); ++k) {
    expect((found.covariances[k] - wanted.covariances[k]).norm() < 1e-4, name + ": covariances");
  }
  expect(found.optimum.evaluations <= most,
         name + ": " + std::to_string(found.optimum.evaluations) + " evaluations");
  if (found.starts > 1) return;
  expect(tolerances.front() > 1e-11, name + ": begins with few digits");
  expect(tolerances.back() <= 1e-18, name + ": ends with all digits");
}

// From D = 0 the certificate promises what there is to gain, the coefficients following.
void promise(const Data& data) {
  const ranef::RowsView rows = data.view();
  ranef::Penalised marginal(std::make_unique<GaussianMarginal>(rows));
  const ranef::Chart chart(terms_of(data), data.widths, 3);
  ranef::MarginalObjective objective(marginal, chart, begin(marginal));
  const ranef::Solved found = ranef::solve(objective, bases_of(data), {}, {}, nullptr);
  // The best coefficients at D = 0.
  Vector x = Vector::Zero(chart.size());
  for (int k = 0; k < 30; ++k) {
    objective.evaluate(x);
    const Matrix h = objective.second({}).bottomRightCorner(3, 3);
    x.tail(3) -= h.llt().solve(objective.gradient().tail(3));
  }
  objective.evaluate(x);
  const double before = objective.value();
  const ranef::Evidence evidence = ranef::evidence(objective, x, bases_of(data));
  const double there_is = before - found.optimum.value;
  expect(there_is > 1e-3 && there_is < 0.1, "promise: a small gain");
  // Third derivatives take their share; with the coefficients held it would be a quarter less.
  expect(std::abs(evidence.gain - there_is) < 0.1 * there_is,
         "promise: the gain out of the boundary");
  objective.evaluate(ranef::promised(chart, x, evidence, 1.0));
  expect(before - objective.value() > 0.9 * there_is, "promise: kept");
}

// A column of X twice: its two coefficients have one flat direction.
void collinear(const Data& data) {
  ranef::RowsView rows = data.view();
  rows.fixed.push_back(rows.fixed[1]);
  ranef::Penalised marginal(std::make_unique<GaussianMarginal>(rows));
  const ranef::Chart chart(terms_of(data), data.widths, 4);
  ranef::MarginalObjective objective(marginal, chart, begin(marginal));
  const ranef::Solved found = ranef::solve(objective, bases_of(data), {}, {}, nullptr);
  const ranef::Solved wanted = linear(data);
  expect(close(found.optimum.value, wanted.optimum.value, 1e-11), "collinear: the same deviance");
  const Matrix& flat = found.evidence.flat;
  expect(flat.cols() == 1, "collinear: one flat direction");
  if (flat.cols() != 1) return;
  Vector way = Vector::Zero(flat.rows());
  way(way.size() - 3) = std::sqrt(0.5);
  way(way.size() - 2) = -std::sqrt(0.5);
  expect(std::abs(std::abs(way.dot(flat.col(0))) - 1.0) < 1e-6, "collinear: its coefficients");
}

// Searches that begin elsewhere take the coefficients along.
void elsewhere(const Data& data) {
  const ranef::RowsView rows = data.view();
  ranef::Penalised marginal(std::make_unique<GaussianMarginal>(rows));
  const ranef::Chart chart(terms_of(data), data.widths, 3);
  const Vector known = Vector::LinSpaced(3, 0.1, 0.3);
  const auto start = [&](const ranef::Chart& of) {
    Vector out = Vector::Constant(of.covariance_size() + 3, 0.5);
    out.tail(3) = known;
    return out;
  };
  ranef::MarginalObjective objective(marginal, chart, start);
  expect(objective.start().tail(3) == known, "a start with coefficients");
  expect(objective.others_elsewhere(objective.start()) == known, "elsewhere with the same ones");
}

}  // namespace

int main() {
  const Data one = make({12}, {1}, {false}, 70);
  const Data slopes = with_effects(make({9}, {2}, {false}, 80), 1.0);
  const Data crossed = with_effects(make({11, 6}, {1, 2}, {false, false}, 90), 0.8);
  derivatives("one factor", one, {});
  derivatives("slopes", slopes, {});
  derivatives("slopes, one coefficient held", slopes, {{1, 0.3}});
  derivatives("crossed", crossed, {});
  same("slopes", slopes, 0.0, 9);
  same("slopes at a sigma", slopes, 0.9, 9);
  same("crossed", crossed, 0.0, 12);
  same("without effects", with_effects(make({9}, {1}, {false}, 80), 0.0), 0.0, 12);
  promise(make({8}, {1}, {false}, 70));
  collinear(slopes);
  elsewhere(one);
  if (failures == 0) std::printf("marginal objective: all as expected\n");
  return failures == 0 ? 0 : 1;
}
