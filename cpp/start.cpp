#include "start.hpp"

#include <algorithm>
#include <cmath>

namespace ranef {

namespace {

struct Moments {
  Matrix aa;  // sum of vec(A) vec(A)'
  Matrix a;   // sum of A
  Matrix ee;  // sum of e e'
};

// `v` is (-beta, 1) at the least-squares fit.
Moments moments(const Problem& problem, int group, const Vector& v) {
  const int q = problem.q[at(group)];
  const int m = problem.m;
  Moments sum{Matrix::Zero(q * q, q * q), Matrix::Zero(q, q), Matrix::Zero(q, q)};
  Matrix e(q, 0);
  for (const Stage& stage : problem.chain) {
    if (stage.group != group) continue;
    const Eigen::Map<const Matrix> blocks(stage.diagonal.data(), q * q, stage.n_levels);
    sum.aa = blocks * blocks.transpose();
    Eigen::Map<Vector>(sum.a.data(), q * q) = blocks.rowwise().sum();
    e.resize(q, stage.n_levels);
    for (Index level = 0; level < stage.n_levels; ++level) {
      const Index last = stage.rest_start[at(level) + 1] - m;
      e.col(level).noalias() = Eigen::Map<const Matrix>(&stage.rest[at(last * q)], q, m) * v;
    }
  }
  for (const TailGroup& tail : problem.tail) {
    if (tail.group != group) continue;
    e.resize(q, tail.n_levels);
    for (Index level = 0; level < tail.n_levels; ++level) {
      const Index from = tail.offset + level * q;
      const Eigen::Map<const Matrix> a(&tail.diagonal[at(level * q * q)], q, q);
      const Eigen::Map<const Vector> vec(a.data(), q * q);
      sum.aa.noalias() += vec * vec.transpose();
      sum.a += a;
      e.col(level).noalias() = problem.tail_fixed.middleRows(from, q) * v;
    }
  }
  sum.ee = e * e.transpose();
  return sum;
}

// D of one factor from its moments; the caller sees to its definiteness.
Matrix relative_covariance(const Moments& sum, double nu, double r2) {
  const Index q = sum.a.rows();
  const Index k = q * (q + 1) / 2;
  // A symmetric basis: E_ab = e_a e_b' + e_b e_a' (halved on the diagonal).
  std::vector<Matrix> basis;
  for (Index b = 0; b < q; ++b) {
    for (Index a = b; a < q; ++a) {
      Matrix e = Matrix::Zero(q, q);
      e(a, b) += 0.5;
      e(b, a) += 0.5;
      basis.push_back(e);
    }
  }
  Matrix system = Matrix::Zero(k + 1, k + 1);
  Vector right(k + 1);
  system(0, 0) = nu;
  right(0) = r2;
  for (Index s = 0; s < k; ++s) {
    const Matrix& e = basis[at(s)];
    system(0, s + 1) = system(s + 1, 0) = sum.a.cwiseProduct(e).sum();
    right(s + 1) = sum.ee.cwiseProduct(e).sum();
    for (Index t = 0; t < k; ++t) {
      double trace = 0.0;  // tr(A E A F) = E_ab F_cd A_bc A_da
      const Matrix& f = basis[at(t)];
      for (Index a = 0; a < q; ++a) {
        for (Index b = 0; b < q; ++b) {
          if (e(a, b) == 0.0) continue;
          for (Index c = 0; c < q; ++c) {
            for (Index d = 0; d < q; ++d) {
              trace += e(a, b) * f(c, d) * sum.aa(b + c * q, d + a * q);
            }
          }
        }
      }
      system(s + 1, t + 1) = trace;
    }
  }
  const Vector found = system.fullPivLu().solve(right);
  const double s2 = std::max(found(0), 0.05 * r2 / nu);
  Matrix d = Matrix::Zero(q, q);
  for (Index s = 0; s < k; ++s) d += (found(s + 1) / s2) * basis[at(s)];
  return d;
}

// The nearest matrix with eigenvalues within bounds in which a search can start.
Matrix bounded(const Matrix& d) {
  constexpr double kLeast = 2.5e-3;
  constexpr double kMost = 25.0;
  const Eigen::SelfAdjointEigenSolver<Matrix> spectrum(d);
  Vector values = spectrum.eigenvalues();
  for (double& value : values) {
    value = std::isfinite(value) ? std::clamp(value, kLeast, kMost) : 0.25;
  }
  return spectrum.eigenvectors() * values.asDiagonal() * spectrum.eigenvectors().transpose();
}

}  // namespace

Vector moment_start(const Problem& problem, double nu, const Chart& chart) {
  const int p = problem.p;
  Vector v = Vector::Ones(p + 1);
  if (p > 0) {
    v.head(p) = -problem.fixed.topLeftCorner(p, p).llt().solve(problem.fixed.col(p).head(p));
  }
  const double r2 = v.dot(problem.fixed * v);
  std::vector<Matrix> d;
  for (int g = 0; g < problem.n_groups; ++g) {
    d.push_back(relative_covariance(moments(problem, g, v), nu, r2));
  }
  Vector theta = Vector::Zero(chart.size());
  for (std::size_t k = 0; k < chart.terms().size(); ++k) {
    const Term& term = chart.terms()[k];
    chart.set_block(
        theta, k,
        semidefinite_cholesky(
            bounded(d[at(term.group)].block(term.offset, term.offset, term.q, term.q)), 1e-12));
  }
  return theta;
}

}  // namespace ranef
