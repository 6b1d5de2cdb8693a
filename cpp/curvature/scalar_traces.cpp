// In the notation of trace_products.cpp with v_j = U_j Lambda over the tail, M = M^-1 for short and
// K = Q^-1 (REML; zero under ML):
//   u_j B u_j' = v_j M v_j' + x_j K x_j',   W = sum_j v_j' v_j,   G = M W,
//   tr(B W_E B W_E) = tr(G G) + 2 tr(K W_xt M W_tx) + tr(K W_xx K W_xx),
//   g_l' W_E g_l = (M W M)_ll / lambda_l^2 - 2 (M W_tx)_l K x_l' / lambda_l + x_l K W_xx K x_l',
//   N_lk = (delta_lk - M_lk) / (lambda_l lambda_k) - x_l K x_k'.
// G is found by a few rows at a time as sum_j (M v_j') v_j: v_j is sparse, and so many rows of M
// and G stay in the cache.
#include "curvature/scalar_traces.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "linalg/clones.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

constexpr int kRows = 32;

// One column of some rows of a matrix.
struct alignas(64) Column {
  double value[kRows] = {};
};

// v_j of every level, sparse: positions ascend.
struct SparseRows {
  Index count;
  const std::int64_t* start;
  const std::int32_t* position;
  const double* value;
};

// out += M W for some rows of M, both by columns. With the rows of M those from `first` on, adds
// v_j M v_j' up in `inner` as the rows go by; `passed` says how far each level has come.
RANEF_CLONES void add_times_w(const SparseRows& v, const Column* m, Column* out, Index first,
                              std::int32_t* passed, double* inner) {
  for (Index level = 0; level < v.count; ++level) {
    const std::int64_t from = v.start[level];
    const std::int64_t to = v.start[level + 1];
    Column sum;
    for (std::int64_t e = from; e < to; ++e) {
      const double* column = m[v.position[e]].value;
      const double value = v.value[e];
      for (int r = 0; r < kRows; ++r) sum.value[r] += value * column[r];
    }
    const Column mv = sum;  // the sum stays in registers, as nothing asks for one of its elements
    for (std::int64_t e = from; e < to; ++e) {
      double* column = out[v.position[e]].value;
      const double value = v.value[e];
      for (int r = 0; r < kRows; ++r) column[r] += value * mv.value[r];
    }
    std::int64_t e = from + passed[level];
    for (; e < to && v.position[e] < first + kRows; ++e) {
      inner[level] += v.value[e] * mv.value[v.position[e] - first];
    }
    passed[level] = static_cast<std::int32_t>(e - from);
  }
}

// Products of the elements of each row of a and b, summed.
RANEF_CLONES Column row_products(const Column* a, const Column* b, Index n) {
  Column out;
  for (Index t = 0; t < n; ++t) {
    for (int r = 0; r < kRows; ++r) out.value[r] += a[t].value[r] * b[t].value[r];
  }
  return out;
}

// Squares of m_rt s_r s_t + x_rt summed over the columns t of each factor. `x` may be null.
RANEF_CLONES void add_squares(const Column* m, const double* x, const Column& own,
                              const double* scale, const Index* factor, Index n, Column* sums) {
  const Column none;
  for (Index t = 0; t < n; ++t) {
    const double* column = m[t].value;
    const double* fixed = x == nullptr ? none.value : x + t * kRows;
    double* sum = sums[factor[t]].value;
    for (int r = 0; r < kRows; ++r) {
      const double value = column[r] * own.value[r] * scale[t] + fixed[r];
      sum[r] += value * value;
    }
  }
}

class ScalarTraces {
 public:
  ScalarTraces(Criterion& criterion, const std::vector<std::vector<double>>& scores)
      : pattern_(criterion.pattern()),
        sweeps_(criterion.sweeps()),
        stage_(pattern_.chain[0]),
        state_(sweeps_.stage(0)),
        p_(criterion.reml() ? pattern_.p : 0),
        k_(criterion.xx_inverse().topLeftCorner(p_, p_)),
        inverse_(sweeps_.tail_full_inverse()),
        singular_(!sweeps_.tail().c.empty()),
        lambda_(inverse_.rows()),
        factor_(at(inverse_.rows())),
        tail_x_(inverse_.rows(), p_),
        inner_(at(stage_.n_levels), 0.0),
        table_(Matrix::Zero(factors(), factors())) {
    for (std::size_t t = 0; t < pattern_.tail.size(); ++t) {
      const TailGroup& group = pattern_.tail[t];
      for (Index level = 0; level < group.n_levels; ++level) {
        const Index position = pattern_.tail_pattern.position[at(group.offset + level)];
        lambda_(position) = sweeps_.lambda()[at(group.group)](0, 0);
        factor_[at(position)] = static_cast<Index>(t) + 1;
        if (p_ > 0) tail_x_.row(position) = x_of(scores[at(group.group)], level);
      }
    }
    chain_x_.resize(p_, stage_.n_levels);
    for (Index level = 0; p_ > 0 && level < stage_.n_levels; ++level) {
      chain_x_.col(level) = x_of(scores[at(stage_.group)], level).transpose();
    }
    v_ = std::vector<double>(stage_.tail_column.size());
    if (singular_) u_ = v_;
    for (Index level = 0; level < stage_.n_levels; ++level) {
      const double* u = &state_.u[at(stage_.rest_start[at(level)])];
      const std::int32_t* position = stage_.tail_positions(level);
      double* v = &v_[at(stage_.tail_start[at(level)])];
      for (int t = 0; t < stage_.tail_columns(level); ++t) v[t] = u[t] * lambda_(position[t]);
      if (singular_)
        std::copy_n(u, stage_.tail_columns(level), &u_[at(stage_.tail_start[at(level)])]);
    }
  }

