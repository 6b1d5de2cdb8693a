#include "marginal/level_second.hpp"

#include <algorithm>

#include "linalg/products.hpp"
#include "linalg/small.hpp"

namespace ranef {

namespace {

// The rows of a run: sums over them, and over what its levels make of these.
//
// With x_k and psi_k the changes of a row along coefficient k, kappa = r l''' - lev l'''' and the
// like for psi, rows add by level
//
//   A_k = Z'(kappa x_k + ..), S_k = Z'(l'' x_k + ..), O_k = Z'diag(-l''' x_k - ..)Z, M = Z'kappa Z,
//
// and levels know n_k = x_k + z'b_k from there. A column of X that is one of Z, as those of a
// random slope are, has sums that other ones hold already.
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
        fixed_(static_cast<Index>(map_.fixed().size())),
        count_(rows.coefficients()),
        solved_(static_cast<Index>(changes.size())),
        columns_(solved_ + count_),
        channels_(rows.channels()),
        twin_(at(count_), -1) {
    const std::vector<SortedColumn>& z = map_.groups()[0].columns;
    for (Index k = 0; k < fixed_; ++k) {
      for (int a = 0; a < q_; ++a) {
        if (z[at(a)].values == map_.fixed()[at(k)].values) twin_[at(k)] = a;
      }
    }
  }

  // The part of the Hessian that is to be made symmetric by adding its transpose.
  Matrix half_hessian(const RowRun& run) {
    run_ = run;
    const Index levels = run.last_level - run.first_level;
    sides_.assign(at(levels * q_ * count_), 0.0);
    scores_.assign(at(levels * q_ * count_), 0.0);
    weights_.assign(at(levels * q_ * q_ * count_), 0.0);
    moments_.assign(at(levels * q_ * q_), 0.0);
    cubes_.assign(at(levels * q_ * q_ * q_), 0.0);
    half_ = Matrix::Zero(columns_, columns_);
    WorkingRows::for_chunks(run, [&](RowRange part) { sum(part); });
    with_size(q_, [&](auto size) { gather_levels<decltype(size)::value>(); });
    return half_;
  }

 private:
  // How a coefficient after beta changes a psi.
  struct Move {
    bool moves = false;
    RowBuffer::Rows rows;
  };

  void sum(RowRange part) {
    const Index n = part.size();
    RowBuffer& rows = buffer_;
    rows_.derivatives(point_.effects, part, RowOrder::kHessian, rows);
    double* lev = rows.level.data();
    double* r = rows.eta.data();
    rows_.forms(p_, part, lev);
    std::fill_n(r, n, 0.0);
    rows_.add_random(point_.third_effects, part, r);
    // r f - lev g goes to `to`, and less 2 h to `left`: no further derivatives are needed there.
    const auto weigh = [&](const double* f, const double* g, const double* h, double* to,
                           double* left) {
      for (Index i = 0; i < n; ++i) {
        const double value = r[i] * f[i] - lev[i] * g[i];
        const double twice = 2.0 * h[i];
        to[i] = value;
        left[i] = value - twice;
      }
    };
    auto& d = rows.d;
    weigh(d[3].data(), d[4].data(), d[2].data(), d[4].data(), d[1].data());
    for (Index i = 0; i < n; ++i) d[3][at(i)] = -d[3][at(i)];
    for (int c = 0; c < channels_; ++c) {
      auto& psi = rows.psi[at(c)];
      weigh(psi[2].data(), psi[3].data(), psi[1].data(), psi[0].data(), psi[3].data());
      for (Index i = 0; i < n; ++i) psi[2][at(i)] = -psi[2][at(i)];
    }
    for (std::size_t c = 0; c < (channels_ == 2 ? 3 : at(channels_)); ++c) {
      auto& both = rows.psi2[c];
      weigh(both[1].data(), both[2].data(), both[0].data(), both[1].data(), both[2].data());
    }
    moves_.resize(at((count_ - fixed_) * channels_));
    for (Index k = fixed_; k < count_; ++k) {
      for (int c = 0; c < channels_; ++c) {
        Move& own = moves_[at((k - fixed_) * channels_ + c)];
        own.moves = rows_.channel_change(c, k, part, own.rows.data());
      }
    }
    sum_by_level(part);
    sum_pairs(part);
  }

  const Move& move(Index k, int channel) const {
    return moves_[at((k - fixed_) * channels_ + channel)];
  }

