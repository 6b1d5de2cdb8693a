// In the notation of trace_products.cpp with v_j = U_j Lambda over the tail, M = M^-1 for short and
// K = Q^-1 (REML; zero under ML):
//   u_j B u_j' = v_j M v_j' + x_j K x_j',   W = sum_j v_j' v_j,   G = M W,
//   tr(B W_E B W_E) = tr(G G) + 2 tr(K W_xt M W_tx) + tr(K W_xx K W_xx),
//   g_l' W_E g_l = (M W M)_ll / lambda_l^2 - 2 (M W_tx)_l K x_l' / lambda_l + x_l K W_xx K x_l',
//   N_lk = (delta_lk - M_lk) / (lambda_l lambda_k) - x_l K x_k'.
// G is found by a few rows at a time as sum_j (M v_j') v_j: v_j is sparse, and so many rows of M
// and G stay in the cache.
#include "scalar_traces.hpp"

#include <algorithm>

namespace ranef {

namespace {

constexpr Index kRows = 16;
using Panel = Eigen::Matrix<double, kRows, Eigen::Dynamic>;

class ScalarTraces {
 public:
  ScalarTraces(Criterion& criterion, const std::vector<std::vector<double>>& scores)
      : problem_(criterion.problem()),
        sweeps_(criterion.sweeps()),
        stage_(problem_.chain[0]),
        state_(sweeps_.stage(0)),
        p_(criterion.reml() ? problem_.p : 0),
        k_(criterion.xx_inverse().topLeftCorner(p_, p_)),
        inverse_(sweeps_.tail_full_inverse()),
        lambda_(inverse_.rows()),
        factor_(at(inverse_.rows())),
        tail_x_(inverse_.rows(), p_),
        inner_(Vector::Zero(stage_.n_levels)),
        passed_(at(stage_.n_levels), 0),
        table_(Matrix::Zero(factors(), factors())) {
    for (std::size_t t = 0; t < problem_.tail.size(); ++t) {
      const TailGroup& group = problem_.tail[t];
      for (Index level = 0; level < group.n_levels; ++level) {
        const Index position = problem_.tail_pattern.position[at(group.offset + level)];
        lambda_(position) = sweeps_.lambda()[at(group.group)](0, 0);
        factor_[at(position)] = static_cast<Index>(t) + 1;
        tail_x_.row(position) = x_of(scores[at(group.group)], level);
      }
    }
    chain_x_.resize(p_, stage_.n_levels);
    for (Index level = 0; level < stage_.n_levels; ++level) {
      chain_x_.col(level) = x_of(scores[at(stage_.group)], level).transpose();
    }
    v_ = std::vector<double>(stage_.tail_column.size());
    for (Index level = 0; level < stage_.n_levels; ++level) {
      const double* u = &state_.u[at(stage_.rest_start[at(level)])];
      const std::int32_t* position = stage_.tail_positions(level);
      double* v = &v_[at(stage_.tail_start[at(level)])];
      for (int t = 0; t < stage_.tail_columns(level); ++t) v[t] = u[t] * lambda_(position[t]);
    }
  }

  Matrix table() {
    add_products();
    add_fixed();
    double sum = 0.0;
    for (Index level = 0; level < stage_.n_levels; ++level) {
      const double s = state_.f[at(level)] * stage_.diagonal[at(level)];
      double inner = inner_(level);
      if (p_ > 0) inner += chain_x_.col(level).dot(k_ * chain_x_.col(level));
      sum += s * (s - 2.0 * inner);
    }
    table_(0, 0) += sum;
    return table_;
  }

 private:
  Index factors() const { return static_cast<Index>(problem_.tail.size()) + 1; }

  Eigen::RowVectorXd x_of(const std::vector<double>& scores, Index level) const {
    return Eigen::Map<const Eigen::RowVectorXd>(&scores[at(level * problem_.m)], problem_.m)
        .head(p_);
  }

