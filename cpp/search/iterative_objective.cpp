#include "search/iterative_objective.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/products.hpp"

namespace ranef {

double IterativeObjective::rounding() const {
  constexpr double kShared = 1e-3;  // what a step leaves of the error
  return criterion().rounding() + kShared * factor_.log_determinant_error();
}

double IterativeObjective::work() const {
  return factor_.work() * static_cast<double>(factor_.deflated() + factor_.probes());
}

// The method of moments for factors whose levels meet at most once, each by itself: with r what
// least squares leave of y and e = Z'r,
//
//   E sum_j e_j^2 = v sum_j n_j + tau (sum_j n_j^2 - sum_j n_j),   v the variance of r.
//
// Where levels meet more often it is a start all the same.
Vector IterativeObjective::start() {
  constexpr double kLeast = 2.5e-3;
  constexpr double kMost = 25.0;
  const LevelLists& lists = factor_.lists();
  const Matrix& fixed = criterion().numbers().fixed;
  const int p = lists.p;
  Vector v = Vector::Unit(p + 1, p);
  Matrix root = fixed.topLeftCorner(p, p);
  if (p > 0 && cholesky_lower(root)) {
    Vector beta = fixed.col(p).head(p);
    solve_lower(root, beta);
    solve_lower(root, beta, true);
    v.head(p) = -beta;
  }
  const double rows = static_cast<double>(criterion().numbers().n);
  const double variance = v.dot(fixed.lazyProduct(v)) / rows;
  std::vector<Vector> tau(at(criterion().pattern().n_groups));
  double explained = 0.0;
  const auto moments = [&](int group, int q, Index levels, const double* diagonal,
                           const double* own_fixed, const std::vector<std::int32_t>* order) {
    Vector squares = Vector::Zero(q);
    Vector sizes = Vector::Zero(q);
    Vector sums = Vector::Zero(q);
    for (Index k = 0; k < levels; ++k) {
      const Index level = order == nullptr ? k : Index{(*order)[at(k)]};
      const Eigen::Map<const Matrix> c(own_fixed + level * q * (p + 1), q, p + 1);
      for (int a = 0; a < q; ++a) {
        const double n = diagonal[k * q * q + a * (q + 1)];
        const double e = c.row(a).dot(v);
        squares(a) += e * e;
        sizes(a) += n;
        sums(a) += n * n;
      }
    }
    Vector& found = tau[at(group)];
    found.resize(q);
    for (int a = 0; a < q; ++a) {
      const double scale = sums(a) - sizes(a);
      found(a) = scale > 0.0 ? std::max(0.0, (squares(a) - variance * sizes(a)) / scale) : 0.0;
      explained += found(a) * sizes(a) / rows;
    }
  };
  for (const ChainLevels& own : lists.chain) {
    moments(own.group, own.q, own.n_levels, own.diagonal.data(), own.fixed.data(), nullptr);
  }
  for (std::size_t r = 0; r < lists.tail.runs.size(); ++r) {
    const TailRun& run = lists.tail.runs[r];
    moments(run.group, run.q, run.n_levels, lists.tail_diagonal[r].data(),
            lists.tail_fixed[r].data(), &run.level);
  }
  const double residual = std::max(variance - explained, 0.05 * variance);
  Vector theta = Vector::Zero(chart().size());
  for (std::size_t k = 0; k < chart().terms().size(); ++k) {
    const Term& term = chart().terms()[k];
    Vector d = tau[at(term.group)].segment(term.offset, term.q) / residual;
    for (double& value : d) value = std::isfinite(value) ? std::clamp(value, kLeast, kMost) : 0.25;
    chart().set_part(theta, k, chart().structure(k).nearest(d.asDiagonal()));
  }
  return theta;
}

}  // namespace ranef
