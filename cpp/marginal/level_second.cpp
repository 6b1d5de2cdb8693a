#include "marginal/level_second.hpp"

#include <algorithm>
#include <array>

#include "linalg/products.hpp"
#include "linalg/small.hpp"

namespace ranef {

namespace {

using Map = Eigen::Map<Matrix>;
using ConstMap = Eigen::Map<const Matrix>;

// Rows of a run: what the sums read, and the sums of its levels.
class RunSecond {
 public:
  RunSecond(const WorkingRows& rows, const Sweeps& sweeps, const PatternBlocks& p,
            const LevelPoint& point, const std::vector<Matrix>& changes, LevelSecond& out)
      : rows_(rows),
        map_(rows.map()),
        sweeps_(sweeps),
        p_(p),
        point_(point),
        changes_(changes),
        out_(out),
        q_(map_.groups()[0].q),
        count_(rows.coefficients()),
        solved_(static_cast<Index>(changes.size())),
        columns_(solved_ + count_),
        channels_(rows.channels()) {}

  // The part of the Hessian that is to be made symmetric by adding its transpose.
  Matrix half_hessian(const RowRun& run) {
    run_ = run;
    const Index n = run.last_row - run.first_row;
    const Index levels = run.last_level - run.first_level;
    for (HugeVector* own : {&d2_, &d3_, &d4_, &kappa_}) own->resize(at(n));
    psi_.resize(at(channels_));
    for (auto& own : psi_) {
      for (HugeVector& numbers : own) numbers.resize(at(n));
    }
    psi2_.resize(channels_ == 2 ? 3 : at(channels_));
    for (auto& own : psi2_) {
      for (HugeVector& numbers : own) numbers.resize(at(n));
    }
    sides_.assign(at(levels * q_ * count_), 0.0);
    scores_.assign(at(levels * q_ * count_), 0.0);
    weights_.assign(at(levels * q_ * q_ * count_), 0.0);
    moments_.assign(at(levels * q_ * q_), 0.0);
    cubes_.assign(at(levels * q_ * q_ * q_), 0.0);
    half_ = Matrix::Zero(columns_, columns_);
    WorkingRows::for_chunks(run, [&](RowRange part) { read(part); });
    for (Index level = run.first_level; level < run.last_level; ++level) solve(level);
    WorkingRows::for_chunks(run, [&](RowRange part) { sum(part); });
    gather_levels();
    return half_;
  }

 private:
  // Derivatives of the rows, and Z'(l'' x_k + l'_psi psi_k).
  void read(RowRange part) {
    RowBuffer& buffer = buffer_;
    const Index n = part.size();
    const std::size_t to = at(part.from - run_.first_row);
    rows_.derivatives(point_.effects, part, RowOrder::kHessian, buffer);
    double* lev = buffer.level.data();
    double* r = buffer.eta.data();
    rows_.forms(p_, part, lev);
    std::fill_n(r, n, 0.0);
    rows_.add_random(point_.third_effects, part, r);
    // r f - lev g.
    const auto weigh = [&](const RowBuffer::Rows& f, const RowBuffer::Rows& g, HugeVector& out) {
      for (Index i = 0; i < n; ++i) out[to + at(i)] = r[i] * f[at(i)] - lev[i] * g[at(i)];
    };
    const auto keep = [&](const RowBuffer::Rows& from, HugeVector& out) {
      std::copy_n(from.data(), n, out.data() + to);
    };
    keep(buffer.d[2], d2_);
    keep(buffer.d[3], d3_);
    weigh(buffer.d[3], buffer.d[4], kappa_);
    for (std::size_t c = 0; c < psi_.size(); ++c) {
      keep(buffer.psi[c][1], psi_[c][0]);
      keep(buffer.psi[c][2], psi_[c][1]);
      weigh(buffer.psi[c][2], buffer.psi[c][3], psi_[c][2]);
    }
    for (std::size_t c = 0; c < psi2_.size(); ++c) {
      keep(buffer.psi2[c][0], psi2_[c][0]);
      weigh(buffer.psi2[c][1], buffer.psi2[c][2], psi2_[c][1]);
    }
    for (Index k = 0; k < count_; ++k) {
      double* v = buffer.work.data();
      rows_.fixed_change(k, part, v);
      for (Index i = 0; i < n; ++i) v[i] *= d2_[to + at(i)];
      for (int c = 0; c < channels_; ++c) {
        if (!rows_.channel_change(c, k, part, buffer.level.data())) continue;
        for (Index i = 0; i < n; ++i) v[i] += psi_[at(c)][0][to + at(i)] * buffer.level[at(i)];
      }
      add(part, v, k, sides_);
    }
  }