  Matrix table() {
    add_products();
    add_fixed();
    double sum = 0.0;
    for (Index level = 0; level < stage_.n_levels; ++level) {
      const double s = state_.f[at(level)] * sweeps_.c_diagonal(0)[level];
      double inner = inner_[at(level)];
      if (p_ > 0) inner += chain_x_.col(level).dot(k_ * chain_x_.col(level));
      sum += s * (s - 2.0 * inner);
    }
    table_(0, 0) += sum;
    return table_;
  }

 private:
  Index factors() const { return static_cast<Index>(pattern_.tail.size()) + 1; }

  Eigen::RowVectorXd x_of(const std::vector<double>& scores, Index level) const {
    return Eigen::Map<const Eigen::RowVectorXd>(&scores[at(level * pattern_.m)], pattern_.m)
        .head(p_);
  }

  // What needs all elements of M: G, M W M on its diagonal, N over the tail.
  void add_products() {
    const Index n = inverse_.rows();
    const SparseRows v{stage_.n_levels, stage_.tail_start.data(), stage_.tail_position.data(),
                       v_.data()};
    const Vector scale = singular_ ? Vector::Ones(n) : Vector(lambda_.cwiseInverse());
    const Matrix kx = times(k_, Form::kPlain, tail_x_, Form::kTransposed);
    Matrix x(kRows, p_);
    Matrix x_kx(kRows, p_ > 0 ? n : 0);
    Matrix g(n, n);  // transposed
    std::vector<Column> m(at(n));
    std::vector<Column> mw(at(n));
    std::vector<std::int32_t> passed(at(stage_.n_levels), 0);
    for (Index first = 0; first < n; first += kRows) {
      const auto rows = static_cast<int>(std::min<Index>(kRows, n - first));
      for (Index t = 0; t < n; ++t) {
        m[at(t)] = mw[at(t)] = Column();
        for (int r = 0; r < rows; ++r) m[at(t)].value[r] = inverse_(t, first + r);
      }
      add_times_w(v, m.data(), mw.data(), first, passed.data(), inner_.data());
      for (Index t = 0; t < n; ++t) {
        for (int r = 0; r < rows; ++r) g(t, first + r) = mw[at(t)].value[r];
      }
      Column own;  // -1 / lambda of each row
      if (singular_) {
        columns_of_f(first, rows, m, mw);
        std::fill_n(own.value, rows, 1.0);
      }
      const Column mwm = row_products(m.data(), mw.data(), n);
      if (singular_) {
        columns_of_n(m);
      } else {
        for (int r = 0; r < rows; ++r) {
          own.value[r] = -scale(first + r);
          m[at(first + r)].value[r] -= 1.0;
        }
      }
      if (p_ > 0) {
        x.setZero();
        x.topRows(rows) = tail_x_.middleRows(first, rows);
        product(-1.0, x, Form::kPlain, kx, Form::kPlain, 0.0, x_kx);
      }
      std::vector<Column> squares(at(factors()));
      add_squares(m.data(), p_ > 0 ? x_kx.data() : nullptr, own, scale.data(), factor_.data(), n,
                  squares.data());
      for (int r = 0; r < rows; ++r) {
        const Index factor = factor_[at(first + r)];
        for (Index other = 0; other < factors(); ++other) {
          table_(factor, other) += squares[at(other)].value[r];
        }
        add_symmetric(factor, mwm.value[r] * scale(first + r) * scale(first + r));
      }
    }
    constexpr Index kTile = 64;
    for (Index j = 0; j < n; j += kTile) {
      const Index columns = std::min(kTile, n - j);
      for (Index i = j; i < n; i += kTile) {
        const Index rows = std::min(kTile, n - i);
        const Matrix other = g.block(j, i, columns, rows).transpose();
        const double sum = g.block(i, j, rows, columns).cwiseProduct(other).sum();
        table_(0, 0) += i == j ? sum : 2.0 * sum;
      }
    }
  }

