// Quadrature of one grouping factor: derivatives against differences, the limit of many nodes
// against plain integration, one node against Laplace's method, singular covariances, threads.
#include "marginal/quadrature.hpp"

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "marginal/hermite.hpp"
#include "marginal/laplace.hpp"

namespace {

using ranef::ColumnView;
using ranef::Direction;
using ranef::Family;
using ranef::GeneralisedRows;
using ranef::Index;
using ranef::Marginal;
using ranef::Matrix;
using ranef::Vector;

constexpr double kTight = 1e-24;  // of the inner search
constexpr Index kLevels = 5;      // the last one has no rows
constexpr Index kRows = 40;

int failures = 0;
double worst_slope = 0.0;

void expect(bool fine, const std::string& what, double found = 0.0) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s (%.3g)\n", what.c_str(), found);
}

double off(const Matrix& a, const Matrix& b) {
  return (a - b).cwiseAbs().maxCoeff() / (1.0 + b.cwiseAbs().maxCoeff());
}

struct Named {
  const char* name;
  const char* link;
};

const std::vector<Named> kFamilies = {{"binomial", "logit"},   {"binomial", "probit"},
                                      {"poisson", "log"},      {"gamma", "log"},
                                      {"nbinom2", "log"},      {"gaussian", "log"},
                                      {"cumulative", "logit"}, {"zero_inflated_nbinom2", "log"},
                                      {"gaussian", "identity"}};