  // Z'v into column k of q x count numbers a level of the run.
  void add(RowRange part, const double* v, Index k, std::vector<double>& to) {
    const Index size = q_ * count_;
    add_to_levels(map_, 0, part, v, {size, q_ * k}, to.data() - run_.first_level * size);
  }

  const double* at_level(const Effects& of, Index level, Index columns = 1) const {
    return &of[0][at(level * q_ * columns)];
  }

  // e_d and b_d of a level.
  void solve(Index level) {
    const StageState& state = sweeps_.stage(0);
    const std::size_t block = at(level) * at(q_ * q_);
    const double* f = &state.f[block];
    const double* own_p = &state.p[block];
    const double* a = sweeps_.c_diagonal(0) + block;
    const double* scores = at_level(point_.scores, level);
    double* e = &out_.e[0][at(level * q_ * columns_)];
    double* b = &out_.b[0][at(level * q_ * columns_)];
    std::vector<double>& v = small_;
    v.resize(at(2 * q_));
    double* w = v.data() + q_;
    for (Index d = 0; d < solved_; ++d, e += q_, b += q_) {
      times(changes_[at(d)].data(), false, scores, v.data());
      times(f, true, v.data(), b);
      times(a, false, v.data(), w);
      times(f, false, w, e);
      for (int i = 0; i < q_; ++i) e[i] = -e[i];
    }
    const double* side = &sides_[at((level - run_.first_level) * q_ * count_)];
    for (Index k = 0; k < count_; ++k, e += q_, b += q_, side += q_) {
      times(own_p, false, side, b);
      times(f, false, side, e);
    }
  }

  void times(const double* a, bool transposed, const double* x, double* out) const {
    for (int i = 0; i < q_; ++i) {
      double sum = 0.0;
      for (int j = 0; j < q_; ++j) sum += (transposed ? a[j + i * q_] : a[i + j * q_]) * x[j];
      out[i] = sum;
    }
  }

  // What rows add along coefficients, and the sums over them by level.
  void sum(RowRange part) {
    const Index n = part.size();
    const std::size_t from = at(part.from - run_.first_row);
    changes_of_.resize(at(count_ * (2 + channels_)));
    const auto change = [&](Index k, int which) -> RowBuffer::Rows& {
      return changes_of_[at(k * (2 + channels_) + which)];
    };
    moves_.resize(at(count_ * channels_));
    for (Index k = 0; k < count_; ++k) {
      rows_.fixed_change(k, part, change(k, 0).data());
      std::copy_n(change(k, 0).data(), n, change(k, 1).data());
      add_columns(part, k, change(k, 1).data());
      for (int c = 0; c < channels_; ++c) {
        moves_[at(k * channels_ + c)] = rows_.channel_change(c, k, part, change(k, 2 + c).data());
      }
    }
    double* u = buffer_.eta.data();
    double* g = buffer_.level.data();
    double* w = buffer_.work.data();
    for (Index k = 0; k < count_; ++k) {
      const double* move = change(k, 1).data();
      for (Index i = 0; i < n; ++i) {
        const std::size_t row = from + at(i);
        u[i] = kappa_[row] * move[i];
        g[i] = d2_[row] * move[i];
        w[i] = -d3_[row] * move[i];
      }
      for (int c = 0; c < channels_; ++c) {
        if (!moves_[at(k * channels_ + c)]) continue;
        const double* psi = change(k, 2 + c).data();
        for (Index i = 0; i < n; ++i) {
          const std::size_t row = from + at(i);
          u[i] += psi_[at(c)][2][row] * psi[i];
          g[i] += psi_[at(c)][0][row] * psi[i];
          w[i] -= psi_[at(c)][1][row] * psi[i];
        }
      }
      add(part, u, k, scores_);
      const Index size = q_ * q_;
      // Blocks of coefficient k stand together: a level has its own in each.
      add_squares(
          map_, 0, part, w,
          weights_.data() + (k * (run_.last_level - run_.first_level) - run_.first_level) * size);
      for (Index l = 0; l < count_; ++l) {
        half_(solved_ + k, solved_ + l) +=
            0.5 * (dot(u, change(l, 1).data(), n) - 2.0 * dot(g, change(l, 0).data(), n));
      }
      for (int c = 0; c < channels_; ++c) {
        double* zeta = w;
        for (Index i = 0; i < n; ++i) {
          const std::size_t row = from + at(i);
          zeta[i] = move[i] * (psi_[at(c)][2][row] - 2.0 * psi_[at(c)][0][row]);
        }
        for (int d = 0; d < channels_; ++d) {
          if (!moves_[at(k * channels_ + d)]) continue;
          const double* psi = change(k, 2 + d).data();
          const auto& both = psi2_[at(c + d)];
          for (Index i = 0; i < n; ++i) {
            const std::size_t row = from + at(i);
            zeta[i] += psi[i] * (both[1][row] - 2.0 * both[0][row]);
          }
        }
        for (Index l = 0; l < count_; ++l) {
          if (!moves_[at(l * channels_ + c)]) continue;
          half_(solved_ + k, solved_ + l) += 0.5 * dot(zeta, change(l, 2 + c).data(), n);
        }
      }
    }
    add_squares(map_, 0, part, kappa_.data() + from, moments_.data() - run_.first_level * q_ * q_);
    for (int a = 0; a < q_; ++a) {
      const double* z = map_.groups()[0].columns[at(a)].from(part.from);
      for (Index i = 0; i < n; ++i) w[i] = -d3_[from + at(i)] * z[i];
      add_squares(map_, 0, part, w,
                  cubes_.data() + a * (run_.last_level - run_.first_level) * q_ * q_ -
                      run_.first_level * q_ * q_);
    }
  }

