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

// Runs every kernel of one layout, each once before so that its working memory exists.
bool run(const std::string& layout, const Data& data) {
  const auto count = [&](const char* kernel, const std::function<void()>& work) {
    ranef_counted(&work);
    std::printf("%s %s\n", layout.c_str(), kernel);
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

}  // namespace

int main() {
  for (const auto& [name, data] : layouts()) {
    if (!run(name, data)) return 1;
  }
  return 0;
}