// Responses for a family, three columns of Z, and what its channels need.
struct Problem {
  Problem(Named named, int columns) : q(columns) {
    const std::string name = named.name;
    family = name == "cumulative" ? ranef::make_family(name, named.link, {3.0})
                                  : ranef::make_family(name, named.link);
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
    return ranef::make_quadrature(rows, *family, nodes, threads);
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

std::vector<Place> places(const Problem& p) {
  std::vector<Place> out;
  for (Index b = 0; b < p.q; ++b) {
    for (Index a = b; a < p.q; ++a) out.push_back({a, b});
  }
  for (Index k = 0; k < p.coefficients.size(); ++k) out.push_back({k, -1});
  return out;
}

void evaluate_beside(const Problem& p, Marginal& f, const Place& place, double step) {
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

Vector gradient(const Matrix& lambda, Marginal& f) {
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

void check_gradient(const Problem& p, int nodes) {
  const auto f = p.made(nodes);
  expect(f->evaluate({p.lambda}, p.coefficients, kTight), p.label + ": evaluate");
  const Vector exact = gradient(p.lambda, *f);
  const auto all = places(p);
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto value = [&](double step) {
      evaluate_beside(p, *f, all[k], step);
      return Vector::Constant(1, f->value());
    };
    const double found = slope(value, 4e-3)(0);
    // The rest of step^4, and values of size 1e2 with rounding errors of 1e-14.
    const double error = std::abs(found - exact(static_cast<Index>(k))) / (1.0 + std::abs(found));
    worst_slope = std::max(worst_slope, error);
    expect(error < 1e-8, p.label + ": gradient, nodes " + std::to_string(nodes), error);
  }
}

// Changes of D along the lower triangle of Lambda.
std::vector<Direction> directions(const Matrix& lambda) {
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

// The Hessian by Lambda and the coefficients from second derivatives along changes of D.
Matrix with_bend(const Problem& p, Marginal& f, Matrix h) {
  const auto all = places(p);
  for (std::size_t k = 0; k < all.size(); ++k) {
    for (std::size_t l = 0; l < all.size(); ++l) {
      if (all[k].b < 0 || all[k].b != all[l].b) continue;
      h(static_cast<Index>(k), static_cast<Index>(l)) += 2.0 * f.gamma()[0](all[k].a, all[l].a);
    }
  }
  return h;
}

void check_second(const Problem& p, int nodes, double limit) {
  const auto f = p.made(nodes);
  expect(f->evaluate({p.lambda}, p.coefficients, kTight), p.label + ": evaluate");
  const Matrix exact = with_bend(p, *f, f->exact_second(directions(p.lambda)));
  const Matrix louis = with_bend(p, *f, f->second(directions(p.lambda)));
  const auto all = places(p);
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto there = [&](double step) {
      evaluate_beside(p, *f, all[k], step);
      Matrix moved = p.lambda;
      if (all[k].b >= 0) moved(all[k].a, all[k].b) += step;
      return gradient(moved, *f);
    };
    const Vector found = slope(there, 4e-3);
    const double error = off(exact.col(static_cast<Index>(k)), found);
    expect(error < 1e-6, p.label + ": exact second derivatives", error);  // differences: 1e-7
    const double off_louis = off(louis.col(static_cast<Index>(k)), found);
    expect(off_louis < limit, p.label + ": second derivatives", off_louis);
  }
}

void check_modes(const Problem& p) {
  const auto f = p.made(3);
  expect(f->evaluate({p.lambda}, p.coefficients, kTight), p.label + ": evaluate");
  const std::vector<double> moves = f->mode_derivatives(directions(p.lambda))[0];
  const auto all = places(p);
  const auto width = static_cast<Index>(all.size());
  for (Index k = 0; k < width; ++k) {
    const auto there = [&](double step) {
      evaluate_beside(p, *f, all[static_cast<std::size_t>(k)], step);
      const std::vector<double> modes = f->modes()[0];
      return Vector(Eigen::Map<const Vector>(modes.data(), static_cast<Index>(modes.size())));
    };
    const Vector found = slope(there, 4e-3);
    for (Index j = 0; j < kLevels; ++j) {
      const Eigen::Map<const Vector> exact(&moves[static_cast<std::size_t>((j * width + k) * p.q)],
                                           p.q);
      const double error = off(exact, found.segment(j * p.q, p.q));
      expect(error < 1e-8, p.label + ": derivatives of modes", error);
    }
  }
  // An extrapolated start leads to the same value as any other.
  f->evaluate({p.lambda}, p.coefficients, kTight);
  f->second(directions(p.lambda));
  f->evaluate({1.3 * p.lambda}, 1.2 * p.coefficients, kTight);
  const auto fresh = p.made(3);
  fresh->evaluate({1.3 * p.lambda}, 1.2 * p.coefficients, kTight);
  const double error = std::abs(f->value() - fresh->value()) / std::abs(fresh->value());
  expect(error < 1e-12, p.label + ": value after extrapolated modes", error);
}

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

std::vector<Matrix> roots(const Problem& p) {
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

// Gamma and second derivatives at singular Lambda, against differences along D + t E, t > 0.
void check_singular(const Problem& p) {
  const int nodes = ranef::most_nodes(p.q);
  const auto f = p.made(nodes);
  for (const Matrix& lambda : roots(p)) {
    Problem at(p.q == 1 ? Named{"poisson", "log"} : Named{"binomial", "logit"}, p.q);
    const auto g = at.made(nodes);
    g->evaluate({lambda}, at.coefficients, kTight);
    // The gradient by Lambda where it is zero: F is even in a column that is zero.
    const Matrix gamma = g->gamma()[0];
    const double asymmetry = (gamma - gamma.transpose()).norm();
    expect(asymmetry < 1e-12 * (1.0 + gamma.norm()), at.label + ": Gamma is symmetric", asymmetry);
    const Matrix e = Matrix::Identity(p.q, p.q) + Matrix::Ones(p.q, p.q);
    const std::vector<Direction> way = {{0, e}};
    const Matrix second = g->second(way);
    const double slope_here = gamma.cwiseProduct(e).sum();
    const double value_here = g->value();
    const Vector slopes_here = g->slopes();
    const auto beside = [&](double t) {
      const Matrix d = lambda * lambda.transpose() + t * e;
      const Matrix root = Eigen::LLT<Matrix>(d).matrixL();
      expect(g->evaluate({root}, at.coefficients, kTight), at.label + ": evaluate beside");
      Vector out(2 + slopes_here.size());
      out << g->value(), g->gamma()[0].cwiseProduct(e).sum(), g->slopes();
      return out;
    };
    Vector here(2 + slopes_here.size());
    here << value_here, slope_here, slopes_here;
    // One-sided differences of second order.
    const auto rate = [&](double t) -> Vector {
      return (-3.0 * here + 4.0 * beside(t) - beside(2.0 * t)) / (2.0 * t);
    };
    // t^2, and, for derivatives of what is not exact for F as computed, the error of the quadrature
    // over t.
    Vector rates = rate(5e-4);
    rates(0) = rate(5e-5)(0);
    const double first = std::abs(rates(0) - slope_here) / (1.0 + std::abs(slope_here));
    expect(first < 2e-4, at.label + ": slope out of the face", first);
    const double own = std::abs(rates(1) - second(0, 0)) / (1.0 + std::abs(second(0, 0)));
    expect(own < 5e-3, at.label + ": curvature out of the face", own);
    const double cross =
        off(rates.tail(slopes_here.size()), second.col(0).tail(slopes_here.size()));
    expect(cross < 5e-3, at.label + ": cross derivatives out of the face", cross);
  }
}

// Counts passes over rows.
class Counted : public Family {
 public:
  explicit Counted(const Family& family) : family_(family) {}
  int channels() const override { return family_.channels(); }
  void derivatives(const ranef::FamilyRows& rows, ranef::RowOrder order,
                   const ranef::RowDerivatives& out) const override {
    ++calls;
    family_.derivatives(rows, order, out);
  }
  void expected(const ranef::FamilyRows& rows, double* information) const override {
    family_.expected(rows, information);
  }
  void start(const ranef::FamilyRows& rows, double* eta) const override {
    family_.start(rows, eta);
  }
  mutable int calls = 0;

 private:
  const Family& family_;
};

// After second() a search begins where the modes are to be expected.
void check_extrapolation() {
  const Problem p({"poisson", "log"}, 2);
  int calls[2];
  for (int extrapolated : {0, 1}) {
    const Counted family(*p.family);
    const auto f = ranef::make_quadrature(p.rows, family, 3, 1);
    f->evaluate({p.lambda}, p.coefficients, kTight);
    if (extrapolated == 1) f->second(directions(p.lambda));
    family.calls = 0;
    // Newton's steps square the error: off by 1e-3 takes a step more than off by its square.
    f->evaluate({1.001 * p.lambda}, p.coefficients.array() + 1e-3, 1e-12);
    calls[extrapolated] = family.calls;
  }
  expect(calls[1] < calls[0], "fewer passes from extrapolated modes", calls[1]);
}

void check_threads(const Problem& p) {
  const auto one = p.made(5, 1);
  const auto three = p.made(5, 3);
  for (double factor : {1.0, 0.0, 1.5}) {
    one->evaluate({factor * p.lambda}, p.coefficients, 1e-8);
    three->evaluate({factor * p.lambda}, p.coefficients, 1e-8);
    const auto all = directions(p.lambda);
    expect(one->value() == three->value() && one->slopes() == three->slopes() &&
               one->gamma()[0] == three->gamma()[0] && one->second(all) == three->second(all),
           p.label + ": threads");
  }
}

void check_failures(const Problem& p) {
  const auto f = p.made(5);
  expect(f->evaluate({p.lambda}, p.coefficients, kTight), p.label + ": evaluate");
  const double value = f->value();
  Vector wild = p.coefficients;
  wild(0) = std::numeric_limits<double>::quiet_NaN();
  expect(!f->evaluate({p.lambda}, wild, kTight), p.label + ": not a number");
  expect(!f->evaluate({1e200 * p.lambda}, p.coefficients, kTight), p.label + ": infinite");
  expect(f->evaluate({p.lambda}, p.coefficients, kTight), p.label + ": evaluate again");
  expect(std::abs(f->value() - value) < 1e-11, p.label + ": value after a failure");
  for (int nodes : {0, ranef::most_nodes(p.q) + 1}) {
    bool thrown = false;
    try {
      p.made(nodes);
    } catch (const std::invalid_argument&) {
      thrown = true;
    }
    expect(thrown, p.label + ": nodes out of range");
  }
}

void check_layouts() {
  for (int kind = 0; kind < 3; ++kind) {
    Problem p({"poisson", "log"}, 1);
    auto& groups = p.rows.rows.groups;
    if (kind == 0) groups.push_back(groups[0]);
    if (kind == 1) groups[0].columns.resize(4);
    if (kind == 2) groups.clear();
    bool thrown = false;
    try {
      p.made(1);
    } catch (const std::invalid_argument&) {
      thrown = true;
    }
    expect(thrown, "layouts out of reach", kind);
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
  check_layouts();
  check_extrapolation();
  Problem nearly({"binomial", "logit"}, 2);
  nearly.lambda(1, 1) = 1e-4;  // small, and not yet singular: Gamma is that of F as computed
  check_gradient(nearly, 2);
  for (std::size_t k = 0; k < kFamilies.size(); ++k) {
    for (int q = 1; q <= 3; ++q) {
      if (q == 3 && k % 4 != 0) continue;  // 3 columns are slow
      const Problem p(kFamilies[k], q);
      for (int nodes : {1, 2, 5}) check_gradient(p, nodes);
      check_laplace(p);
      check_modes(p);
      const bool gaussian = p.label.rfind("gaussian identity", 0) == 0;
      check_second(p, q == 1 ? 15 : q == 2 ? 9 : 5, gaussian ? 1e-6 : q < 3 ? 5e-2 : 0.3);
      if (gaussian) {
        check_gaussian(p);
      } else if (p.label.rfind("gaussian log", 0) != 0) {  // its integrands have several peaks
        check_limit(p);
      }
    }
  }
  for (int q = 1; q <= 3; ++q) {
    const Problem p({"nbinom2", "log"}, q);
    check_singular(p);
    check_threads(p);
    check_failures(p);
  }
  if (failures == 0) std::printf("quadrature: as expected; gradient off by %.1e\n", worst_slope);
  return failures == 0 ? 0 : 1;
}