  // out += z'b_k.
  void add_columns(RowRange part, Index k, double* out) {
    add_effects(map_, 0, part, out_.b[0].data(), {q_ * columns_, q_ * (solved_ + k)}, out);
  }

  // The sums over levels of products of what each level has.
  void gather_levels() {
    const Index levels = run_.last_level - run_.first_level;
    const Index q2 = Index{q_} * q_;
    Matrix linear = Matrix::Zero(q2, columns_);  // sum of (t - 2 e) e_c' or (t - e) e_c', K A_c K'
    Matrix pairs = Matrix::Zero(q2, q2);         // sum of vec(G0) vec(G0)'
    constexpr Index kStack = 32;
    Matrix stack(kStack * q2, columns_);  // R A_d R', P = R'R
    Matrix left(kStack * q_, columns_);
    Matrix right(kStack * q_, columns_);
    Matrix change(q_, q_);
    Matrix product(q_, q_);
    Matrix root(q_, q_);
    Matrix g0(q_, q_);
    Index filled = 0;
    const auto flush = [&] {
      const auto top = stack.topRows(filled * q2);
      ranef::product(-0.5, top, Form::kTransposed, top, Form::kPlain, 1.0, half_);
      ranef::product(1.0, left.topRows(filled * q_), Form::kTransposed, right.topRows(filled * q_),
                     Form::kPlain, 1.0, half_);
      filled = 0;
    };
    const StageState& state = sweeps_.stage(0);
    for (Index k = 0; k < levels; ++k) {
      const Index level = run_.first_level + k;
      const std::size_t block = at(level * q2);
      const ConstMap f(&state.f[block], q_, q_);
      const ConstMap a(sweeps_.c_diagonal(0) + block, q_, q_);
      const ConstMap e(&out_.e[0][at(level * q_ * columns_)], q_, columns_);
      const ConstMap b(&out_.b[0][at(level * q_ * columns_)], q_, columns_);
      const ConstMap score(at_level(point_.scores, level), q_, 1);
      const ConstMap third(at_level(point_.third, level), q_, 1);
      const ConstMap moments(&moments_[at(k * q2)], q_, q_);
      root_of_psd(&state.p[block], q_, root);
      g0.noalias() = f.lazyProduct(a);
      const ConstMap vec(g0.data(), q2, 1);
      pairs.noalias() += vec.lazyProduct(vec.transpose());
      auto own_left = left.middleRows(filled * q_, q_);
      auto own_right = right.middleRows(filled * q_, q_);
      own_left.leftCols(solved_) = b.leftCols(solved_);
      own_left.rightCols(count_).setZero();
      own_right.leftCols(solved_).noalias() = 0.5 * moments.lazyProduct(b.leftCols(solved_));
      own_right.rightCols(count_) = ConstMap(&scores_[at(k * q_ * count_)], q_, count_);
      for (Index c = 0; c < columns_; ++c) {
        if (c < solved_) {
          change.setZero();
          for (int s = 0; s < q_; ++s) {
            change += b(s, c) * ConstMap(&cubes_[at((s * levels + k) * q2)], q_, q_);
          }
        } else {
          change = ConstMap(&weights_[at(((c - solved_) * levels + k) * q2)], q_, q_);
        }
        product.noalias() = f.lazyProduct(change);
        Map sum(linear.col(c).data(), q_, q_);
        sum.noalias() += product.lazyProduct(f.transpose());
        const double share = c < solved_ ? 1.0 : 2.0;
        sum.noalias() += (third - share * score).lazyProduct(e.col(c).transpose());
        product.noalias() = root.lazyProduct(change);
        Map(stack.col(c).data() + filled * q2, q_, q_).noalias() =
            product.lazyProduct(root.transpose());
      }
      if (++filled == kStack) flush();
    }
    flush();
    for (Index d = 0; d < solved_; ++d) {
      const ConstMap own(changes_[at(d)].data(), q2, 1);
      half_.row(d) += own.transpose() * linear;
      for (Index c = 0; c < solved_; ++c) {
        half_(d, c) -= 0.5 * trace_of_pairs(pairs, changes_[at(d)], changes_[at(c)]);
      }
    }
  }

