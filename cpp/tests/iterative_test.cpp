// The elimination by iterations against the factorisation, which is exact. With as many directions
// as the tail has columns, no probe is random.
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "criterion/criterion.hpp"
#include "criterion/joint_inverse.hpp"
#include "curvature/curvature.hpp"
#include "iterative/iterative_factor.hpp"
#include "search/iterative_solve.hpp"
#include "tests/random_data.hpp"

namespace {

using ranef::at;
using ranef::Index;
using ranef::Matrix;
using ranef::Vector;

int failures = 0;

void expect(double error, double limit, const std::string& what) {
  if (error <= limit) return;
  std::printf("%s: %.3g above %.3g\n", what.c_str(), error, limit);
  ++failures;
}

struct Problem {
  std::string name;
  std::vector<Index> levels;
  std::vector<int> widths;
  std::vector<bool> nested;
  Index n;
};

struct Pair {
  ranef::CrossProducts a;
  ranef::Arranged exact_numbers;
  ranef::Arranged outline;
  std::unique_ptr<ranef::Criterion> exact;
  std::unique_ptr<ranef::Criterion> iterative;
};

Pair make(const Problem& problem) {
  const ranef::tests::Data data =
      ranef::tests::make(problem.levels, problem.widths, problem.nested, problem.n);
  Pair out;
  out.a = ranef::cross_products(data.view());
  out.exact_numbers = ranef::arrange(out.a);
  out.outline.pattern = ranef::make_outline(out.a);
  out.outline.numbers.n = out.a.n;
  out.outline.numbers.fixed = out.a.fixed;
  return out;
}

// Criteria refer to the numbers, which have to stay where they are.
void criteria(Pair& pair, bool reml, const ranef::IterativeControl& control, int threads = 1) {
  pair.exact = std::make_unique<ranef::Criterion>(pair.exact_numbers, reml);
  pair.iterative =
      std::make_unique<ranef::Criterion>(pair.outline,
                                         std::make_unique<ranef::IterativeFactor>(
                                             pair.a, *pair.outline, pair.a.fixed, threads, control),
                                         reml);
}

ranef::IterativeControl complete() {
  ranef::IterativeControl control;
  control.deflated = 100000;
  control.probes = 2;
  control.tolerance = 1e-12;
  control.probe_tolerance = 1e-12;
  control.variate_tolerance = 1e-12;
  return control;
}

std::vector<Matrix> lambda_of(const std::vector<int>& widths, double size) {
  std::vector<Matrix> out;
  for (std::size_t g = 0; g < widths.size(); ++g) {
    Matrix l = Matrix::Zero(widths[g], widths[g]);
    for (int b = 0; b < widths[g]; ++b) {
      for (int a = b; a < widths[g]; ++a) {
        l(a, b) = a == b ? size * (1.0 + 0.2 * static_cast<double>(g)) : -0.3 * size;
      }
    }
    out.push_back(l);
  }
  return out;
}

double distance(const Matrix& a, const Matrix& b) {
  return (a - b).cwiseAbs().maxCoeff() / std::max(1.0, b.cwiseAbs().maxCoeff());
}

std::vector<ranef::Direction> directions_of(const std::vector<int>& widths) {
  std::vector<ranef::Direction> out;
  for (std::size_t g = 0; g < widths.size(); ++g) {
    for (int b = 0; b < widths[g]; ++b) {
      for (int a = b; a < widths[g]; ++a) {
        Matrix d = Matrix::Zero(widths[g], widths[g]);
        d(a, b) = d(b, a) = 1.0;
        out.push_back({static_cast<int>(g), d});
      }
    }
  }
  return out;
}

void compare(const Problem& problem, bool reml, double size) {
  const std::string name =
      problem.name + (reml ? " REML " : " ML ") + "theta " + std::to_string(size);
  Pair pair = make(problem);
  criteria(pair, reml, complete());
  const std::vector<Matrix> lambda = lambda_of(problem.widths, size);
  if (!pair.exact->evaluate(lambda) || !pair.iterative->evaluate(lambda)) {
    return expect(1.0, 0.0, name + ": evaluate");
  }
  expect(std::abs(pair.exact->value() - pair.iterative->value()),
         1e-7 * std::abs(pair.exact->value()), name + ": value");
  expect(distance(pair.iterative->factor().fixed(), pair.exact->factor().fixed()), 1e-9,
         name + ": complement");
  const std::vector<Matrix>& wanted = pair.exact->gamma();
  const std::vector<Matrix>& found = pair.iterative->gamma();
  for (std::size_t g = 0; g < wanted.size(); ++g) {
    expect(distance(found[g], wanted[g]), 1e-6, name + ": gamma " + std::to_string(g));
  }
  const std::vector<ranef::Direction> directions = directions_of(problem.widths);
  expect(distance(ranef::average_information(*pair.iterative, directions),
                  ranef::average_information(*pair.exact, directions)),
         1e-8, name + ": average information");
  const ranef::Curvature own = ranef::curvature(*pair.iterative, directions);
  const ranef::Curvature exact = ranef::curvature(*pair.exact, directions);
  for (std::size_t k = 0; k < directions.size(); ++k) {
    expect(distance(own.xx[k], exact.xx[k]), 1e-8, name + ": derivative of X'V^-1 X");
  }
  expect(distance(own.r2, exact.r2), 1e-8, name + ": derivative of r2");
  std::vector<std::vector<double>> b;
  std::vector<std::vector<double>> e;
  std::vector<std::vector<double>> exact_b;
  std::vector<std::vector<double>> exact_e;
  const Matrix v = Matrix::Identity(3, 3);
  pair.iterative->predictors(v, b, e);
  pair.exact->predictors(v, exact_b, exact_e);
  for (std::size_t g = 0; g < b.size(); ++g) {
    const auto n = static_cast<Index>(b[g].size());
    expect(distance(Eigen::Map<Vector>(b[g].data(), n), Eigen::Map<Vector>(exact_b[g].data(), n)),
           1e-8, name + ": modes");
    expect(distance(Eigen::Map<Vector>(e[g].data(), n), Eigen::Map<Vector>(exact_e[g].data(), n)),
           1e-8, name + ": scores");
  }
  const auto variances = ranef::conditional_variances(*pair.iterative);
  const auto exact_variances = ranef::conditional_variances(*pair.exact);
  for (std::size_t g = 0; g < variances.size(); ++g) {
    const auto n = static_cast<Index>(variances[g].size());
    const Eigen::Map<const Vector> one(variances[g].data(), n);
    const Eigen::Map<const Vector> other(exact_variances[g].data(), n);
    expect((one - other).cwiseAbs().maxCoeff() / other.cwiseAbs().maxCoeff(), 1e-7,
           name + ": conditional variances " + std::to_string(g));
  }
  const ranef::tests::Data data =
      ranef::tests::make(problem.levels, problem.widths, problem.nested, problem.n);
  ranef::RowsView rows = data.view();
  rows.n = 11;
  const std::vector<double> row = ranef::row_variances(*pair.iterative, rows);
  const std::vector<double> exact_row = ranef::row_variances(*pair.exact, rows);
  for (std::size_t i = 0; i < row.size(); ++i) {
    expect(std::abs(row[i] - exact_row[i]), 1e-8 * (1.0 + exact_row[i]), name + ": row variance");
  }
}

// Directions of a tail factor without spread, or next to it: only probes tell, within their error.
void nearly_singular(double small) {
  const Problem problem{"singular tail", {60, 25}, {1, 2}, {false, false}, 900};
  ranef::IterativeControl control = complete();
  control.probes = 300;
  Pair pair = make(problem);
  criteria(pair, false, control);
  std::vector<Matrix> lambda = lambda_of(problem.widths, 0.7);
  lambda[1] << 0.8, 0.0, 0.3, small;
  if (!pair.exact->evaluate(lambda) || !pair.iterative->evaluate(lambda)) {
    return expect(1.0, 0.0, "singular tail: evaluate");
  }
  const Matrix wanted = pair.exact->gamma()[1];
  const Matrix found = pair.iterative->gamma()[1];
  expect(distance(found, wanted), 0.01, "singular tail: gamma at " + std::to_string(small));
}

// Probes alone: the mean is right within its own error, and bits do not depend on threads.
void probes() {
  const Problem problem{"probes", {3000, 150}, {1, 1}, {false, false}, 30000};
  ranef::IterativeControl control;
  control.deflated = 0;
  control.probes = 64;
  Pair pair = make(problem);
  criteria(pair, false, control);
  const std::vector<Matrix> lambda = lambda_of(problem.widths, 0.6);
  pair.exact->evaluate(lambda);
  pair.iterative->evaluate(lambda);
  const std::vector<double> values = pair.iterative->iterative()->log_determinants();
  const Eigen::Map<const Vector> all(values.data(), static_cast<Index>(values.size()));
  const double se = std::sqrt((all.array() - all.mean()).square().sum() / 63.0 / 64.0);
  expect(std::abs(all.mean() - pair.exact->log_determinant()), 4.0 * se, "probes: log-determinant");
  expect(se, 0.5, "probes: error of the log-determinant");
  const double told = pair.iterative->iterative()->log_determinant_error();
  expect(std::abs(std::log(told / se)), 0.3, "probes: error told and spread of 64 probes");

  const Problem large{"threads", {20000, 400, 300}, {1, 1, 2}, {false, false, false}, 120000};
  std::vector<double> found;
  for (const int threads : {1, 4}) {
    Pair own = make(large);
    ranef::IterativeControl few;
    criteria(own, true, few, threads);
    if (!own.iterative->evaluate(lambda_of(large.widths, 0.6)))
      expect(1.0, 0.0, "threads: evaluate");
    found.push_back(own.iterative->value());
    found.push_back(own.iterative->gamma()[2](1, 0));
    found.push_back(ranef::average_information(*own.iterative, directions_of(large.widths))(0, 1));
  }
  for (std::size_t k = 0; k < 3; ++k) {
    if (found[k] != found[k + 3]) expect(1.0, 0.0, "threads: bits");
  }
}

// The search: theta of the exact fit within the reported error.
void search(const Problem& problem, bool reml) {
  ranef::IterativeControl control;
  Pair pair = make(problem);
  criteria(pair, reml, control);
  std::vector<ranef::Term> terms;
  std::vector<Matrix> bases;
  for (std::size_t g = 0; g < problem.widths.size(); ++g) {
    terms.emplace_back(static_cast<int>(g), 0, problem.widths[g]);
    bases.push_back(Matrix::Identity(problem.widths[g], problem.widths[g]));
  }
  const ranef::Chart chart(terms, problem.widths);
  ranef::LinearObjective exact(*pair.exact, chart);
  ranef::IterativeObjective iterative(*pair.iterative, chart);
  const ranef::Solved wanted = ranef::solve(exact, bases, std::nullopt, {}, {});
  const ranef::Solved found = ranef::solve_iteratively(iterative, bases, std::nullopt, {}, {}, {});
  std::printf(
      "%s: %d evaluations, %d starts, error %.2g SE, %.2g of f, true %.2g; gain %.1g; "
      "%d directions, %d probes\n",
      problem.name.c_str(), found.optimum.evaluations, found.starts, found.error->step,
      found.error->criterion, found.optimum.value - wanted.optimum.value, found.evidence.gain,
      static_cast<int>(found.error->deflated), static_cast<int>(found.error->probes));
  expect(std::abs(found.optimum.value - wanted.optimum.value), 3.0 * found.error->criterion + 1e-4,
         problem.name + ": criterion");
  expect(found.evidence.gain, 1e-6, problem.name + ": gain");
  exact.evaluate(wanted.optimum.theta);
  const Matrix h = exact.hessian(true);
  const Vector move = found.optimum.theta - wanted.optimum.theta;
  expect(std::sqrt(0.5 * std::abs(move.dot(h * move))), 0.03, problem.name + ": theta");
}

}  // namespace

