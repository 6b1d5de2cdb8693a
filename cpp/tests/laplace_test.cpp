// Laplace's approximation of every layout: derivatives against differences, limits, threads.
#include "marginal/laplace.hpp"

#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "random_data.hpp"
#include "small_families.hpp"

namespace {

using ranef::Direction;
using ranef::Family;
using ranef::GeneralisedRows;
using ranef::Index;
using ranef::Marginal;
using ranef::Matrix;
using ranef::Vector;
using ranef::tests::Data;
using ranef::tests::make;

constexpr double kTight = 1e-26;  // of the inner search: modes to rounding error

int failures = 0;
double worst = 0.0;
double worst_second = 0.0;

void expect(bool fine, const std::string& what, double found = 0.0) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s (%.3g)\n", what.c_str(), found);
}

struct Point {
  std::vector<Matrix> lambda;
  Vector coefficients;
};

// Responses for a family, an offset, and columns of its channels.
struct Problem : Point {
  Data data;
  std::vector<double> offset;
  std::vector<double> trials;
  GeneralisedRows rows;
  std::unique_ptr<Family> family;
  std::vector<std::int32_t> which;
};

enum class Kind { kLogit, kCounts, kOneChannel, kTwoChannels, kCutPoints, kExponential };

std::unique_ptr<Problem> problem(Data data, Kind kind) {
  auto out = std::make_unique<Problem>();
  out->data = std::move(data);
  for (std::size_t i = 0; i < out->data.y.size(); ++i) {
    double& y = out->data.y[i];
    out->offset.push_back(0.1 * std::sin(static_cast<double>(i)));
    out->trials.push_back(1.0 + static_cast<double>(i % 3));
    if (kind == Kind::kLogit) {
      y = y > 0.7 ? 1.0 : (y < -0.2 ? 0.0 : 1.0 / out->trials.back());
    } else if (kind == Kind::kExponential) {
      y = std::exp(0.4 * y) + 0.3 * y;
    } else {
      y = std::floor(std::exp(0.5 + 0.6 * y));
    }
    out->which.push_back(static_cast<std::int32_t>(i % 2));
  }
  out->rows.rows = out->data.view();
  out->rows.offset = out->offset.data();
  Index others = 0;
  const ranef::ColumnView one;
  const ranef::ColumnView x{out->data.x.data(), 0.2, 1.5};
  switch (kind) {
    case Kind::kLogit:
      out->rows.rows.weights = out->trials.data();
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
      others = 2;
      break;
    case Kind::kTwoChannels:
      out->family = std::make_unique<ranef::tests::Counts>(2);
      out->rows.channels = {{{one}, {1}, nullptr}, {{one, x}, {0, 1}, nullptr}};
      others = 2;
      break;
    case Kind::kCutPoints:
      out->family = std::make_unique<ranef::tests::Counts>(2);
      out->rows.channels = {{{}, {}, out->which.data()}, {{one, x}, {0, 1}, nullptr}};
      others = 2;
      break;
  }
  out->rows.others = static_cast<int>(others);
  out->coefficients = Vector::Zero(2 + others);
  out->coefficients << 0.3, 0.25, Vector::LinSpaced(others, 0.4, -0.2);
  for (const int q : out->data.widths) {
    Matrix l = Matrix::Zero(q, q);
    for (int b = 0; b < q; ++b) {
      for (int a = b; a < q; ++a) l(a, b) = a == b ? 0.6 - 0.1 * b : 0.2 * std::cos(a + 2.0 * b);
    }
    out->lambda.push_back(l);
  }
  return out;
}

// Central differences with one step of Richardson's extrapolation: error of order step^4.
template <class Value>
auto slope(const Value& value, double step) {
  const auto central = [&](double s) { return ((value(s) - value(-s)) / (2.0 * s)).eval(); };
  return ((4.0 * central(step / 2.0) - central(step)) / 3.0).eval();
}

struct Coordinate {
  int group;  // -1: a coefficient
  int a, b;   // of Lambda; or a is the coefficient
};