  // sum of tr(G0 D_d G0 D_c).
  double trace_of_pairs(const Matrix& pairs, const Matrix& d, const Matrix& c) const {
    double sum = 0.0;
    for (Index i = 0; i < q_; ++i) {
      for (Index j = 0; j < q_; ++j) {
        if (d(i, j) == 0.0) continue;
        for (Index k = 0; k < q_; ++k) {
          for (Index l = 0; l < q_; ++l) {
            sum += d(i, j) * c(k, l) * pairs(l + i * q_, j + k * q_);
          }
        }
      }
    }
    return sum;
  }

  const WorkingRows& rows_;
  const RowMap& map_;
  const Sweeps& sweeps_;
  const PatternBlocks& p_;
  const LevelPoint& point_;
  const std::vector<Matrix>& changes_;
  LevelSecond& out_;
  int q_;
  Index count_, solved_, columns_;
  int channels_;
  RowRun run_;
  RowBuffer buffer_;
  HugeVector d2_, d3_, d4_, kappa_;              // l'', l''', and r l''' - lev l''''
  std::vector<std::array<HugeVector, 3>> psi_;   // l'_psi, l''_psi, r l''_psi - lev l'''_psi
  std::vector<std::array<HugeVector, 2>> psi2_;  // l_psipsi, r l'_psipsi - lev l''_psipsi
  std::vector<double> sides_, scores_;           // q x count a level
  std::vector<double> weights_, moments_, cubes_;
  std::vector<RowBuffer::Rows> changes_of_;
  std::vector<char> moves_;
  std::vector<double> small_;
  Matrix half_;
};

}  // namespace

LevelSecond level_second(const WorkingRows& rows, const Sweeps& sweeps, const PatternBlocks& p,
                         const LevelPoint& point, const std::vector<Matrix>& changes) {
  const RowMap& map = rows.map();
  const auto columns = static_cast<int>(changes.size()) + static_cast<int>(rows.coefficients());
  LevelSecond out;
  out.e = zero_effects(map.pattern(), columns);
  out.b = out.e;
  std::vector<Matrix> parts(map.runs().size());
  rows.for_runs([&](std::size_t k, const RowRun& run) {
    parts[k] = RunSecond(rows, sweeps, p, point, changes, out).half_hessian(run);
  });
  out.hessian = Matrix::Zero(columns, columns);
  for (const Matrix& part : parts) out.hessian += part + part.transpose();
  return out;
}

}  // namespace ranef
