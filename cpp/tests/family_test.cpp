// Families: every one on rows of extreme numbers, with all derivatives, in parts and as a whole.
#include "family/family.hpp"

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "linalg/exp_log.hpp"

using ranef::Index;

namespace {

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("FAILED: %s\n", what.c_str());
}

struct Named {
  std::string name, link;
  std::vector<double> constants;
};

const std::vector<Named> kAll = {
    {"beta", "logit", {}},
    {"betabinomial", "probit", {}},
    {"binomial", "logit", {}},
    {"binomial", "cauchit", {}},
    {"cumulative", "probit", {4.0}},
    {"gamma", "inverse", {}},
    {"gaussian", "log", {}},
    {"inverse_gaussian", "1/mu^2", {}},
    {"nbinom1", "log", {}},
    {"nbinom2", "log", {}},
    {"poisson", "log", {}},
    {"poisson", "sqrt", {}},
    {"truncated_nbinom2", "log", {}},
    {"truncated_poisson", "log", {}},
    {"tweedie", "log", {1.5}},
    {"zero_inflated_binomial", "logit", {}},
    {"zero_inflated_nbinom1", "log", {}},
    {"zero_inflated_nbinom2", "log", {}},
    {"zero_inflated_poisson", "log", {}},
};

using Column = std::vector<double>;

// All derivatives of rows `from` .. `to`, one behind the other.
std::vector<Column> derivatives(const ranef::Family& family, const std::vector<Column>& columns,
                                std::size_t from, std::size_t to) {
  std::vector<Column> out(5 + 4 * ranef::kMostChannels + 9, Column(to - from, 0.0));
  auto next = out.begin();
  ranef::RowDerivatives to_fill;
  for (double*& one : to_fill.eta) one = (next++)->data();
  for (auto& psi : to_fill.psi) {
    for (double*& one : psi) one = (next++)->data();
  }
  for (auto& pair : to_fill.psi2) {
    for (double*& one : pair) one = (next++)->data();
  }
  ranef::FamilyRows rows;
  rows.n = static_cast<Index>(to - from);
  rows.eta = columns[0].data() + from;
  rows.psi = {columns[1].data() + from, columns[2].data() + from};
  rows.y = columns[3].data() + from;
  rows.weights = columns[4].data() + from;
  family.derivatives(rows, ranef::RowOrder::kHessian, to_fill);
  return out;
}

void check(const Named& named) {
  const auto family = ranef::make_family(named.name, named.link, named.constants);
  std::vector<Column> columns(5);
  for (const double eta : {-700.0, -2.0, 0.5, 700.0}) {
    for (const double psi : {-14.0, 0.3, 27.0}) {
      for (const double y : {0.0, 0.25, 1.0, 3.0, 1e9}) {
        for (const double w : {0.0, 1.0, 4.0}) {
          const double numbers[] = {eta, psi, psi - 1.0, y, w};
          for (std::size_t k = 0; k < 5; ++k) columns[k].push_back(numbers[k]);
        }
      }
    }
  }
  const std::size_t n = columns[0].size();
  const std::vector<Column> whole = derivatives(*family, columns, 0, n);
  const std::size_t cut = n / 2 + 1;
  const std::vector<Column> first = derivatives(*family, columns, 0, cut);
  const std::vector<Column> second = derivatives(*family, columns, cut, n);
  bool same = true;
  for (std::size_t k = 0; k < whole.size(); ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      const double part = i < cut ? first[k][i] : second[k][i - cut];
      same = same && (part == whole[k][i] || (std::isnan(part) && std::isnan(whole[k][i])));
    }
  }
  expect(same, named.name + ": rows in parts have other numbers");

  ranef::FamilyRows rows;
  rows.n = static_cast<Index>(n);
  rows.eta = columns[0].data();
  rows.psi = {columns[1].data(), columns[2].data()};
  rows.y = columns[3].data();
  rows.weights = columns[4].data();
  Column information(n);
  family->expected(rows, information.data());
  std::vector<signed char> sign(n);
  family->recession(rows, sign.data());
  family->start(rows, information.data());
}

void check_exp_log() {
  for (double x = -708.0; x < 708.0; x += 0.37) {
    const double found = ranef::exp(ranef::Lane::all(x))[0];
    expect(std::abs(found / std::exp(x) - 1.0) < 3e-16, "exp at " + std::to_string(x));
    const double back = ranef::log(ranef::Lane::all(found))[0];
    expect(std::abs(back - std::log(found)) <= 3e-16 * std::abs(x), "log at " + std::to_string(x));
  }
}

}  // namespace

int main() {
  for (const Named& named : kAll) check(named);
  check_exp_log();
  if (failures == 0) std::printf("families: all fine\n");
  return failures == 0 ? 0 : 1;
}
