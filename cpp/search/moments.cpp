#include "search/moments.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "search/level_moments.hpp"

namespace ranef {

namespace {

// Sums of vec(A) vec(A)' over the blocks between two factors, for one order of each pair. Blocks of
// levels that never meet are A = -C with C_jk = B_j'B_k from the loadings, and are summed apart: of
// the others the square of C is taken out here.
using PairSums = std::vector<std::vector<Matrix>>;

// Calls use(group, level, other, other_level, block) for the blocks Z_j'W Z_k that occur between
// levels of different factors, each once.
template <class Use>
void for_pairs(const Arranged& arranged, Use use) {
  for (std::size_t i = 0; i < arranged->chain.size(); ++i) {
    const Stage& stage = arranged->chain[i];
    for (Index level = 0; level < stage.n_levels; ++level) {
      const double* next =
          &arranged.numbers.chain[i].rest[at(stage.rest_start[at(level)]) * at(stage.q)];
      for (std::size_t k = 0; k < stage.parent.size(); ++k) {
        const Stage& later = arranged->chain[i + 1 + k];
        use(stage.group, level, later.group, Index{stage.parent[k][at(level)]},
            Eigen::Map<const Matrix>(next, stage.q, later.q));
        next += stage.q * later.q;
      }
      // The columns of one tail level stand side by side.
      const std::int32_t* list = stage.tail_list(level);
      for (int t = 0; t < stage.tail_columns(level);) {
        const auto group = std::find_if(arranged->tail.rbegin(), arranged->tail.rend(),
                                        [&](const TailGroup& g) { return g.offset <= list[t]; });
        use(stage.group, level, group->group, (list[t] - group->offset) / group->q,
            Eigen::Map<const Matrix>(next, stage.q, group->q));
        next += stage.q * group->q;
        t += group->q;
      }
    }
  }
  for (std::size_t t = 0; t < arranged->tail_pairs.size(); ++t) {
    const TailPair& pair = arranged->tail_pairs[t];
    const TailGroup& first = arranged->tail[pair.first];
    const TailGroup& second = arranged->tail[pair.second];
    const Index size = Index{first.q} * second.q;
    for (Index level = 0; level < first.n_levels; ++level) {
      for (auto k = at(pair.start[at(level)]); k < at(pair.start[at(level) + 1]); ++k) {
        const double* block = &arranged.numbers.tail_pairs[t][k * at(size)];
        use(first.group, level, second.group, Index{pair.level[k]},
            Eigen::Map<const Matrix>(block, first.q, second.q));
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

FixedFit fixed_fit(const Arranged& arranged, bool projected) {
  const int p = arranged->p;
  FixedFit out;
  out.v = Vector::Unit(p + 1, p);
  out.root = arranged.numbers.fixed.topLeftCorner(p, p);
  if (p == 0 || !cholesky_lower(out.root)) return out;
  Vector beta = arranged.numbers.fixed.col(p).head(p);
  solve_lower(out.root, beta);
  solve_lower(out.root, beta, true);
  out.v.head(p) = -beta;
  out.projected = projected;
  return out;
}

class Equations {
 public:
  Equations(const Arranged& arranged, double nu, bool projected, int threads)
      : arranged_(arranged), fit_(fixed_fit(arranged, projected)), pairs_(at(arranged->n_groups)) {
    for (int g = 0; g < arranged->n_groups; ++g) {
      loadings_.emplace_back();
      levels_.push_back(level_moments(arranged, g, fit_, threads, loadings_.back()));
      pairs_[at(g)].resize(at(arranged->n_groups));
      pairs_[at(g)][at(g)] = std::move(levels_.back().aa);
      for (int b = 0, entry = 0; b < arranged->q[at(g)]; ++b) {
        for (int a = b; a < arranged->q[at(g)]; ++a, ++entry) {
          out_.entries.push_back({g, a, b});
          if (fit_.projected) spreads_.push_back(&levels_.back().spreads[at(entry)]);
        }
      }
    }
    if (arranged->n_groups > 1) {
      for_pairs(arranged, [&](int g, Index j, int h, Index k, const auto& block) {
        add_block(g, j, h, k, block.data());
      });
    }
    for (std::vector<Matrix>& row : pairs_) {
      for (Matrix& sum : row) sum.triangularView<Eigen::StrictlyUpper>() = sum.transpose();
    }
    fill(nu);
  }

  MomentEquations take() { return std::move(out_); }

 private:
  // Adds a block Z_j'W Z_k to the lower triangle of its sum.
  void add_block(int g, Index j, int h, Index k, const double* block) {
    const int rows = arranged_->q[at(g)];
    const int columns = arranged_->q[at(h)];
    const int size = rows * columns;
    Matrix& sum = pairs_[at(g)][at(h)];
    if (sum.size() == 0) sum.setZero(size, size);
    if (!fit_.projected) return add_square(size, block, 1.0, sum.data());
    whole_.resize(at(size));
    common_.resize(at(size));
    const Matrix& left = loadings_[at(g)];
    const Matrix& right = loadings_[at(h)];
    for (int b = 0, entry = 0; b < columns; ++b) {
      for (int a = 0; a < rows; ++a, ++entry) {
        const double* x = left.data() + (j * rows + a) * left.rows();
        const double* y = right.data() + (k * columns + b) * right.rows();
        double dot = 0.0;
        for (Index i = 0; i < left.rows(); ++i) dot += x[i] * y[i];
        common_[at(entry)] = dot;
        whole_[at(entry)] = block[entry] - dot;
      }
    }
    add_square(size, common_.data(), -1.0, sum.data());
    add_square(size, whole_.data(), 1.0, sum.data());
  }

  // Lower triangle of sum += sign vec(a) vec(a)'.
  static void add_square(int size, const double* a, double sign, double* sum) {
    for (int s = 0; s < size; ++s, sum += size) {
      const double value = sign * a[s];
      for (int t = s; t < size; ++t) sum[t] += a[t] * value;
    }
  }

  void fill(double nu) {
    const auto size = static_cast<Index>(out_.entries.size());
    out_.right.resize(size + 1);
    out_.right(0) = fit_.v.dot(arranged_.numbers.fixed.lazyProduct(fit_.v));
    Matrix& system = out_.system;
    system.resize(size + 1, size + 1);
    system(0, 0) = nu;
    for (Index s = 0; s < size; ++s) {
      const MomentEntry& e = out_.entries[at(s)];
      const LevelMoments& levels = levels_[at(e.group)];
      system(0, s + 1) = system(s + 1, 0) = levels.a(e.a, e.b);
      out_.right(s + 1) = levels.ee(e.a, e.b);
      for (Index t = 0; t <= s; ++t) {
        const MomentEntry& f = out_.entries[at(t)];
        const Matrix& one = pairs_[at(e.group)][at(f.group)];
        const Matrix& other = pairs_[at(f.group)][at(e.group)];
        double value = 0.0;
        if (one.size() > 0) {
          value = trace(one, e, f, arranged_->q[at(e.group)]);
        } else if (other.size() > 0) {
          value = trace(other, f, e, arranged_->q[at(f.group)]);
        }
        if (fit_.projected) value += spreads_[at(s)]->cwiseProduct(*spreads_[at(t)]).sum();
        system(s + 1, t + 1) = system(t + 1, s + 1) = value;
      }
    }
  }

  const Arranged& arranged_;
  const FixedFit fit_;
  std::deque<LevelMoments> levels_;  // by factor; what is kept stays where it is
  std::vector<Matrix> loadings_;     // by factor: its B_j side by side
  PairSums pairs_;
  std::vector<const Matrix*> spreads_;  // by entry
  std::vector<double> whole_, common_;  // memory of add_block
  MomentEquations out_;
};

}  // namespace

MomentEquations moment_equations(const Arranged& arranged, double nu, bool projected, int threads) {
  return Equations(arranged, nu, projected, threads).take();
}

}  // namespace ranef
