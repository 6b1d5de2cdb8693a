#include "moments.hpp"

#include <algorithm>
#include <utility>

namespace ranef {

namespace {

// What the equations need of one factor.
struct Factor {
  Matrix scores;    // e, q x levels
  Matrix loadings;  // L^-1 X'Z of the factor, L L' = X'WX: p x (q levels); nothing if not projected
  Matrix a;         // sum of A_jj
  Matrix ee;        // sum of e_j e_j'
};

// Sums of vec(A) vec(A)' over the blocks between two factors, for one order of each pair. Blocks of
// levels that never meet are A = -C with C_jk = B_j'B_k from the loadings, and are summed apart: of
// the others the square of C is taken out here.
using PairSums = std::vector<std::vector<Matrix>>;

// Calls use(level, block) for the levels of a factor, block = [A Z'WX Z'Wy], q x (q + m).
template <class Use>
void for_levels(const Problem& problem, int group, Use use) {
  const int q = problem.q[at(group)];
  const int m = problem.m;
  Matrix block(q, q + m);
  for (const Stage& stage : problem.chain) {
    if (stage.group != group) continue;
    for (Index level = 0; level < stage.n_levels; ++level) {
      const Index last = stage.rest_start[at(level) + 1] - m;
      std::copy_n(&stage.diagonal[at(level * q * q)], q * q, block.data());
      std::copy_n(&stage.rest[at(last * q)], q * m, block.data() + q * q);
      use(level, block);
    }
  }
  for (const TailGroup& tail : problem.tail) {
    if (tail.group != group) continue;
    for (Index level = 0; level < tail.n_levels; ++level) {
      std::copy_n(&tail.diagonal[at(level * q * q)], q * q, block.data());
      block.rightCols(m) = problem.tail_fixed.middleRows(tail.offset + level * q, q);
      use(level, block);
    }
  }
}

// Calls use(group, level, other, other_level, block) for the blocks Z_j'W Z_k that occur between
// levels of different factors, each once.
template <class Use>
void for_pairs(const Problem& problem, Use use) {
  for (std::size_t i = 0; i < problem.chain.size(); ++i) {
    const Stage& stage = problem.chain[i];
    for (Index level = 0; level < stage.n_levels; ++level) {
      const double* next = &stage.rest[at(stage.rest_start[at(level)]) * at(stage.q)];
      for (std::size_t k = 0; k < stage.parent.size(); ++k) {
        const Stage& later = problem.chain[i + 1 + k];
        use(stage.group, level, later.group, Index{stage.parent[k][at(level)]},
            Eigen::Map<const Matrix>(next, stage.q, later.q));
        next += stage.q * later.q;
      }
      // The columns of one tail level stand side by side.
      const std::int32_t* list = stage.tail_list(level);
      for (int t = 0; t < stage.tail_columns(level);) {
        const auto group = std::find_if(problem.tail.rbegin(), problem.tail.rend(),
                                        [&](const TailGroup& g) { return g.offset <= list[t]; });
        use(stage.group, level, group->group, (list[t] - group->offset) / group->q,
            Eigen::Map<const Matrix>(next, stage.q, group->q));
        next += stage.q * group->q;
        t += group->q;
      }
    }
  }
  for (const TailPair& pair : problem.tail_pairs) {
    const TailGroup& first = problem.tail[pair.first];
    const TailGroup& second = problem.tail[pair.second];
    const Index size = Index{first.q} * second.q;
    for (Index level = 0; level < first.n_levels; ++level) {
      for (auto k = at(pair.blocks.start[at(level)]); k < at(pair.blocks.start[at(level) + 1]);
           ++k) {
        use(first.group, level, second.group, Index{pair.blocks.level[k]},
            Eigen::Map<const Matrix>(&pair.blocks.values[k * at(size)], first.q, second.q));
      }
    }
  }
}

// tr(E A F A') summed over blocks A from the sum of vec(A) vec(A)', E and F of two entries, each
// half of e_a e_b' + e_b e_a'. `rows`: rows of A.
double trace(const Matrix& sum, const MomentEntry& e, const MomentEntry& f, int rows) {
  const auto moment = [&](int a, int b, int c, int d) {
    return sum(a + c * rows, b + d * rows);  // A_ac A_bd
  };
  return 0.25 * (moment(e.a, e.b, f.a, f.b) + moment(e.a, e.b, f.b, f.a) +
                 moment(e.b, e.a, f.a, f.b) + moment(e.b, e.a, f.b, f.a));
}

class Equations {
 public:
  Equations(const Problem& problem, double nu, bool projected)
      : problem_(problem), p_(problem.p), pairs_(at(problem.n_groups)) {
    fit_fixed(projected);
    for (auto& row : pairs_) row.resize(at(problem.n_groups));
    for (int g = 0; g < problem.n_groups; ++g) {
      add_factor(g);
      for (int b = 0; b < problem.q[at(g)]; ++b) {
        for (int a = b; a < problem.q[at(g)]; ++a) out_.entries.push_back({g, a, b});
      }
    }
    if (problem.n_groups > 1) {
      for_pairs(problem, [&](int g, Index j, int h, Index k, const auto& block) {
        add_block(g, j, h, k, block);
      });
    }
    if (projected_) {
      for (const MomentEntry& entry : out_.entries) spreads_.push_back(spread(entry));
    }
    fill(nu);
  }

  MomentEquations take() { return std::move(out_); }

