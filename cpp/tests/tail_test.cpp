// Matrices over the tail against dense ones: patterns with blocks and without, borders of one panel
// and of several.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "factor/tail_matrix.hpp"

namespace {

using ranef::at;
using ranef::Index;
using ranef::Matrix;

int failures = 0;

void expect(double error, const std::string& what) {
  if (error < 1e-10) return;
  ++failures;
  std::printf("failed: %s (%.3g)\n", what.c_str(), error);
}

double distance(const Matrix& a, const Matrix& b) {
  return (a - b).cwiseAbs().maxCoeff() / (1.0 + b.cwiseAbs().maxCoeff());
}

// Levels of one or two columns; cliques within islands, with a few members from elsewhere.
struct Example {
  std::vector<int> q;
  ranef::Cliques cliques;
  ranef::TailPattern pattern;
  std::vector<ranef::TailSegment> segments;
  std::vector<Matrix> t;  // by group: levels of one column, of two
};

Example example(std::mt19937& random, int levels, int islands, bool wide) {
  Example out;
  for (int v = 0; v < levels; ++v) out.q.push_back(wide && v % 3 == 0 ? 2 : 1);
  for (int k = 0; k < 4 * levels; ++k) {
    const auto island = static_cast<int>(random() % static_cast<unsigned>(islands));
    for (int v = island; v < levels; v += islands) {
      if (random() % 3 == 0) out.cliques.members.push_back(v);
    }
    out.cliques.members.push_back(static_cast<std::int32_t>(random() % 4));
    out.cliques.start.push_back(static_cast<std::int64_t>(out.cliques.members.size()));
  }
  out.pattern = ranef::tail_pattern(out.q, out.cliques);
  Index column = 0;
  for (const int q : out.q) {
    out.segments.push_back({out.pattern.position[at(column)], q - 1});
    column += q;
  }
  std::sort(out.segments.begin(), out.segments.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  out.t.push_back(Matrix::Constant(1, 1, 0.7));
  out.t.push_back((Matrix(2, 2) << 0.8, 0.0, -0.3, 0.5).finished());
  return out;
}

void check(std::mt19937& random, const std::string& name, const Example& given) {
  std::normal_distribution<double> normal;
  const ranef::TailPattern& pattern = given.pattern;
  const Index n = pattern.size();
  ranef::TailMatrix a(pattern);
  Matrix dense = Matrix::Zero(n, n);  // in order of elimination
  for (Index j = 0; j < n; ++j) {
    for (Index i = j; i < n; ++i) {
      if (!a.has(i, j)) continue;
      dense(i, j) = dense(j, i) = (i == j ? static_cast<double>(2 * n) : normal(random));
      a.at_lower(i, j) = dense(i, j);
    }
  }
  const auto full = [&](const ranef::TailMatrix& m) {
    const Matrix by_column = m.by_column();
    Matrix out(n, n);
    for (Index j = 0; j < n; ++j) {
      for (Index i = 0; i < n; ++i) {
        out(i, j) = by_column(pattern.column[at(i)], pattern.column[at(j)]);
      }
    }
    return out;
  };
  expect(distance(full(a), dense), name + ": elements");
  Matrix v(n, 3);
  for (Index k = 0; k < v.size(); ++k) v(k) = normal(random);
  expect(distance(a.times(v), dense * v), name + ": times");

  Matrix block = Matrix::Zero(n, n);
  for (const ranef::TailSegment& s : given.segments) {
    const Matrix& t = given.t[at(s.group)];
    block.block(s.first, s.first, t.rows(), t.rows()) = t;
  }
  for (const bool outer : {false, true}) {
    ranef::TailMatrix moved = a;
    moved.congruence(given.segments, given.t, outer);
    const Matrix wanted = outer ? Matrix(block * dense * block.transpose())
                                : Matrix(block.transpose() * dense * block);
    expect(distance(full(moved), wanted), name + ": congruence");
  }

  const Matrix b = (Matrix(3, 3) << 2.0, 0.1, 0.0, 0.1, 1.0, 0.3, 0.0, 0.3, 1.5).finished();
  ranef::TailMatrix more = a;
  more.add_product(v, b);
  const Matrix wanted = dense + v * b * v.transpose();
  const Matrix got = full(more);
  for (Index j = 0; j < n; ++j) {
    for (Index i = 0; i < n; ++i) {
      if (a.has(i, j)) expect(std::abs(got(i, j) - wanted(i, j)), name + ": product added");
    }
  }

  ranef::TailMatrix factor = a;
  if (!factor.factorise()) expect(1.0, name + ": factorise");
  const Eigen::LLT<Matrix> llt(dense);
  const Matrix l = llt.matrixL();
  expect(std::abs(factor.log_determinant() - 2.0 * l.diagonal().array().log().sum()),
         name + ": log-determinant");
  Matrix solved = v;
  factor.solve(solved, false);
  expect(distance(solved, l.triangularView<Eigen::Lower>().solve(v)), name + ": solve");
  factor.solve(solved, true);
  expect(distance(solved, llt.solve(v)), name + ": solve transposed");
  const Matrix inverse = llt.solve(Matrix::Identity(n, n));
  ranef::TailMatrix part = factor;
  part.invert();
  for (Index j = 0; j < n; ++j) {
    for (Index i = 0; i < n; ++i) {
      if (a.has(i, j)) expect(std::abs(part(i, j) - inverse(i, j)), name + ": inverse");
    }
  }
  expect(distance(ranef::TailMatrix::full_inverse(factor, part), inverse), name + ": full inverse");

  a.at_lower(n - 1, n - 1) = -1.0;
  if (a.factorise()) expect(1.0, name + ": not positive definite");
}

}  // namespace

int main() {
  std::mt19937 random(11);
  for (const bool wide : {false, true}) {
    const std::string columns = wide ? " of one or two columns" : " of one column";
    check(random, "one island" + columns, example(random, 30, 1, wide));
    // A border of one panel, inverted in several.
    check(random, "large border" + columns, example(random, 150, 1, wide));
    Example islands = example(random, 120, 12, wide);
    if (islands.pattern.blocks.size() < 8) expect(1.0, "islands become blocks");
    check(random, "islands" + columns, islands);
    // The same border in panels, parted between levels.
    Example parted = example(random, 60, 2, wide);
    std::vector<Index> boundaries{0};
    for (const ranef::TailSegment& s : parted.segments) {
      const Index start = s.first - parted.pattern.border;
      if (start >= boundaries.back() + 7) boundaries.push_back(start);
    }
    boundaries.push_back(parted.pattern.size() - parted.pattern.border);
    parted.pattern.boundaries = boundaries;
    check(random, "panels" + columns, parted);
  }
  if (failures == 0) std::printf("tail: all as expected\n");
  return failures == 0 ? 0 : 1;
}
