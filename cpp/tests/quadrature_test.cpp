// Quadrature of one grouping factor: derivatives against differences, singular covariances,
// threads, failures.
#include "marginal/quadrature.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "quadrature_problem.hpp"

namespace {

using namespace ranef::tests;
using ranef::Direction;
using ranef::Family;
using ranef::Index;
using ranef::Marginal;
using ranef::Matrix;
using ranef::Vector;

double worst_slope = 0.0;

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

}  // namespace

int main() {
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
      check_modes(p);
      const bool gaussian = p.label.rfind("gaussian identity", 0) == 0;
      check_second(p, q == 1 ? 15 : q == 2 ? 9 : 5, gaussian ? 1e-6 : q < 3 ? 5e-2 : 0.3);
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
