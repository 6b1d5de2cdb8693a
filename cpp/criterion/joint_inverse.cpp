#include "criterion/joint_inverse.hpp"

#include <algorithm>

#include "linalg/products.hpp"

namespace ranef {

namespace {

// One level of one factor, as the elimination sees it. Later sites are eliminated later.
struct Site {
  bool in_tail = false;
  std::size_t place = 0;  // in the chain, or in the tail
  Index level = 0;
  int q = 0;

  bool same_factor(const Site& other) const {
    return in_tail == other.in_tail && place == other.place;
  }
  bool later_than(const Site& other) const {
    return in_tail != other.in_tail ? in_tail : place > other.place;
  }
};

class JointInverse {
 public:
  JointInverse(Sweeps& sweeps, const Matrix& xx_inverse)
      : pattern_(sweeps.pattern()),
        sweeps_(sweeps),
        xx_inverse_(xx_inverse),
        top_(Matrix::Zero(pattern_.m, pattern_.m)) {
    top_.topLeftCorner(pattern_.p, pattern_.p) = xx_inverse_;
    std::vector<Matrix> unused;
    sweeps_.reverse(top_, unused, true);
  }

  Site site(int group, Index level) const {
    for (std::size_t i = 0; i < pattern_.chain.size(); ++i) {
      if (pattern_.chain[i].group == group) return {false, i, level, pattern_.chain[i].q};
    }
    std::size_t t = 0;
    while (pattern_.tail[t].group != group) ++t;
    return {true, t, level, pattern_.tail[t].q};
  }

  const Matrix& fixed() const { return xx_inverse_; }

  // Random effects of a site against X: q x p.
  Matrix with_fixed(const Site& a) const {
    if (a.in_tail) return sweeps_.tail().w_fixed.block(first_column(a), 0, a.q, pattern_.p);
    return kept_rest(a).middleCols(width(a) - pattern_.m, pattern_.p);
  }

  // Random effects of two sites.
  Matrix block(const Site& a, const Site& b) const {
    if (a.later_than(b)) return block(b, a).transpose();
    if (a.in_tail) return tail_block(a, b);
    if (a.same_factor(b) && a.level == b.level) return kept_diagonal(a);
    const int column = rest_column(a, b);
    if (column >= 0) return kept_rest(a).middleCols(column, b.q);
    return -times(h(a), rest_against(a, b));
  }

 private:
  // From the pattern, or for levels that no row of data connects from the whole inverse.
  Matrix tail_block(const Site& a, const Site& b) const {
    const TailMatrix& w = sweeps_.tail().w;
    const std::vector<std::int32_t>& position = pattern_.tail_pattern.position;
    const Index row = position[at(first_column(a))];
    const Index column = position[at(first_column(b))];
    if (!w.has(row, column)) {
      if (all_.size() == 0) all_ = sweeps_.tail_derivative(top_);
      return all_.block(row, column, a.q, b.q);
    }
    Matrix out(a.q, b.q);
    for (Index c = 0; c < b.q; ++c) {
      for (Index r = 0; r < a.q; ++r) out(r, c) = w(row + r, column + c);
    }
    return out;
  }
  Index first_column(const Site& a) const { return pattern_.tail[a.place].offset + a.level * a.q; }
  int width(const Site& a) const { return pattern_.chain[a.place].rest_columns(a.level); }
  std::size_t rest_start(const Site& a) const {
    return at(pattern_.chain[a.place].rest_start[at(a.level)]) * at(a.q);
  }
  Eigen::Map<const Matrix> h(const Site& a) const {
    return {&sweeps_.stage(a.place).h[rest_start(a)], a.q, width(a)};
  }
  Eigen::Map<const Matrix> kept_rest(const Site& a) const {
    return {&sweeps_.stage(a.place).w_rest[rest_start(a)], a.q, width(a)};
  }
  Eigen::Map<const Matrix> kept_diagonal(const Site& a) const {
    return {&sweeps_.stage(a.place).w_diagonal[at(a.level * a.q * a.q)], a.q, a.q};
  }