  // What needs all elements of M: G, M W M on its diagonal, N over the tail.
  void add_products() {
    const Index n = inverse_.rows();
    Matrix g(n, n);
    Panel m(kRows, n);
    Panel mw(kRows, n);
    const Matrix kx = k_ * tail_x_.transpose();
    for (Index first = 0; first < n; first += kRows) {
      const Index rows = std::min(kRows, n - first);
      m.setZero();
      m.topRows(rows) = inverse_.middleRows(first, rows);
      times_w(m, first, mw);
      g.middleRows(first, rows) = mw.topRows(rows);
      const Eigen::Matrix<double, kRows, 1> mwm = m.cwiseProduct(mw).rowwise().sum();
      Matrix squares = Matrix::Zero(kRows, factors());
      for (Index t = 0; t < n; ++t) {
        Eigen::Matrix<double, kRows, 1> value = -m.col(t) / lambda_(t);
        if (t >= first && t < first + rows) value(t - first) += 1.0 / lambda_(t);
        for (Index r = 0; r < rows; ++r) value(r) /= lambda_(first + r);
        if (p_ > 0) value.head(rows) -= tail_x_.middleRows(first, rows) * kx.col(t);
        squares.col(factor_[at(t)]).head(rows) += value.head(rows).cwiseAbs2();
      }
      for (Index r = 0; r < rows; ++r) {
        const Index factor = factor_[at(first + r)];
        table_.row(factor) += squares.row(r);
        add_symmetric(factor, mwm(r) / (lambda_(first + r) * lambda_(first + r)));
      }
    }
    constexpr Index kTile = 64;
    for (Index j = 0; j < n; j += kTile) {
      const Index columns = std::min(kTile, n - j);
      for (Index i = 0; i < n; i += kTile) {
        const Index rows = std::min(kTile, n - i);
        const Matrix other = g.block(j, i, columns, rows).transpose();
        table_(0, 0) += g.block(i, j, rows, columns).cwiseProduct(other).sum();
      }
    }
  }

  // Terms between the chain factor and one of the tail.
  void add_symmetric(Index factor, double value) {
    table_(0, factor) += value;
    table_(factor, 0) += value;
  }

  // Rows of M, the first of them at `first`, times W. Adds v_j M v_j' up as the rows go by.
  void times_w(const Panel& m, Index first, Panel& out) {
    using Column = Eigen::Matrix<double, kRows, 1>;
    out.setZero();
    for (Index level = 0; level < stage_.n_levels; ++level) {
      const int count = stage_.tail_columns(level);
      const std::int32_t* position = stage_.tail_positions(level);
      const double* v = &v_[at(stage_.tail_start[at(level)])];
      Column mv = Column::Zero();
      for (int t = 0; t < count; ++t) mv += v[t] * m.col(position[t]);
      for (int t = 0; t < count; ++t) out.col(position[t]) += v[t] * mv;
      std::int32_t& next = passed_[at(level)];
      for (; next < count && position[next] < first + kRows; ++next) {
        inner_(level) += v[next] * mv(position[next] - first);
      }
    }
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
    const Matrix w_xx = chain_x_ * chain_x_.transpose();
    const Matrix m_tx = inverse_ * w_tx.transpose();
    const Matrix kw = k_ * w_xx;
    table_(0, 0) += 2.0 * (k_ * (w_tx * m_tx)).trace() + (kw * kw).trace();
    const Matrix x_k = tail_x_ * k_;
    for (Index t = 0; t < inverse_.rows(); ++t) {
      const auto own = x_k.row(t);
      add_symmetric(factor_[at(t)], own.dot(own * w_xx) - 2.0 * m_tx.row(t).dot(own) / lambda_(t));
    }
  }

  const Problem& problem_;
  Sweeps& sweeps_;
  const Stage& stage_;
  const StageState& state_;
  Index p_;
  Matrix k_;
  Matrix inverse_;
  Vector lambda_;              // at each position
  std::vector<Index> factor_;  // row of the table of each position
  Matrix tail_x_;
  Vector inner_;                      // v_j M v_j' of each level
  std::vector<std::int32_t> passed_;  // tail columns of each level that inner_ has seen
  Matrix chain_x_;                    // by level, in columns
  std::vector<double> v_;             // as the stage's tail columns
  Matrix table_;
};

}  // namespace

bool has_scalar_traces(const Sweeps& sweeps) {
  const Problem& problem = sweeps.problem();
  return std::all_of(problem.q.begin(), problem.q.end(), [](int q) { return q == 1; }) &&
         problem.chain.size() == 1 && problem.tail_columns > 0 && sweeps.tail().c.empty();
}

Matrix scalar_traces(Criterion& criterion, const std::vector<std::vector<double>>& scores) {
  return ScalarTraces(criterion, scores).table();
}

}  // namespace ranef