  // out = base x_k, or the sum of own(channel) psi_k.
  template <class Own>
  void along(Index k, RowRange part, const RowBuffer::Rows& base, Own own, double* out) const {
    const Index n = part.size();
    if (k < fixed_) {
      const double* x = map_.fixed()[at(k)].from(part.from);
      for (Index i = 0; i < n; ++i) out[i] = base[at(i)] * x[i];
      return;
    }
    std::fill_n(out, n, 0.0);
    for (int c = 0; c < channels_; ++c) {
      if (!move(k, c).moves) continue;
      const double* by = own(c).data();
      const double* psi = move(k, c).rows.data();
      for (Index i = 0; i < n; ++i) out[i] += by[i] * psi[i];
    }
  }

  void sum_by_level(RowRange part) {
    const Index levels = run_.last_level - run_.first_level;
    // Blocks of one coefficient or column stand together: a level has its own in each.
    const auto add_blocks = [&](const double* w, std::vector<double>& to, Index k) {
      add_squares(map_, 0, part, w, to.data() + (k * levels - run_.first_level) * q_ * q_);
    };
    const auto add_scores = [&](const double* v, std::vector<double>& to, Index k) {
      const Index size = q_ * count_;
      add_to_levels(map_, 0, part, v, {size, q_ * k}, to.data() - run_.first_level * size);
    };
    const auto psi = [&](std::size_t k) {
      return [this, k](int c) -> const RowBuffer::Rows& { return buffer_.psi[at(c)][k]; };
    };
    const auto& d = buffer_.d;
    double* v = buffer_.work.data();
    add_blocks(d[4].data(), moments_, 0);
    for (int a = 0; a < q_; ++a) {
      const double* z = map_.groups()[0].columns[at(a)].from(part.from);
      for (Index i = 0; i < part.size(); ++i) v[i] = d[3][at(i)] * z[i];
      add_blocks(v, cubes_, a);
    }
    for (Index k = 0; k < count_; ++k) {
      if (twin_[at(k)] >= 0) continue;
      along(k, part, d[4], psi(0), v);
      add_scores(v, scores_, k);
      along(k, part, d[2], psi(1), v);
      add_scores(v, sides_, k);
      along(k, part, d[3], psi(2), v);
      add_blocks(v, weights_, k);
    }
  }

  // What two coefficients have in common without random effects.
  void sum_pairs(RowRange part) {
    const Index n = part.size();
    double* v = buffer_.work.data();
    const auto add = [&](Index k, Index l, const double* other) {
      half_(solved_ + k, solved_ + l) += (k == l ? 0.5 : 1.0) * dot(v, other, n);
    };
    for (Index k = 0; k < count_; ++k) {
      const auto left = [this](int c) -> const RowBuffer::Rows& { return buffer_.psi[at(c)][3]; };
      along(k, part, buffer_.d[1], left, v);
      for (Index l = 0; l < std::min(k + 1, fixed_); ++l) {
        add(k, l, map_.fixed()[at(l)].from(part.from));
      }
      for (int c = 0; c < channels_ && k >= fixed_; ++c) {
        const auto both = [this, c](int other) -> const RowBuffer::Rows& {
          return buffer_.psi2[at(c + other)][2];
        };
        along(k, part, buffer_.d[1], both, v);
        for (Index l = fixed_; l <= k; ++l) {
          if (move(l, c).moves) add(k, l, move(l, c).rows.data());
        }
      }
    }
  }