  // Where the columns of b stand among the rest of a; -1 where no row of data has both.
  int rest_column(const Site& a, const Site& b) const {
    const Stage& stage = pattern_.chain[a.place];
    if (b.in_tail) {
      const std::int32_t* list = stage.tail_positions(a.level);
      const std::int32_t* end = list + stage.tail_columns(a.level);
      const std::int32_t wanted = pattern_.tail_pattern.position[at(first_column(b))];
      const std::int32_t* found = std::lower_bound(list, end, wanted);
      if (found == end || *found != wanted) return -1;
      return stage.parent_columns + static_cast<int>(found - list);
    }
    if (a.same_factor(b)) return -1;
    int column = 0;
    for (std::size_t k = a.place + 1; k < b.place; ++k) column += pattern_.chain[k].q;
    return stage.parent[b.place - a.place - 1][at(a.level)] == b.level ? column : -1;
  }

  // The inverse between everything in the rest of a, and b: rest columns x q of b.
  Matrix rest_against(const Site& a, const Site& b) const {
    const Stage& stage = pattern_.chain[a.place];
    Matrix out = Matrix::Zero(width(a), b.q);
    int column = 0;
    for (std::size_t k = 0; k < stage.parent.size(); ++k) {
      const std::size_t place = a.place + 1 + k;
      const Site parent{false, place, stage.parent[k][at(a.level)], pattern_.chain[place].q};
      out.middleRows(column, parent.q) = block(parent, b);
      column += parent.q;
    }
    const std::int32_t* list = stage.tail_list(a.level);
    for (int t = 0; t < stage.tail_columns(a.level); ++column) {
      std::size_t place = 0;
      while (list[t] >=
             pattern_.tail[place].offset + pattern_.tail[place].n_levels * pattern_.tail[place].q) {
        ++place;
      }
      const TailGroup& group = pattern_.tail[place];
      const Site other{true, place, (list[t] - group.offset) / group.q, group.q};
      out.middleRows(column, group.q) = block(other, b);
      t += group.q;
      column += group.q - 1;
    }
    out.bottomRows(pattern_.m).topRows(pattern_.p) = with_fixed(b).transpose();
    return out;
  }