std::vector<Coordinate> coordinates(const Point& p) {
  std::vector<Coordinate> out;
  for (std::size_t g = 0; g < p.lambda.size(); ++g) {
    for (int b = 0; b < p.lambda[g].cols(); ++b) {
      for (int a = b; a < p.lambda[g].rows(); ++a) out.push_back({static_cast<int>(g), a, b});
    }
  }
  for (int k = 0; k < p.coefficients.size(); ++k) out.push_back({-1, k, 0});
  return out;
}

// Evaluates some way along a coordinate and hands the point to `read`.
template <class Read>
auto along(const Problem& p, Marginal& f, const Coordinate& c, const Read& read) {
  return [&p, &f, &c, &read](double step) {
    Point there{p.lambda, p.coefficients};
    if (c.group < 0) {
      there.coefficients(c.a) += step;
    } else {
      there.lambda[static_cast<std::size_t>(c.group)](c.a, c.b) += step;
    }
    expect(f.evaluate(there.lambda, there.coefficients, kTight), "evaluate nearby");
    return read(there, f);
  };
}

// The gradient in the entries of Lambda and the coefficients.
Vector gradient(const Point& p, Marginal& f) {
  const std::vector<Coordinate> all = coordinates(p);
  Vector out(static_cast<Index>(all.size()));
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto g = static_cast<std::size_t>(all[k].group);
    out(static_cast<Index>(k)) = all[k].group < 0
                                     ? f.slopes()(all[k].a)
                                     : 2.0 * (f.gamma()[g] * p.lambda[g])(all[k].a, all[k].b);
  }
  return out;
}

void check_gradient(const std::string& name, const Problem& p) {
  const auto f = ranef::make_laplace(p.rows, *p.family, 1);
  expect(f->evaluate(p.lambda, p.coefficients, kTight), name + ": evaluate");
  const Vector exact = gradient(p, *f);
  const std::vector<Coordinate> all = coordinates(p);
  const auto value = [](const Point&, Marginal& m) { return Vector::Constant(1, m.value()); };
  for (std::size_t k = 0; k < all.size(); ++k) {
    const double found = slope(along(p, *f, all[k], value), 4e-3)(0);
    // Differences of values of size 1e3 with rounding errors of 1e-13, and the rest of step^4.
    const double error = std::abs(found - exact(static_cast<Index>(k))) / (1.0 + std::abs(found));
    worst = std::max(worst, error);
    expect(error < 1e-7, name + ": gradient", error);
  }
}

// Changes of D along the entries of Lambda.
std::vector<Direction> directions(const Problem& p) {
  std::vector<Direction> out;
  for (const Coordinate& c : coordinates(p)) {
    if (c.group < 0) continue;
    const Matrix& l = p.lambda[static_cast<std::size_t>(c.group)];
    Matrix change = Matrix::Zero(l.rows(), l.cols());
    change.row(c.a) += l.col(c.b).transpose();
    change.col(c.a) += l.col(c.b);
    out.push_back({c.group, change});
  }
  return out;
}

// The Hessian in the entries of Lambda and the coefficients: that of second() and <Gamma, d2D>.
Matrix hessian(const Problem& p, Marginal& f) {
  Matrix out = f.second(directions(p));
  const std::vector<Coordinate> all = coordinates(p);
  for (std::size_t k = 0; k < all.size(); ++k) {
    for (std::size_t l = 0; l < all.size(); ++l) {
      const Coordinate& c = all[k];
      const Coordinate& d = all[l];
      if (c.group < 0 || c.group != d.group || c.b != d.b) continue;
      out(static_cast<Index>(k), static_cast<Index>(l)) +=
          2.0 * f.gamma()[static_cast<std::size_t>(c.group)](c.a, d.a);
    }
  }
  return out;
}

