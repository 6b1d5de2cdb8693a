// What quadrature tends to and what it equals: plain integration for many nodes, Laplace's method
// for one, and both for Gaussian rows.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "marginal/hermite.hpp"
#include "marginal/laplace.hpp"
#include "quadrature_problem.hpp"

namespace {

using namespace ranef::tests;
using ranef::ColumnView;
using ranef::Direction;
using ranef::Index;
using ranef::Matrix;
using ranef::Vector;

// -2 log likelihood by the trapezoid rule in u, which is exact to all digits for steps well below
// the spread of the posterior.
double plain_integral(const Problem& p, Index points) {
  constexpr double kReach = 6.5;
  constexpr double kTwoPi = 6.283185307179586;
  const double step = 2.0 * kReach / static_cast<double>(points - 1);
  const auto n = static_cast<std::size_t>(kRows);
  std::vector<double> eta(n), l(n);
  std::vector<std::vector<double>> psi(p.rows.channels.size(), std::vector<double>(n, 0.0));
  const auto value_of = [](const ColumnView& column, std::size_t i) {
    return ((column.values == nullptr ? 1.0 : column.values[i]) - column.shift) / column.scale;
  };
  const auto fixed = static_cast<Index>(p.rows.rows.fixed.size());
  for (std::size_t c = 0; c < psi.size(); ++c) {
    const ranef::Channel& channel = p.rows.channels[c];
    for (std::size_t i = 0; i < n; ++i) {
      if (channel.which != nullptr) psi[c][i] = p.coefficients(fixed + channel.which[i]);
      for (std::size_t k = 0; k < channel.columns.size(); ++k) {
        psi[c][i] +=
            p.coefficients(fixed + channel.coefficients[k]) * value_of(channel.columns[k], i);
      }
    }
  }
  Matrix c(kRows, p.q);
  Vector base(kRows);
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = static_cast<Index>(i);
    base(row) = p.offset[i];
    for (Index k = 0; k < fixed; ++k) {
      base(row) += p.coefficients(k) * value_of(p.rows.rows.fixed[static_cast<std::size_t>(k)], i);
    }
    for (Index a = 0; a < p.q; ++a) {
      c(row, a) = value_of(p.rows.rows.groups[0].columns[static_cast<std::size_t>(a)], i);
    }
  }
  c *= p.lambda;
  ranef::FamilyRows rows;
  rows.n = kRows;
  rows.eta = eta.data();
  for (std::size_t k = 0; k < psi.size(); ++k) rows.psi[k] = psi[k].data();
  rows.y = p.y.data();
  rows.weights = p.rows.rows.weights;
  ranef::RowDerivatives out;
  out.eta[0] = l.data();
  Index grid = 1;
  for (int a = 0; a < p.q; ++a) grid *= points;
  Vector sums = Vector::Zero(kLevels);
  Vector reference = Vector::Constant(kLevels, -std::numeric_limits<double>::infinity());
  for (int pass = 0; pass < 2; ++pass) {  // the largest exponent first
    for (Index g = 0; g < grid; ++g) {
      Vector u(p.q);
      Index rest = g;
      for (int a = 0; a < p.q; ++a, rest /= points) {
        u(a) = -kReach + step * static_cast<double>(rest % points);
      }
      Eigen::Map<Vector>(eta.data(), kRows) = base + c * u;
      p.family->derivatives(rows, ranef::RowOrder::kPass, out);
      Vector exponents = Vector::Constant(kLevels, -0.5 * u.squaredNorm());
      for (std::size_t i = 0; i < n; ++i) exponents(p.codes[i]) += l[i];
      if (pass == 0) reference = reference.cwiseMax(exponents);
      if (pass == 1) sums += (exponents - reference).array().exp().matrix();
    }
  }
  const double log_step = p.q * (std::log(step) - 0.5 * std::log(kTwoPi));
  return -2.0 * (reference.sum() + sums.array().log().sum() + kLevels * log_step);
}

void check_limit(const Problem& p) {
  const double truth = plain_integral(p, p.q == 1 ? 81 : p.q == 2 ? 41 : 25);
  double before = std::numeric_limits<double>::infinity();
  for (int nodes : {1, 5, 9, 15, 25}) {
    if (nodes > ranef::most_nodes(p.q)) continue;
    const auto f = p.made(nodes);
    f->evaluate({p.lambda}, p.coefficients, kTight);
    const double error = std::abs(f->value() - truth);
    expect(error < 0.3 * before + 1e-10, p.label + ": convergence", error);
    before = error;
  }
  // What is left at the most nodes: 9 for three columns, of families with heavy tails.
  const double limit = p.q == 1 ? 1e-8 : p.q == 2 ? 1e-4 : 3e-3;
  expect(before < limit, p.label + ": limit", before);
}