int main() {
  const std::vector<Problem> problems = {
      {"two factors", {40, 25}, {1, 1}, {false, false}, 500},
      {"slope of the chain", {30, 25}, {2, 1}, {false, false}, 500},
      {"slope of the tail", {60, 20}, {1, 2}, {false, false}, 600},
      {"slopes of both", {40, 15}, {2, 2}, {false, false}, 600},
      {"three factors", {50, 20, 12}, {1, 1, 2}, {false, false, false}, 700},
      {"nested and crossed", {60, 9, 14}, {1, 2, 1}, {false, true, false}, 700},
      {"nested twice and crossed", {80, 20, 5, 12}, {1, 1, 2, 2}, {false, true, true, false}, 900},
      {"the other way round", {25, 40}, {1, 1}, {false, false}, 500},
  };
  for (const Problem& problem : problems) {
    for (const bool reml : {false, true}) {
      for (const double size : {0.6, 0.2, 10.0}) compare(problem, reml, size);
    }
  }
  for (const double small : {0.0, 1e-6, 1e-3, 1e-2}) nearly_singular(small);
  probes();
  search({"search: two factors", {2000, 300}, {1, 1}, {false, false}, 20000}, false);
  search({"search: REML", {2000, 300}, {1, 1}, {false, false}, 20000}, true);
  search({"search: slope of the tail", {1000, 100}, {1, 2}, {false, false}, 10000}, true);
  search({"search: three factors", {1500, 150, 100}, {1, 1, 1}, {false, false, false}, 15000},
         true);
  search({"search: nested and crossed", {1500, 100, 200}, {1, 1, 1}, {false, true, false}, 15000},
         true);
  if (failures == 0) std::printf("iterative: all as expected\n");
  return failures == 0 ? 0 : 1;
}