  // The sums over levels of products of what each level has.
  template <int Q>
  void gather_levels() {
    constexpr int kQ = Q == 0 ? Eigen::Dynamic : Q;
    constexpr int kSquare = Q == 0 ? Eigen::Dynamic : Q * Q;
    using Square = Eigen::Matrix<double, kQ, kQ>;
    using Column = Eigen::Matrix<double, kQ, 1>;
    using Columns = Eigen::Matrix<double, kQ, Eigen::Dynamic>;
    using SquareMap = Eigen::Map<const Square>;
    using ColumnMap = Eigen::Map<const Column>;
    const Index levels = run_.last_level - run_.first_level;
    const Index q2 = Index{q_} * q_;
    Matrix linear = Matrix::Zero(q2, columns_);  // sum of (t - 2 e) e_c' or (t - e) e_c', K A_c K'
    Matrix pairs = Matrix::Zero(q2, q2);         // sum of vec(G0) vec(G0)'
    constexpr Index kStack = 32;
    Matrix stack(kStack * q2, columns_);  // R A_d R', P = R'R
    Matrix left(kStack * q_, columns_);   // b
    Matrix right(kStack * q_, columns_);  // what it meets along a change of D
    Matrix others(kStack * q_, count_);   // and along a coefficient
    Columns side(q_, count_);
    Columns score(q_, count_);
    Square change(q_, q_);
    Square product(q_, q_);
    Square g0(q_, q_);
    Matrix root(q_, q_);
    Index filled = 0;
    const auto flush = [&] {
      const auto add = [&](double by, const auto& a, const auto& b, auto&& to) {
        ranef::product(by, a, Form::kTransposed, b, Form::kPlain, 1.0, to);
      };
      const Index size = filled * q_;
      add(-0.5, stack.topRows(filled * q2), stack.topRows(filled * q2), half_);
      add(1.0, left.topLeftCorner(size, solved_), right.topRows(size), half_.topRows(solved_));
      add(1.0, left.block(0, solved_, size, count_), others.topRows(size),
          half_.bottomRightCorner(count_, count_));
      filled = 0;
    };
    const StageState& state = sweeps_.stage(0);
    for (Index k = 0; k < levels; ++k) {
      const Index level = run_.first_level + k;
      const std::size_t block = at(level * q2);
      const SquareMap f(&state.f[block], q_, q_);
      const SquareMap own_p(&state.p[block], q_, q_);
      const SquareMap a(sweeps_.c_diagonal(0) + block, q_, q_);
      const SquareMap moments(&moments_[at(k * q2)], q_, q_);
      const ColumnMap e_hat(&point_.scores[0][at(level * q_)], q_);
      const ColumnMap third(&point_.third[0][at(level * q_)], q_);
      for (Index c = 0; c < count_; ++c) {
        const int twin = twin_[at(c)];
        if (twin >= 0) {
          side.col(c) = -a.col(twin);
          score.col(c) = moments.col(twin);
        } else {
          side.col(c) = ColumnMap(&sides_[at((k * count_ + c) * q_)], q_);
          score.col(c) = ColumnMap(&scores_[at((k * count_ + c) * q_)], q_);
        }
      }
      g0.noalias() = f.lazyProduct(a);
      const Eigen::Map<const Eigen::Matrix<double, kSquare, 1>> vec(g0.data(), q2);
      pairs.noalias() += vec.lazyProduct(vec.transpose());

      Eigen::Map<Columns> e(&out_.e[0][at(level * q_ * columns_)], q_, columns_);
      Eigen::Map<Columns> b(&out_.b[0][at(level * q_ * columns_)], q_, columns_);
      for (Index d = 0; d < solved_; ++d) {
        const Column moved = SquareMap(changes_[at(d)].data(), q_, q_).lazyProduct(e_hat);
        b.col(d).noalias() = f.transpose().lazyProduct(moved);
        e.col(d).noalias() = -(g0.lazyProduct(moved));
      }
      b.rightCols(count_).noalias() = own_p.lazyProduct(side);
      e.rightCols(count_).noalias() = f.lazyProduct(side);

      auto meets = right.middleRows(filled * q_, q_);
      left.middleRows(filled * q_, q_) = b;
      meets.noalias() = moments.lazyProduct(b);
      others.middleRows(filled * q_, q_) = 0.5 * meets.rightCols(count_) + score - side;
      meets.leftCols(solved_) *= 0.5;
      meets.rightCols(count_) += score;

      root_of_psd(own_p.data(), q_, root);
      const Square r = root;
      for (Index c = 0; c < columns_; ++c) {
        const int twin = c < solved_ ? -1 : twin_[at(c - solved_)];
        if (c < solved_ || twin >= 0) {
          change.setZero();
        } else {
          change = SquareMap(&weights_[at(((c - solved_) * levels + k) * q2)], q_, q_);
        }
        for (int s = 0; s < q_; ++s) {
          const double by = b(s, c) + (s == twin ? 1.0 : 0.0);
          change += by * SquareMap(&cubes_[at((s * levels + k) * q2)], q_, q_);
        }
        product.noalias() = f.lazyProduct(change);
        Eigen::Map<Square> sum(linear.col(c).data(), q_, q_);
        sum.noalias() += product.lazyProduct(f.transpose());
        const double share = c < solved_ ? 1.0 : 2.0;
        sum.noalias() += (third - share * e_hat).lazyProduct(e.col(c).transpose());
        product.noalias() = r.lazyProduct(change);
        Eigen::Map<Square>(stack.col(c).data() + filled * q2, q_, q_).noalias() =
            product.lazyProduct(r.transpose());
      }
      if (++filled == kStack) flush();
    }
    flush();
    for (Index d = 0; d < solved_; ++d) {
      const Eigen::Map<const Matrix> own(changes_[at(d)].data(), q2, 1);
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
  Index fixed_, count_, solved_, columns_;
  int channels_;
  std::vector<int> twin_;  // of each coefficient: the column of Z that its column of X is, or -1
  RowRun run_;
  RowBuffer buffer_;
  std::vector<Move> moves_;
  std::vector<double> sides_, scores_;  // S and A, q x count a level
  std::vector<double> weights_, moments_, cubes_;
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