// All modes, one after the other.
Vector modes(Marginal& f) {
  Vector out;
  for (const std::vector<double>& group : f.modes()) {
    const Index from = out.size();
    out.conservativeResize(from + static_cast<Index>(group.size()));
    for (std::size_t k = 0; k < group.size(); ++k) out(from + static_cast<Index>(k)) = group[k];
  }
  return out;
}

// One column of their derivatives.
Vector column(const Problem& p, const std::vector<std::vector<double>>& from, Index columns,
              Index k) {
  Vector out;
  for (std::size_t g = 0; g < from.size(); ++g) {
    const Index q = p.data.widths[g];
    for (Index level = 0; level < p.data.levels[g]; ++level) {
      for (Index a = 0; a < q; ++a) {
        out.conservativeResize(out.size() + 1);
        out(out.size() - 1) = from[g][static_cast<std::size_t>((level * columns + k) * q + a)];
      }
    }
  }
  return out;
}

void check_hessian(const std::string& name, const Problem& p) {
  const auto f = std::make_unique<ranef::Laplace>(p.rows, *p.family, 1);
  expect(f->evaluate(p.lambda, p.coefficients, kTight), name + ": evaluate");
  const Matrix exact = hessian(p, *f);
  const Matrix fast = f->second(directions(p));
  const double apart = (f->second_of_any(directions(p), true) - fast).norm() / fast.norm();
  // Two ways to the same sums.
  expect(apart < 1e-11, name + ": second derivatives two ways", apart);
  const std::vector<std::vector<double>> moves = f->mode_derivatives(directions(p));
  const std::vector<Coordinate> all = coordinates(p);
  const auto columns = static_cast<Index>(all.size());
  for (Index k = 0; k < columns; ++k) {
    const Coordinate& c = all[static_cast<std::size_t>(k)];
    // The rest of the differences: step^4, and rounding errors of 1e-13 over the step.
    const Vector found = slope(along(p, *f, c, gradient), 2e-3);
    const double error = (found - exact.col(k)).norm() / (1.0 + found.norm());
    worst_second = std::max(worst_second, error);
    expect(error < 1e-7, name + ": Hessian", error);
    const auto modes_there = [](const Point&, Marginal& m) { return modes(m); };
    const Vector move = slope(along(p, *f, c, modes_there), 2e-3);
    const double off = (move - column(p, moves, columns, k)).norm() / (1.0 + move.norm());
    expect(off < 1e-7, name + ": derivatives of modes", off);
  }
}

void check(const std::string& name, const Problem& p) {
  check_gradient(name, p);
  check_hessian(name, p);
}

void check_all(const std::string& name, const std::function<Data()>& data) {
  check(name + ", logit", *problem(data(), Kind::kLogit));
  check(name + ", counts", *problem(data(), Kind::kCounts));
  check(name + ", one channel", *problem(data(), Kind::kOneChannel));
  check(name + ", two channels", *problem(data(), Kind::kTwoChannels));
  check(name + ", cut points", *problem(data(), Kind::kCutPoints));
  check(name + ", not concave", *problem(data(), Kind::kExponential));
}

}  // namespace

int main() {
  check_all("intercepts", [] { return make({12}, {1}, {false}, 90); });
  check_all("slopes", [] { return make({9}, {2}, {false}, 100); });
  check_all("five columns", [] { return make({7}, {5}, {false}, 160); });
  check_all("nested", [] { return make({15, 4}, {2, 1}, {false, true}, 120); });
  check_all("crossed", [] { return make({11, 6}, {1, 2}, {false, false}, 120); });
  check_all("intercepts crossed", [] { return make({11, 6}, {1, 1}, {false, false}, 120); });
  check_all("three", [] { return make({14, 5, 4}, {1, 2, 1}, {false, false, false}, 150); });
  check_all("nested and crossed",
            [] { return make({14, 5, 4}, {1, 2, 1}, {false, true, false}, 150); });
  if (failures == 0)
    std::printf("laplace: all as expected; gradient off by %.1e, Hessian by %.1e\n", worst,
                worst_second);
  return failures == 0 ? 0 : 1;
}
