// Runs each kernel on fixed problems, for a simulator that counts the instructions inside of
// counted(): one count for each line printed (tools/count_instructions.py).
//
// Instructions repeat from run to run where times do not. Dense blocks use the core's own code
// here, since there is no SciPy to take BLAS from.
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "../tests/random_data.hpp"
#include "criterion/criterion.hpp"
#include "curvature/curvature.hpp"
#include "marginal/laplace.hpp"
#include "search/linear_objective.hpp"
#include "search/optimise.hpp"
#include "search/start.hpp"

// The boundary of what is counted: its name, not mangled, is known to the one who counts.
extern "C" [[gnu::noinline]] void ranef_counted(const std::function<void()>* kernel) {
  (*kernel)();
  asm volatile("");  // no tail call: the function must be seen to return
}

namespace {

using ranef::tests::Data;
using ranef::tests::make;

std::map<std::string, Data> layouts() {
  return {
      {"one-factor", make({200}, {2}, {false}, 8000)},
      {"intercepts", make({500}, {1}, {false}, 8000)},
      {"nested", make({300, 40}, {2, 1}, {false, true}, 6000)},
      {"crossed", make({150, 90}, {1, 1}, {false, false}, 6000)},
      {"wide", make({40, 12}, {6, 6}, {false, false}, 2000)},
  };
}

void count_as(const std::string& layout, const char* kernel, const std::function<void()>& work) {
  ranef_counted(&work);
  std::printf("%s %s\n", layout.c_str(), kernel);
}

// Runs every kernel of one layout, each once before so that its working memory exists.
bool run(const std::string& layout, const Data& data) {
  const auto count = [&](const char* kernel, const std::function<void()>& work) {
    count_as(layout, kernel, work);
  };
  const ranef::RowsView rows = data.view();
  const ranef::CrossProducts products = ranef::cross_products(rows);
  count("cross-products", [&] { ranef::cross_products(rows); });
  const ranef::Arranged arranged = ranef::arrange(products);
  count("arrange", [&] { ranef::arrange(products); });

  ranef::Criterion criterion(arranged, true);
  std::vector<ranef::Term> terms;
  for (std::size_t g = 0; g < data.widths.size(); ++g) {
    terms.push_back({static_cast<int>(g), 0, data.widths[g]});
  }
  const ranef::Chart chart(terms, data.widths);
  const ranef::Vector theta = ranef::moment_start(arranged, criterion.nu(), true, chart);
  const std::vector<ranef::Matrix> lambda = chart.lambda(theta);
  const std::vector<ranef::Direction> directions = chart.directions(theta);
  if (!criterion.evaluate(lambda)) return false;
  count("evaluate", [&] { criterion.evaluate(lambda); });
  criterion.gamma();
  criterion.evaluate(lambda);
  count("gamma", [&] { criterion.gamma(); });
  ranef::average_information(criterion, directions);
  count("information", [&] { ranef::average_information(criterion, directions); });
  ranef::hessian(criterion, directions);
  criterion.evaluate(lambda);
  criterion.gamma();
  count("hessian", [&] { ranef::hessian(criterion, directions); });
  ranef::LinearObjective objective(criterion, chart);
  count("search", [&] { ranef::optimise(objective, theta, {}, nullptr); });
  return true;
}

// Laplace's approximation for the same rows with outcomes 0 and 1: an evaluation near the modes of
// another one, as in a search, and second derivatives.
bool run_laplace(const std::string& layout, Data data) {
  for (double& y : data.y) y = y > 0.0 ? 1.0 : 0.0;
  const auto family = ranef::make_family("binomial", "logit");
  ranef::GeneralisedRows rows;
  rows.rows = data.view();
  ranef::Laplace laplace(rows, *family, 1);
  std::vector<ranef::Matrix> lambda;
  std::vector<ranef::Direction> directions;
  for (std::size_t g = 0; g < data.widths.size(); ++g) {
    const int q = data.widths[g];
    lambda.push_back(0.5 * ranef::Matrix::Identity(q, q));
    for (int a = 0; a < q; ++a) {
      ranef::Matrix change = ranef::Matrix::Zero(q, q);
      change(a, a) = 1.0;
      directions.push_back({static_cast<int>(g), change});
    }
  }
  ranef::Vector coefficients = ranef::Vector::Constant(2, 0.1);
  constexpr double kTolerance = 1e-10;
  if (!laplace.evaluate(lambda, coefficients, kTolerance)) return false;
  laplace.second(directions);
  coefficients(1) += 0.05;
  bool fine = true;
  count_as(layout, "laplace", [&] { fine = laplace.evaluate(lambda, coefficients, kTolerance); });
  count_as(layout, "laplace second", [&] { laplace.second(directions); });
  return fine;
}

// Passes over rows of families, with everything that a second derivative needs.
void run_family(const char* name, const char* link) {
  constexpr ranef::Index kRows = 1000;
  const auto family = ranef::make_family(name, link);
  std::vector<double> eta, y, psi(ranef::at(kRows), 0.5);
  for (ranef::Index i = 0; i < kRows; ++i) {
    eta.push_back(0.01 * static_cast<double>(i % 100) - 0.5);
    y.push_back(static_cast<double>(i % 2));
  }
  if (std::string(name) == "gamma") {
    for (double& value : y) value += 0.5;
  }
  std::vector<std::vector<double>> numbers(16, std::vector<double>(ranef::at(kRows)));
  auto next = numbers.begin();
  ranef::FamilyRows rows{kRows, eta.data(), {}, y.data(), nullptr};
  ranef::RowDerivatives out;
  for (double*& to : out.eta) to = (next++)->data();
  if (family->channels() == 1) {
    rows.psi[0] = psi.data();
    for (double*& to : out.psi[0]) to = (next++)->data();
    for (double*& to : out.psi2[0]) to = (next++)->data();
  }
  family->derivatives(rows, ranef::RowOrder::kHessian, out);
  count_as(name, "rows", [&] { family->derivatives(rows, ranef::RowOrder::kHessian, out); });
}

}  // namespace

int main() {
  for (const auto& [name, data] : layouts()) {
    if (!run(name, data)) return 1;
  }
  for (const char* name : {"crossed", "nested", "one-factor"}) {
    if (!run_laplace(name, layouts().at(name))) return 1;
  }
  run_family("binomial", "logit");
  run_family("poisson", "log");
  run_family("nbinom2", "log");
  run_family("gamma", "log");
  return 0;
}