  const Pattern& pattern_;
  Sweeps& sweeps_;
  Matrix xx_inverse_;
  Matrix top_;
  mutable Matrix all_;  // W over the tail in order of elimination, once it has been needed
};

Vector row_of(const std::vector<ColumnView>& columns, Index row) {
  Vector out(static_cast<Index>(columns.size()));
  for (Index k = 0; k < out.size(); ++k) {
    const ColumnView& column = columns[at(k)];
    const double raw = column.values == nullptr ? 1.0 : column.values[row];
    out(k) = (raw - column.shift) / column.scale;
  }
  return out;
}

}  // namespace

void check_solvable(const Criterion& criterion, const RowsView& rows) {
  constexpr double kMost = 2e10;  // numbers read by solves for all rows: less than a minute
  const IterativeFactor* factor = criterion.iterative();
  if (factor == nullptr) return;
  const double reads = factor->work() * static_cast<double>(std::max(factor->iterations(), 1));
  if (reads * static_cast<double>(rows.n) > kMost) throw NeedsExact();
}

namespace {

// Each row by a solve; with H the best linear predictors of X's columns,
//   a'Omega a = z'P z + (x - H'z)' (X'V^-1 X)^-1 (x - H'z).
std::vector<double> iterative_row_variances(Criterion& criterion, const RowsView& rows) {
  check_solvable(criterion, rows);
  IterativeFactor& factor = *criterion.factor().iterative();
  std::vector<double> out = factor.row_forms(rows);
  const int p = criterion.pattern().p;
  const int m = criterion.pattern().m;
  for (Index i = 0; i < rows.n; ++i) {
    Vector x = row_of(rows.fixed, i);
    for (std::size_t g = 0; g < rows.groups.size(); ++g) {
      const Index level = rows.groups[g].codes[i];
      if (level < 0) continue;
      const Vector z = row_of(rows.groups[g].columns, i);
      const Index q = z.size();
      const Eigen::Map<const Matrix> h(&factor.modes()[g][at(level * q * m)], q, m);
      x -= h.leftCols(p).transpose() * z;
    }
    out[at(i)] += x.dot(criterion.xx_inverse() * x);
    if (rows.weights != nullptr) out[at(i)] *= rows.weights[i];
  }
  return out;
}

}  // namespace

std::vector<double> row_variances(Criterion& criterion, const RowsView& rows) {
  if (criterion.factor().iterative() != nullptr) return iterative_row_variances(criterion, rows);
  std::vector<double> out = row_variances(criterion.sweeps(), criterion.xx_inverse(), rows);
  criterion.forget_gamma();
  return out;
}

std::vector<double> row_variances(Sweeps& sweeps, const Matrix& xx_inverse, const RowsView& rows) {
  const JointInverse inverse(sweeps, xx_inverse);
  std::vector<double> out(at(rows.n));
  std::vector<Site> sites;
  std::vector<Vector> z;
  for (Index i = 0; i < rows.n; ++i) {
    sites.clear();
    z.clear();
    for (std::size_t g = 0; g < rows.groups.size(); ++g) {
      if (rows.groups[g].codes[i] < 0) continue;
      sites.push_back(inverse.site(static_cast<int>(g), rows.groups[g].codes[i]));
      z.push_back(row_of(rows.groups[g].columns, i));
    }
    const Vector x = row_of(rows.fixed, i);
    double sum = x.dot(inverse.fixed() * x);
    for (std::size_t a = 0; a < sites.size(); ++a) {
      sum += z[a].dot(inverse.block(sites[a], sites[a]) * z[a]);
      sum += 2.0 * z[a].dot(inverse.with_fixed(sites[a]) * x);
      for (std::size_t b = a + 1; b < sites.size(); ++b) {
        sum += 2.0 * z[a].dot(inverse.block(sites[a], sites[b]) * z[b]);
      }
    }
    out[at(i)] = sum * (rows.weights == nullptr ? 1.0 : rows.weights[i]);
  }
  return out;
}

std::vector<std::vector<double>> conditional_variances(Criterion& criterion) {
  if (criterion.factor().iterative() != nullptr) {
    return estimated_variances(criterion).values;
  }
  const Pattern& pattern = criterion.pattern();
  Sweeps& sweeps = criterion.sweeps();
  std::vector<Matrix> unused;
  sweeps.reverse(Matrix::Zero(pattern.m, pattern.m), unused, true);
  criterion.forget_gamma();
  std::vector<std::vector<double>> out(at(pattern.n_groups));
  for (std::size_t s = 0; s < pattern.chain.size(); ++s) {
    out[at(pattern.chain[s].group)] = sweeps.stage(s).w_diagonal;
  }
  for (const TailGroup& group : pattern.tail) {
    std::vector<double>& blocks = out[at(group.group)];
    const Index q = group.q;
    blocks.resize(at(group.n_levels * q * q));
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = pattern.tail_pattern.position[at(group.offset + level * q)];
      for (Index k = 0; k < q * q; ++k) {
        blocks[at(level * q * q + k)] = sweeps.tail().w(from + k % q, from + k / q);
      }
    }
  }
  return out;
}

EstimatedVariances estimated_variances(Criterion& criterion) {
  IterativeFactor* factor = criterion.factor().iterative();
  if (factor == nullptr) return {};
  // The largest error seen in graphs of many kinds was 1 % of a variance.
  constexpr Index kDeflated = 64;
  constexpr Index kProbes = 32;
  return factor->conditional_variances(kDeflated, kProbes);
}

}  // namespace ranef
