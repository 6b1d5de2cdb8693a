#include "start.hpp"

#include <algorithm>
#include <cmath>

#include "level_moments.hpp"

namespace ranef {

namespace {

// `v` is (-beta, 1) at the least-squares fit.
Moments moments(const Problem& problem, int group, const Vector& v, int threads) {
  for (const Stage& stage : problem.chain) {
    if (stage.group == group) return level_moments(stage, problem.m, v, threads);
  }
  const int q = problem.q[at(group)];
  Moments sum{Matrix::Zero(q * q, q * q), Matrix::Zero(q, q), Matrix::Zero(q, q)};
  Matrix e(q, 0);
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

// Calls use(later, k, block) for the blocks of A between level `level` of a chain factor and the
// factors after it, k counting the levels of `later`.
template <class Use>
void for_later_blocks(const Problem& problem, std::size_t i, Index level, Use use) {
  const Stage& stage = problem.chain[i];
  const double* next = &stage.rest[at(stage.rest_start[at(level)]) * at(stage.q)];
  for (std::size_t k = 0; k < stage.parent.size(); ++k) {
    const Stage& later = problem.chain[i + 1 + k];
    use(later.group, Eigen::Map<const Matrix>(next, stage.q, later.q));
    next += stage.q * later.q;
  }
  // The columns of one tail level stand side by side.
  const std::int32_t* list = stage.tail_list(level);
  for (int t = 0; t < stage.tail_columns(level);) {
    const auto group = std::find_if(problem.tail.rbegin(), problem.tail.rend(),
                                    [&](const TailGroup& g) { return g.offset <= list[t]; });
    use(group->group, Eigen::Map<const Matrix>(next, stage.q, group->q));
    next += stage.q * group->q;
    t += group->q;
  }
}

// Sums of vec(A) vec(A)' over the blocks of A between two factors, at [g][h] for one order of each
// pair.
std::vector<std::vector<Matrix>> pair_moments(const Problem& problem) {
  const std::size_t n = at(problem.n_groups);
  std::vector<std::vector<Matrix>> sum(n, std::vector<Matrix>(n));
  const auto add = [&](int g, int h, const auto& block) {
    Matrix& to = sum[at(g)][at(h)];
    const Index size = block.size();
    if (to.size() == 0) to.setZero(size, size);
    const Eigen::Map<const Vector> vec(block.data(), size);
    to.noalias() += vec.lazyProduct(vec.transpose());
  };
  for (std::size_t i = 0; i < problem.chain.size(); ++i) {
    const Stage& stage = problem.chain[i];
    if (stage.parent.empty() && problem.tail.empty()) continue;
    for (Index level = 0; level < stage.n_levels; ++level) {
      for_later_blocks(problem, i, level,
                       [&](int h, const auto& block) { add(stage.group, h, block); });
    }
  }
  for (const TailPair& pair : problem.tail_pairs) {
    const TailGroup& first = problem.tail[pair.first];
    const TailGroup& second = problem.tail[pair.second];
    const Index size = Index{first.q} * second.q;
    for (std::size_t k = 0; k < pair.blocks.level.size(); ++k) {
      add(first.group, second.group,
          Eigen::Map<const Matrix>(&pair.blocks.values[k * at(size)], first.q, second.q));
    }
  }
  return sum;
}

// A symmetric matrix with one free entry; one of them for each entry of a lower triangle.
struct Entry {
  int group, a, b;
};

// tr(E A F A') summed over blocks A from the sum of vec(A) vec(A)', E and F of two entries, each
// half of e_a e_b' + e_b e_a'. `rows`: rows of A.
double trace(const Matrix& sum, const Entry& e, const Entry& f, int rows) {
  const auto moment = [&](int a, int b, int c, int d) {
    return sum(a + c * rows, b + d * rows);  // A_ac A_bd
  };
  return 0.25 * (moment(e.a, e.b, f.a, f.b) + moment(e.a, e.b, f.b, f.a) +
                 moment(e.b, e.a, f.a, f.b) + moment(e.b, e.a, f.b, f.a));
}

// D by factor from the moments of all of them; the caller sees to its definiteness.
std::vector<Matrix> relative_covariances(const Problem& problem, const Vector& v, double nu,
                                         double r2, int threads) {
  std::vector<Entry> entries;
  std::vector<Moments> own;
  for (int g = 0; g < problem.n_groups; ++g) {
    own.push_back(moments(problem, g, v, threads));
    for (int b = 0; b < problem.q[at(g)]; ++b) {
      for (int a = b; a < problem.q[at(g)]; ++a) entries.push_back({g, a, b});
    }
  }
  const std::vector<std::vector<Matrix>> pairs = pair_moments(problem);
  const auto size = static_cast<Index>(entries.size());
  Matrix system = Matrix::Zero(size + 1, size + 1);
  Vector right(size + 1);
  system(0, 0) = nu;
  right(0) = r2;
  for (Index s = 0; s < size; ++s) {
    const Entry& e = entries[at(s)];
    system(0, s + 1) = system(s + 1, 0) = own[at(e.group)].a(e.a, e.b);
    right(s + 1) = own[at(e.group)].ee(e.a, e.b);
    for (Index t = 0; t <= s; ++t) {
      const Entry& f = entries[at(t)];
      const Matrix& one = pairs[at(e.group)][at(f.group)];
      const Matrix& other = pairs[at(f.group)][at(e.group)];
      double value = 0.0;
      if (e.group == f.group) {
        value = trace(own[at(e.group)].aa, e, f, problem.q[at(e.group)]);
      } else if (one.size() > 0) {
        value = trace(one, e, f, problem.q[at(e.group)]);
      } else if (other.size() > 0) {
        value = trace(other, f, e, problem.q[at(f.group)]);
      }
      system(s + 1, t + 1) = system(t + 1, s + 1) = value;
    }
  }
  // Where moments cannot tell factors apart, the solution of least norm shares among them.
  const Vector found = system.completeOrthogonalDecomposition().solve(right);
  const double s2 = std::max(found(0), 0.05 * r2 / nu);
  std::vector<Matrix> d;
  for (const int q : problem.q) d.push_back(Matrix::Zero(q, q));
  for (Index s = 0; s < size; ++s) {
    const Entry& e = entries[at(s)];
    d[at(e.group)](e.a, e.b) += 0.5 * found(s + 1) / s2;
    d[at(e.group)](e.b, e.a) += 0.5 * found(s + 1) / s2;
  }
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

Vector moment_start(const Problem& problem, double nu, const Chart& chart, int threads) {
  const int p = problem.p;
  Vector v = Vector::Ones(p + 1);
  if (p > 0) {
    v.head(p) = -problem.fixed.topLeftCorner(p, p).llt().solve(problem.fixed.col(p).head(p));
  }
  const double r2 = v.dot(problem.fixed * v);
  const std::vector<Matrix> d = relative_covariances(problem, v, nu, r2, threads);
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
