// Refits over threads, for the thread sanitizer: the same numbers on one thread and on two, for
// every layout, and an end when asked to stop.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "replicate/refit.hpp"

namespace {

using ranef::Index;
using ranef::Matrix;
using ranef::Vector;

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s\n", what.c_str());
}

// Rows of one or two factors, with an intercept and a slope in x for the first.
struct Data {
  std::vector<std::int32_t> first;
  std::vector<std::int32_t> second;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> weights;

  Data(Index n, int levels, int others, bool nested) {
    std::mt19937 random(5);
    std::normal_distribution<double> normal;
    for (Index i = 0; i < n; ++i) {
      const auto level = static_cast<std::int32_t>(i % levels);
      first.push_back(level);
      second.push_back(nested ? level % others : static_cast<std::int32_t>((i / 3) % others));
      x.push_back(normal(random));
      y.push_back(normal(random) + 0.8 * std::sin(level) + 0.5 * x.back() * std::cos(level) +
                  0.6 * std::sin(2.0 * second.back()));
      weights.push_back(0.5 + 0.1 * static_cast<double>(i % 11));
    }
  }

  ranef::RowsView view(int factors) const {
    ranef::RowsView rows;
    rows.n = static_cast<Index>(y.size());
    rows.groups.push_back({first.data(),
                           1 + static_cast<Index>(*std::max_element(first.begin(), first.end())),
                           {{nullptr, 0.0, 1.0}, {x.data(), 0.0, 1.0}}});
    if (factors > 1) {
      rows.groups.push_back(
          {second.data(),
           1 + static_cast<Index>(*std::max_element(second.begin(), second.end())),
           {{nullptr, 0.0, 1.0}}});
    }
    rows.fixed = {{nullptr, 0.0, 1.0}, {x.data(), 0.0, 1.0}};
    rows.response = {y.data(), 0.0, 1.0};
    rows.weights = weights.data();
    return rows;
  }
};

bool same(const Matrix& a, const Matrix& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), sizeof(double) * static_cast<std::size_t>(a.size())) == 0;
}

void check(const std::string& name, const ranef::Arranged& arranged, const ranef::Chart& chart,
           const ranef::Replicates& replicates, const Vector& theta) {
  constexpr Index kCount = 24;
  ranef::RefitControl control;
  control.start = theta;
  ranef::Refits one;
  ranef::Refits two;
  expect(ranef::refit(arranged, chart, replicates, 0, kCount, control, {}, one), name + ": runs");
  control.threads = 2;
  Index told = 0;
  const auto proceed = [&told](Index done) {
    told = done;
    return true;
  };
  expect(ranef::refit(arranged, chart, replicates, 0, kCount, control, proceed, two),
         name + ": runs on two threads");
  expect(told <= kCount, name + ": no more done than asked for");
  expect(same(one.theta, two.theta) && same(one.beta, two.beta) &&
             same(one.criterion, two.criterion) && same(one.sigma, two.sigma) &&
             one.status == two.status && one.evaluations == two.evaluations,
         name + ": the same on two threads");
  for (const ranef::OptimiseStatus status : one.status) {
    expect(status == ranef::OptimiseStatus::kConverged, name + ": converged");
  }
  ranef::Refits later;
  expect(ranef::refit(arranged, chart, replicates, 10, 4, control, {}, later), name + ": later");
  expect(same(later.theta, one.theta.middleCols(10, 4)),
         name + ": replicates have their own draws");
  const auto stop = [](Index) { return false; };
  expect(!ranef::refit(arranged, chart, replicates, 0, 1000000, control, stop, two),
         name + ": stops when asked to");
}

void check_layout(const std::string& name, const Data& data, int factors) {
  const ranef::RowsView rows = data.view(factors);
  const ranef::Arranged arranged = ranef::arrange(ranef::cross_products(rows));
  std::vector<ranef::Term> terms{{0, 0, 2}};
  std::vector<int> widths{2};
  if (factors > 1) {
    terms.push_back({1, 0, 1});
    widths.push_back(1);
  }
  const ranef::Chart chart(terms, widths);
  Vector theta(chart.size());
  for (Index k = 0; k < theta.size(); ++k) theta(k) = 0.5 - 0.1 * static_cast<double>(k);
  Vector beta(2);
  beta << 1.0, 0.3;
  const ranef::ParametricReplicates parametric(arranged, {chart.lambda(theta), beta, 0.9, 1});
  check(name + ", parametric", arranged, chart, parametric, theta);
  const std::vector<double> errors{-1.0, 0.5, 0.2, 0.9, -0.6};
  const ranef::ResidualReplicates residual(
      arranged, rows, beta, {{0, 0, 2, {0.5, 0.3, -0.8, 0.1, 0.4, -0.5, 0.2, 0.2}}}, errors, 1);
  check(name + ", residual", arranged, chart, residual, theta);
  if (factors == 1) {
    const ranef::ClusterReplicates cluster(arranged, rows, 1);
    check(name + ", cluster", arranged, chart, cluster, theta);
  }
}

}  // namespace

int main() {
  check_layout("one factor", Data(180, 18, 3, true), 1);
  check_layout("nested", Data(300, 30, 5, true), 2);
  check_layout("crossed", Data(300, 20, 7, false), 2);
  std::printf(failures == 0 ? "refits: fine\n" : "refits: %d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