 private:
  // Least squares, which leaves v = (-beta, 1), and the factor of X'WX.
  void fit_fixed(bool projected) {
    v_ = Vector::Unit(p_ + 1, p_);
    root_ = problem_.fixed.topLeftCorner(p_, p_);
    const bool fine = p_ > 0 && cholesky_lower(root_);
    projected_ = projected && fine;
    if (fine) {
      Vector beta = problem_.fixed.col(p_).head(p_);
      solve_lower(root_, beta);
      solve_lower(root_, beta, true);
      v_.head(p_) = -beta;
    }
    out_.right.resize(1);
    out_.right(0) = v_.dot(problem_.fixed.lazyProduct(v_));
  }

  void add_factor(int g) {
    const int q = problem_.q[at(g)];
    const Index levels = problem_.n_levels[at(g)];
    Factor factor{Matrix(q, levels), Matrix(projected_ ? p_ : 0, projected_ ? q * levels : 0),
                  Matrix::Zero(q, q), Matrix::Zero(q, q)};
    for_levels(problem_, g, [&](Index level, const Matrix& block) {
      for (int a = 0; a < q; ++a) {
        double sum = 0.0;
        for (int k = 0; k <= p_; ++k) sum += block(a, q + k) * v_(k);
        factor.scores(a, level) = sum;
        for (int k = 0; k < p_ && projected_; ++k) {
          factor.loadings(k, level * q + a) = block(a, q + k);
        }
      }
      for (int b = 0; b < q; ++b) {
        for (int a = 0; a < q; ++a) {
          factor.a(a, b) += block(a, b);
          factor.ee(a, b) += factor.scores(a, level) * factor.scores(b, level);
        }
      }
    });
    if (projected_) solve_lower(root_, factor.loadings);
    factors_.push_back(std::move(factor));
    for_levels(problem_, g, [&](Index level, const Matrix& block) {
      add_block(g, level, g, level, block.leftCols(q));
    });
    if (!projected_) return;
    Matrix& a = factors_.back().a;
    const Matrix& loadings = factors_.back().loadings;
    for (Index level = 0; level < levels; ++level) {
      const auto own = loadings.middleCols(level * q, q);
      a -= own.transpose().lazyProduct(own);
    }
  }

  template <class Block>
  void add_block(int g, Index j, int h, Index k, const Block& block) {
    const int rows = problem_.q[at(g)];
    const int columns = problem_.q[at(h)];
    Matrix& sum = pairs_[at(g)][at(h)];
    if (sum.size() == 0) sum.setZero(rows * columns, rows * columns);
    whole_ = block;
    if (projected_) {
      common_ = factors_[at(g)]
                    .loadings.middleCols(j * rows, rows)
                    .transpose()
                    .lazyProduct(factors_[at(h)].loadings.middleCols(k * columns, columns));
      whole_ -= common_;
    }
    add_square(whole_, 1.0, sum);
    if (projected_) add_square(common_, -1.0, sum);
  }

  // sum += sign vec(a) vec(a)'.
  static void add_square(const Matrix& a, double sign, Matrix& sum) {
    const double* from = a.data();
    for (Index s = 0; s < a.size(); ++s) {
      const double value = sign * from[s];
      for (Index t = 0; t < a.size(); ++t) sum(t, s) += from[t] * value;
    }
  }

  // Sum of B_j E B_j' over the levels, B_j the columns of the loadings.
  Matrix spread(const MomentEntry& e) const {
    const Index q = problem_.q[at(e.group)];
    const Matrix& loadings = factors_[at(e.group)].loadings;
    Matrix out = Matrix::Zero(p_, p_);
    for (Index level = 0; level < problem_.n_levels[at(e.group)]; ++level) {
      const auto a = loadings.col(level * q + e.a);
      const auto b = loadings.col(level * q + e.b);
      for (int k = 0; k < p_; ++k) {
        for (int l = 0; l < p_; ++l) out(l, k) += 0.5 * (a(l) * b(k) + b(l) * a(k));
      }
    }
    return out;
  }

  void fill(double nu) {
    const auto size = static_cast<Index>(out_.entries.size());
    const double r2 = out_.right(0);
    out_.right.resize(size + 1);
    out_.right(0) = r2;
    Matrix& system = out_.system;
    system.resize(size + 1, size + 1);
    system(0, 0) = nu;
    for (Index s = 0; s < size; ++s) {
      const MomentEntry& e = out_.entries[at(s)];
      const Factor& factor = factors_[at(e.group)];
      system(0, s + 1) = system(s + 1, 0) = factor.a(e.a, e.b);
      out_.right(s + 1) = factor.ee(e.a, e.b);
      for (Index t = 0; t <= s; ++t) {
        const MomentEntry& f = out_.entries[at(t)];
        const Matrix& one = pairs_[at(e.group)][at(f.group)];
        const Matrix& other = pairs_[at(f.group)][at(e.group)];
        double value = 0.0;
        if (one.size() > 0) {
          value = trace(one, e, f, problem_.q[at(e.group)]);
        } else if (other.size() > 0) {
          value = trace(other, f, e, problem_.q[at(f.group)]);
        }
        if (projected_) value += spreads_[at(s)].cwiseProduct(spreads_[at(t)]).sum();
        system(s + 1, t + 1) = system(t + 1, s + 1) = value;
      }
    }
  }

  const Problem& problem_;
  int p_;
  bool projected_ = false;
  Vector v_;
  Matrix root_;
  std::vector<Factor> factors_;
  PairSums pairs_;
  std::vector<Matrix> spreads_;  // by entry
  Matrix whole_, common_;        // memory of add_block
  MomentEquations out_;
};

}  // namespace

MomentEquations moment_equations(const Problem& problem, double nu, bool projected) {
  return Equations(problem, nu, projected).take();
}

}  // namespace ranef
