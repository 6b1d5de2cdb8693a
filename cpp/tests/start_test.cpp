// Start values of generalised models: every layout and kind of predictor, threads, many rows.
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "linalg/products.hpp"
#include "marginal/laplace.hpp"
#include "random_data.hpp"
#include "small_families.hpp"

namespace {

using ranef::Chart;
using ranef::Family;
using ranef::GeneralisedRows;
using ranef::Index;
using ranef::Laplace;
using ranef::Matrix;
using ranef::Start;
using ranef::Vector;
using ranef::tests::Data;
using ranef::tests::make;

int failures = 0;

void expect(bool fine, const std::string& what, double found = 0.0) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s (%.3g)\n", what.c_str(), found);
}

enum class Kind { kLogit, kCounts, kOneChannel, kMixedChannels, kExponential };

struct Problem {
  Data data;
  GeneralisedRows rows;
  std::unique_ptr<Family> family;
  std::vector<std::int32_t> which;

  Chart chart() const {
    std::vector<ranef::Term> terms;
    for (std::size_t g = 0; g < data.widths.size(); ++g) {
      terms.emplace_back(static_cast<int>(g), 0, data.widths[g]);
    }
    return Chart(terms, data.widths, 2 + rows.others);
  }
};

std::unique_ptr<Problem> problem(Data data, Kind kind) {
  auto out = std::make_unique<Problem>();
  out->data = std::move(data);
  for (std::size_t i = 0; i < out->data.y.size(); ++i) {
    double& y = out->data.y[i];
    if (kind == Kind::kLogit) {
      y = y > 0.3 ? 1.0 : 0.0;
    } else if (kind == Kind::kExponential) {
      y = std::exp(0.4 * y) + 0.3 * y;
    } else {
      y = std::floor(std::exp(0.5 + 0.6 * y));
    }
    out->which.push_back(static_cast<std::int32_t>(i % 3) - 1);
  }
  out->rows.rows = out->data.view();
  const ranef::ColumnView one;
  const ranef::ColumnView x{out->data.x.data(), 0.2, 1.5};
  switch (kind) {
    case Kind::kLogit:
      out->family = std::make_unique<ranef::tests::Logit>();
      break;
    case Kind::kExponential:
      out->family = std::make_unique<ranef::tests::Exponential>();
      break;
    case Kind::kCounts:
      out->family = std::make_unique<ranef::tests::Counts>(0);
      break;
    case Kind::kOneChannel:
      out->family = std::make_unique<ranef::tests::Counts>(1);
      out->rows.channels = {{{one, x}, {0, 1}, nullptr}};
      out->rows.others = 2;
      break;
    case Kind::kMixedChannels:
      out->family = std::make_unique<ranef::tests::Counts>(2);
      out->rows.channels = {{{}, {}, out->which.data()}, {{one, x}, {0, 1}, nullptr}};
      out->rows.others = 2;
      break;
  }
  return out;
}

bool finite(const Start& start) {
  bool out = start.coordinates.allFinite() && start.coefficients.allFinite();
  for (const auto* effects : {&start.dual, &start.effects}) {
    for (const std::vector<double>& group : *effects) {
      for (const double value : group) out = out && std::isfinite(value);
    }
  }
  return out;
}

Vector whole(const Start& start) {
  Vector out(start.coordinates.size() + start.coefficients.size());
  out << start.coordinates, start.coefficients;
  return out;
}

// b = D e^.
double gap(const Start& start, const std::vector<Matrix>& lambda) {
  double worst = 0.0;
  for (std::size_t g = 0; g < lambda.size(); ++g) {
    const Index q = lambda[g].rows();
    const Index levels = static_cast<Index>(start.dual[g].size()) / q;
    const Eigen::Map<const Matrix> e(start.dual[g].data(), q, levels);
    const Eigen::Map<const Matrix> b(start.effects[g].data(), q, levels);
    worst = std::max(worst, (b - ranef::outer_gram(lambda[g]) * e).cwiseAbs().maxCoeff());
  }
  return worst;
}

void check(const std::string& name, const Problem& p) {
  const Chart chart = p.chart();
  Laplace marginal(p.rows, *p.family, 1);
  const Start start = marginal.start(chart, nullptr);
  expect(finite(start), name + ": finite");
  const std::vector<Matrix> lambda = chart.lambda(whole(start));
  expect(gap(start, lambda) < 1e-12, name + ": b = D e", gap(start, lambda));
  marginal.begin_at(start.dual);
  expect(marginal.evaluate(lambda, start.coefficients, 1e-20), name + ": evaluate");

  // The modes handed over are those of the evaluation, up to what the joint search has left: a
  // decrement of 0.01.
  const double value = marginal.value();
  double away = 0.0;
  double size = 0.0;
  const std::vector<std::vector<double>> modes = marginal.modes();
  for (std::size_t g = 0; g < modes.size(); ++g) {
    for (std::size_t k = 0; k < modes[g].size(); ++k) {
      away += std::pow(modes[g][k] - start.effects[g][k], 2);
      size += modes[g][k] * modes[g][k];
    }
  }
  expect(away < 0.01 * (0.1 + size), name + ": modes", away / size);

  // From a plain point: D = 0.25 I and all coefficients zero.
  std::vector<Matrix> plain;
  for (const int q : p.data.widths) plain.push_back(0.5 * Matrix::Identity(q, q));
  expect(marginal.evaluate(plain, 0.0 * start.coefficients, 1e-10), name + ": evaluate elsewhere");
  expect(value < marginal.value(), name + ": no better than a plain point",
         value - marginal.value());

  Laplace again(p.rows, *p.family, 3);
  const Start other = again.start(chart, nullptr);
  expect(whole(start) == whole(other) && start.dual == other.dual, name + ": threads");
}

void check_all(const std::string& name, const Data& data) {
  check(name + ", logit", *problem(data, Kind::kLogit));
  check(name + ", counts", *problem(data, Kind::kCounts));
  check(name + ", one channel", *problem(data, Kind::kOneChannel));
  check(name + ", mixed channels", *problem(data, Kind::kMixedChannels));
  check(name + ", not concave", *problem(data, Kind::kExponential));
}

// A prior that holds the coefficients near numbers far from those of the data.
void check_prior() {
  const auto p = problem(make({12}, {1}, {false}, 90), Kind::kOneChannel);
  Laplace marginal(p->rows, *p->family, 1);
  ranef::NormalPrior prior;
  prior.precision = 1e8 * Matrix::Identity(4, 4);
  prior.centre = Vector::LinSpaced(4, 1.0, 1.3);
  const Start start = marginal.start(p->chart(), &prior);
  const double off = (start.coefficients - prior.centre).norm();
  // 90 rows have an information of some 1e2.
  expect(off < 1e-4, "prior", off);
}

}  // namespace

int main() {
  check_all("intercepts", make({12}, {1}, {false}, 90));
  check_all("slopes", make({9}, {2}, {false}, 100));
  check_all("nine columns", make({6}, {9}, {false}, 160));
  check_all("nested", make({15, 4}, {2, 1}, {false, true}, 120));
  check_all("crossed", make({11, 6}, {1, 2}, {false, false}, 120));
  check("many rows, counts", *problem(make({300}, {1}, {false}, 140000), Kind::kCounts));
  check_prior();
  if (failures == 0) std::printf("start: all as expected\n");
  return failures == 0 ? 0 : 1;
}