  // Where some lambda is nearly zero nothing can be divided by it. In place of M the columns of
  // F' = I - P C then stand, in place of M W those of F' times W without the lambdas,
  void columns_of_f(Index first, int rows, std::vector<Column>& m, std::vector<Column>& mw) {
    const Index n = inverse_.rows();
    Matrix f = Matrix::Zero(n, kRows);
    for (int r = 0; r < rows; ++r) f(first + r, r) = 1.0;
    const Matrix c = lambda_.asDiagonal() * sweeps_.tail().c.times(f);
    Matrix solved(n, kRows);
    product(1.0, inverse_, Form::kPlain, c, Form::kPlain, 0.0, solved);
    f -= lambda_.asDiagonal() * solved;
    for (Index t = 0; t < n; ++t) {
      mw[at(t)] = Column();
      for (int r = 0; r < kRows; ++r) m[at(t)].value[r] = f(t, r);
    }
    const SparseRows u{stage_.n_levels, stage_.tail_start.data(), stage_.tail_position.data(),
                       u_.data()};
    std::vector<std::int32_t> passed(at(stage_.n_levels), 0);
    add_times_w(u, m.data(), mw.data(), -kRows, passed.data(), nullptr);  // no row is among these
  }

  // and then those of N = C F'.
  void columns_of_n(std::vector<Column>& m) {
    const Index n = inverse_.rows();
    Matrix f(n, kRows);
    for (Index t = 0; t < n; ++t) {
      for (int r = 0; r < kRows; ++r) f(t, r) = m[at(t)].value[r];
    }
    f = sweeps_.tail().c.times(f);
    for (Index t = 0; t < n; ++t) {
      for (int r = 0; r < kRows; ++r) m[at(t)].value[r] = f(t, r);
    }
  }

  // Terms between the chain factor and one of the tail.
  void add_symmetric(Index factor, double value) {
    table_(0, factor) += value;
    table_(factor, 0) += value;
  }

  // What the fixed effects add under REML.
  void add_fixed() {
    if (p_ == 0) return;
    Matrix w_tx = Matrix::Zero(p_, inverse_.rows());  // transposed
    for (Index level = 0; level < stage_.n_levels; ++level) {
      const std::int32_t* position = stage_.tail_positions(level);
      const double* v = &v_[at(stage_.tail_start[at(level)])];
      for (int t = 0; t < stage_.tail_columns(level); ++t) {
        w_tx.col(position[t]) += v[t] * chain_x_.col(level);
      }
    }
    const Matrix w_xx = outer_gram(chain_x_);
    const Matrix m_tx = times(inverse_, Form::kPlain, w_tx, Form::kTransposed);
    const Matrix kw = times(k_, w_xx);
    table_(0, 0) += 2.0 * times(k_, times(w_tx, m_tx)).trace() + times(kw, kw).trace();
    const Matrix x_k = times(tail_x_, k_);
    const Matrix x_k_w = times(x_k, w_xx);
    Matrix f_tx;
    if (singular_) {
      f_tx = Matrix::Zero(inverse_.rows(), p_);
      for (Index level = 0; level < stage_.n_levels; ++level) {
        const std::int32_t* position = stage_.tail_positions(level);
        const double* u = &u_[at(stage_.tail_start[at(level)])];
        for (int t = 0; t < stage_.tail_columns(level); ++t) {
          f_tx.row(position[t]) += u[t] * chain_x_.col(level).transpose();
        }
      }
      f_tx -= sweeps_.tail().c.times(lambda_.asDiagonal() * m_tx);
    } else {
      f_tx = lambda_.cwiseInverse().asDiagonal() * m_tx;
    }
    for (Index t = 0; t < inverse_.rows(); ++t) {
      const auto own = x_k.row(t);
      add_symmetric(factor_[at(t)], x_k_w.row(t).dot(own) - 2.0 * f_tx.row(t).dot(own));
    }
  }

  const Pattern& pattern_;
  Sweeps& sweeps_;
  const Stage& stage_;
  const StageState& state_;
  Index p_;
  Matrix k_;
  Matrix inverse_;
  bool singular_;              // whether some lambda is nearly zero
  Vector lambda_;              // at each position
  std::vector<Index> factor_;  // row of the table of each position
  Matrix tail_x_;
  std::vector<double> inner_;  // v_j M v_j' of each level
  Matrix chain_x_;             // by level, in columns
  std::vector<double> v_;      // as the stage's tail columns
  std::vector<double> u_;      // the same without the lambdas, where one is nearly zero
  Matrix table_;
};

}  // namespace

bool has_scalar_traces(const Sweeps& sweeps) {
  const Pattern& pattern = sweeps.pattern();
  return std::all_of(pattern.q.begin(), pattern.q.end(), [](int q) { return q == 1; }) &&
         pattern.chain.size() == 1 && pattern.tail_columns > 0;
}

Matrix scalar_traces(Criterion& criterion, const std::vector<std::vector<double>>& scores) {
  return ScalarTraces(criterion, scores).table();
}

}  // namespace ranef
