// Problems of every family for the tests of quadrature, and differences along their parameters.
#pragma once

#include <cmath>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "marginal/quadrature.hpp"

namespace ranef::tests {

constexpr double kTight = 1e-24;  // of the inner search
constexpr Index kLevels = 5;      // the last one has no rows
constexpr Index kRows = 40;

inline int failures = 0;

inline void expect(bool fine, const std::string& what, double found = 0.0) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s (%.3g)\n", what.c_str(), found);
}

inline double off(const Matrix& a, const Matrix& b) {
  return (a - b).cwiseAbs().maxCoeff() / (1.0 + b.cwiseAbs().maxCoeff());
}

struct Named {
  const char* name;
  const char* link;
};

inline const std::vector<Named> kFamilies = {
    {"binomial", "logit"},   {"binomial", "probit"},
    {"poisson", "log"},      {"gamma", "log"},
    {"nbinom2", "log"},      {"gaussian", "log"},
    {"cumulative", "logit"}, {"zero_inflated_nbinom2", "log"},
    {"gaussian", "identity"}};

// Responses for a family, three columns of Z, and what its channels need.
struct Problem {
  Problem(Named named, int columns) : q(columns) {
    const std::string name = named.name;
    family =
        name == "cumulative" ? make_family(name, named.link, {3.0}) : make_family(name, named.link);
    std::mt19937 random(11);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    for (Index i = 0; i < kRows; ++i) {
      codes.push_back(static_cast<std::int32_t>((i * 7) % (kLevels - 1)));
      x.push_back(normal(random));
      w.push_back(normal(random));
      offset.push_back(0.1 * normal(random));
      trials.push_back(1.0 + static_cast<double>(i % 3));
      const double eta = 0.4 + 0.5 * x.back() + 0.6 * std::sin(3.0 * codes.back()) * w.back();
      const double mean = std::exp(eta);
      if (name == "binomial") {
        double successes = 0.0;
        for (int t = 0; t < trials.back(); ++t) {
          successes += uniform(random) < mean / (1.0 + mean) ? 1.0 : 0.0;
        }
        y.push_back(successes / trials.back());
      } else if (name == "cumulative") {
        y.push_back(1.0 + std::floor(2.999 * uniform(random)));
      } else if (name == "gamma") {
        y.push_back(mean * std::exp(0.3 * normal(random)));
      } else if (name == "gaussian") {
        y.push_back(mean + 0.5 * normal(random));
      } else {
        y.push_back(std::floor(mean + 0.4 * std::abs(normal(random))));
      }
      above.push_back(y.back() > 2.0 ? -1 : y.back() > 1.0 ? 1 : 0);
      below.push_back(y.back() > 2.0 ? 1 : y.back() > 1.0 ? 0 : -1);
    }
    const ColumnView one;
    const ColumnView of_x{x.data(), 0.1, 1.2};
    const ColumnView of_w{w.data(), 0.0, 1.0};
    rows.rows.n = kRows;
    rows.rows.groups = {{codes.data(), kLevels, {one, of_x, of_w}}};
    rows.rows.groups[0].columns.resize(static_cast<std::size_t>(q));
    rows.rows.fixed = {one, of_x};
    rows.rows.response = {y.data()};
    if (name == "binomial") rows.rows.weights = trials.data();
    rows.offset = offset.data();
    if (name == "cumulative") {
      rows.rows.fixed = {of_x};
      rows.channels = {{{}, {}, above.data()}, {{}, {}, below.data()}};
      rows.others = 2;
    } else if (family->channels() == 2) {
      rows.channels = {{{one, of_w}, {0, 1}, nullptr}, {{one}, {2}, nullptr}};
      rows.others = 3;
    } else if (family->channels() == 1) {
      rows.channels = {{{one, of_w}, {0, 1}, nullptr}};
      rows.others = 2;
    }
    const auto p = static_cast<Index>(rows.rows.fixed.size());
    coefficients = Vector::Constant(p + rows.others, 0.3);
    if (name == "cumulative") coefficients << 0.4, -0.6, 0.7;
    if (family->channels() == 2 && name != "cumulative") coefficients(p + 2) = -1.2;
    lambda = Matrix::Zero(q, q);
    for (int b = 0; b < q; ++b) {
      for (int a = b; a < q; ++a) lambda(a, b) = a == b ? 0.7 - 0.15 * b : 0.3 * std::cos(a + b);
    }
    label = name + " " + named.link + ", q = " + std::to_string(q);
  }

  std::unique_ptr<Marginal> made(int nodes, int threads = 1) const {
    return make_quadrature(rows, *family, nodes, threads);
  }

  int q;
  std::string label;
  std::unique_ptr<Family> family;
  std::vector<std::int32_t> codes, above, below;
  std::vector<double> x, w, y, offset, trials;
  GeneralisedRows rows;
  Matrix lambda;
  Vector coefficients;
};

// Lower triangle of Lambda, column by column, then the coefficients.
struct Place {
  Index a, b;  // of Lambda; or b = -1 and a is the coefficient
};

inline std::vector<Place> places(const Problem& p) {
  std::vector<Place> out;
  for (Index b = 0; b < p.q; ++b) {
    for (Index a = b; a < p.q; ++a) out.push_back({a, b});
  }
  for (Index k = 0; k < p.coefficients.size(); ++k) out.push_back({k, -1});
  return out;
}

inline void evaluate_beside(const Problem& p, Marginal& f, const Place& place, double step) {
  Matrix lambda = p.lambda;
  Vector coefficients = p.coefficients;
  (place.b < 0 ? coefficients(place.a) : lambda(place.a, place.b)) += step;
  expect(f.evaluate({lambda}, coefficients, kTight), p.label + ": evaluate nearby");
}

// Central differences with one step of Richardson's extrapolation: error of order step^4.
template <class Value>
auto slope(const Value& value, double step) {
  const auto central = [&](double s) { return ((value(s) - value(-s)) / (2.0 * s)).eval(); };
  return ((4.0 * central(step / 2.0) - central(step)) / 3.0).eval();
}

inline Vector gradient(const Matrix& lambda, Marginal& f) {
  const Matrix by_root = 2.0 * f.gamma()[0] * lambda;
  const Index q = lambda.rows();
  Vector out(q * (q + 1) / 2 + f.slopes().size());
  Index k = 0;
  for (Index b = 0; b < q; ++b) {
    for (Index a = b; a < q; ++a) out(k++) = by_root(a, b);
  }
  out.tail(f.slopes().size()) = f.slopes();
  return out;
}

// Changes of D along the lower triangle of Lambda.
inline std::vector<Direction> directions(const Matrix& lambda) {
  std::vector<Direction> out;
  for (Index b = 0; b < lambda.cols(); ++b) {
    for (Index a = b; a < lambda.rows(); ++a) {
      Matrix change = Matrix::Zero(lambda.rows(), lambda.rows());
      change.row(a) += lambda.col(b).transpose();
      change.col(a) += lambda.col(b);
      out.push_back({0, change});
    }
  }
  return out;
}

inline std::vector<Matrix> roots(const Problem& p) {
  std::vector<Matrix> out = {p.lambda, Matrix::Zero(p.q, p.q)};
  if (p.q > 1) {
    Matrix rank_one = Matrix::Zero(p.q, p.q);
    rank_one.col(0) = p.lambda.col(0);
    out.push_back(rank_one);
    rank_one.setZero();
    rank_one(p.q - 1, p.q - 1) = 0.8;  // the first columns have no effects
    out.push_back(rank_one);
  }
  return out;
}

}  // namespace ranef::tests