// One node is Laplace's method, singular covariances included.
void check_laplace(const Problem& p) {
  const auto one = p.made(1);
  for (const Matrix& lambda : roots(p)) {
    const auto laplace = ranef::make_laplace(p.rows, *p.family, 1);
    expect(one->evaluate({lambda}, p.coefficients, kTight), p.label + ": evaluate");
    expect(laplace->evaluate({lambda}, p.coefficients, kTight), p.label + ": Laplace");
    const double value = std::abs(one->value() - laplace->value());
    expect(value < 1e-11, p.label + ": one node is Laplace", value);
    const double slopes = off(one->slopes(), laplace->slopes());
    expect(slopes < 1e-10, p.label + ": slopes of Laplace", slopes);
    const double gamma = off(one->gamma()[0], laplace->gamma()[0]);
    expect(gamma < 1e-9, p.label + ": Gamma of Laplace", gamma);
    const auto all = directions(lambda);
    const double second = off(one->second(all), laplace->second(all));
    expect(second < 1e-6, p.label + ": second derivatives of Laplace", second);  // differences
  }
}

// Every number of a Gaussian model, where quadrature and Laplace's method are exact.
void check_gaussian(const Problem& p) {
  const auto laplace = ranef::make_laplace(p.rows, *p.family, 1);
  for (int nodes : {3, 7}) {
    const auto f = p.made(nodes);
    for (const Matrix& lambda : roots(p)) {
      f->evaluate({lambda}, p.coefficients, kTight);
      laplace->evaluate({lambda}, p.coefficients, kTight);
      std::vector<Direction> all = directions(lambda);
      // And a way out of every face.
      all.push_back({0, Matrix::Identity(p.q, p.q) + Matrix::Ones(p.q, p.q)});
      const auto vector = [](const std::vector<std::vector<double>>& from) {
        return Vector(Eigen::Map<const Vector>(from[0].data(), static_cast<Index>(from[0].size())));
      };
      double error = std::abs(f->value() - laplace->value());
      error = std::max(error, off(f->slopes(), laplace->slopes()));
      error = std::max(error, off(f->gamma()[0], laplace->gamma()[0]));
      error = std::max(error, off(f->second(all), laplace->second(all)));
      error = std::max(error, off(vector(f->modes()), vector(laplace->modes())));
      error = std::max(
          error, off(vector(f->conditional_variances()), vector(laplace->conditional_variances())));
      error = std::max(
          error, off(vector(f->mode_derivatives(all)), vector(laplace->mode_derivatives(all))));
      expect(error < 1e-10, p.label + ": Gaussian", error);
    }
  }
}

// Moments of the normal distribution, 1 x 3 x 5 ..., which the rule has exactly.
void check_rules() {
  for (int nodes = 1; nodes <= 25; ++nodes) {
    const ranef::HermiteRule rule = ranef::hermite_rule(nodes);
    double moment = 1.0;
    for (int k = 0; k < nodes; ++k) {
      const Vector powers = rule.nodes.array().pow(2 * k);
      const double error = std::abs(rule.weights.dot(powers) / moment - 1.0);
      expect(error < 2e-14, "moments of the rule", error);  // of k + 1 products
      moment *= 2 * k + 1;
    }
    expect(rule.nodes == -rule.nodes.reverse(), "nodes are symmetric");
  }
  // Abramowitz and Stegun, table 25.10, in the scale of the density.
  const ranef::HermiteRule five = ranef::hermite_rule(5);
  const double root_two = std::sqrt(2.0);
  const double root_pi = std::sqrt(3.141592653589793);
  expect(std::abs(five.nodes(4) - 2.020182870456086 * root_two) < 1e-15 * 4, "a node");
  expect(std::abs(five.weights(4) - 1.995324205904591e-2 / root_pi) < 1e-16, "a weight");
}

}  // namespace

int main() {
  check_rules();
  for (std::size_t k = 0; k < kFamilies.size(); ++k) {
    for (int q = 1; q <= 3; ++q) {
      if (q == 3 && k % 4 != 0) continue;  // 3 columns are slow
      const Problem p(kFamilies[k], q);
      check_laplace(p);
      if (p.label.rfind("gaussian identity", 0) == 0) {
        check_gaussian(p);
      } else if (p.label.rfind("gaussian log", 0) != 0) {  // its integrands have several peaks
        check_limit(p);
      }
    }
  }
  if (failures == 0) std::printf("limits of quadrature: as expected\n");
  return failures == 0 ? 0 : 1;
}
