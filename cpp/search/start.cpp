#include "search/start.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/decompose.hpp"
#include "linalg/products.hpp"
#include "linalg/spectrum.hpp"
#include "search/moments.hpp"

namespace ranef {

namespace {

// Where moments cannot tell factors apart, the solution of least norm shares among them.
Vector solution(const Matrix& system, const Vector& right) {
  constexpr double kClear = 1e-6;  // of a pivot, beside the diagonal
  const Vector sizes = system.diagonal().cwiseAbs().cwiseSqrt();
  Matrix factor = system;
  for (Index j = 0; j < factor.cols(); ++j) {
    for (Index i = 0; i < factor.rows(); ++i) factor(i, j) /= sizes(i) * sizes(j);
  }
  if (cholesky_lower(factor) && factor.diagonal().minCoeff() > kClear) {
    Vector out = right.cwiseQuotient(sizes);
    solve_lower(factor, out);
    solve_lower(factor, out, true);
    return out.cwiseQuotient(sizes);
  }
  return least_norm_solution(system, right);
}

// D by factor; the caller sees to its definiteness.
std::vector<Matrix> relative_covariances(const Arranged& arranged, const MomentEquations& equations,
                                         double nu) {
  const Vector found = solution(equations.system, equations.right);
  const double s2 = std::max(found(0), 0.05 * equations.right(0) / nu);
  std::vector<Matrix> d;
  for (const int q : arranged->q) d.push_back(Matrix::Zero(q, q));
  for (std::size_t s = 0; s < equations.entries.size(); ++s) {
    const MomentEntry& e = equations.entries[s];
    const double half = 0.5 * found(static_cast<Index>(s) + 1) / s2;
    d[at(e.group)](e.a, e.b) += half;
    d[at(e.group)](e.b, e.a) += half;
  }
  return d;
}

// The nearest matrix with eigenvalues within bounds in which a search can start.
Matrix bounded(const Matrix& d) {
  constexpr double kLeast = 2.5e-3;
  constexpr double kMost = 25.0;
  const Spectrum spectrum = spectrum_of(d);
  if (spectrum.fine && spectrum.least() >= kLeast && spectrum.values(d.rows() - 1) <= kMost) {
    return d;
  }
  Vector values = spectrum.values;
  for (double& value : values) {
    value = std::isfinite(value) ? std::clamp(value, kLeast, kMost) : 0.25;
  }
  return congruent_diagonal(spectrum.vectors, values);
}

}  // namespace

Vector moment_start(const Arranged& arranged, double nu, bool reml, const Chart& chart,
                    int threads) {
  // With over 2,000 levels the correction for estimating beta is below the sampling error.
  constexpr Index kMany = 2000;
  const bool few = std::all_of(arranged->n_levels.begin(), arranged->n_levels.end(),
                               [](Index levels) { return levels <= kMany; });
  const MomentEquations equations = moment_equations(arranged, nu, reml && few, threads);
  const std::vector<Matrix> d = relative_covariances(arranged, equations, nu);
  Vector theta = Vector::Zero(chart.size());
  for (std::size_t k = 0; k < chart.terms().size(); ++k) {
    const Term& term = chart.terms()[k];
    chart.set_part(theta, k,
                   chart.structure(k).nearest(
                       bounded(d[at(term.group)].block(term.offset, term.offset, term.q, term.q))));
  }
  return theta;
}

}  // namespace ranef
