// Average information (Gilmour, Thompson & Cullis 1995): the quadratic form of the working
// variates c_s = (dV_s) V^-1 (y - X beta) in the projection that removes X,
//   AI_st = (nu / r2) c_s' P c_t - (nu / r2^2) d_s d_t,   d_s = dr2/ds.
// Each variate enters the elimination as one more column next to X and y.
#include "criterion.hpp"

namespace ranef {

namespace {

// Columns over all random effects, by group: (levels * q) x k.
using ByGroup = std::vector<Matrix>;

// The rows of a rest vector for one level, from per-group storage.
class RestRows {
 public:
  RestRows(const Problem& problem, std::size_t i, Index level)
      : problem_(problem), stage_(problem.chain[i]), i_(i), level_(level) {}

  template <class Use>
  void each(Use use) const {  // use(first rest column, group, first row, number of rows)
    int column = 0;
    for (std::size_t k = 0; k < stage_.parent.size(); ++k) {
      const Stage& later = problem_.chain[i_ + 1 + k];
      use(column, later.group, static_cast<Index>(stage_.parent[k][at(level_)]) * later.q, later.q);
      column += later.q;
    }
    const std::int32_t* list = stage_.tail_list(level_);
    const int n_tail = stage_.tail_columns(level_);
    std::size_t t = 0;
    for (int k = 0; k < n_tail; ++k) {
      while (t + 1 < problem_.tail.size() && list[k] >= problem_.tail[t + 1].offset) ++t;
      while (list[k] < problem_.tail[t].offset) --t;
      use(column++, problem_.tail[t].group, list[k] - problem_.tail[t].offset, 1);
    }
  }

 private:
  const Problem& problem_;
  const Stage& stage_;
  std::size_t i_;
  Index level_;
};

Matrix tail_rows(const Problem& problem, const ByGroup& by_group, Index count) {
  Matrix out(problem.tail_columns, count);
  for (const TailGroup& group : problem.tail) {
    out.middleRows(group.offset, group.n_levels * group.q) = by_group[at(group.group)];
  }
  return out;
}

}  // namespace

Matrix Criterion::information_in_the_data(const std::vector<Direction>& directions) {
  gamma(false);
  const auto count = static_cast<Index>(directions.size());
  const int m = problem_.m;
  const int p = problem_.p;
  std::vector<std::vector<double>> b;
  std::vector<std::vector<double>> e;
  Vector v(m);
  v.head(p) = -beta_;
  v(p) = 1.0;
  sweeps_.predictors(v, b, e);

  // omega_s = dD_s e over the levels of its factor, zero elsewhere; d_s = -e' omega_s.
  ByGroup omega;
  Vector d(count);
  for (int g = 0; g < problem_.n_groups; ++g) {
    omega.push_back(Matrix::Zero(problem_.n_levels[at(g)] * problem_.q[at(g)], count));
  }
  for (Index s = 0; s < count; ++s) {
    const Direction& direction = directions[at(s)];
    const int q = problem_.q[at(direction.group)];
    double sum = 0.0;
    for (Index level = 0; level < problem_.n_levels[at(direction.group)]; ++level) {
      const Eigen::Map<const Vector> score(&e[at(direction.group)][at(level * q)], q);
      const Vector w = direction.d * score;
      omega[at(direction.group)].col(s).segment(level * q, q) = w;
      sum += score.dot(w);
    }
    d(s) = -sum;
  }

  // y = A omega in the same layout, and against X and y.
  ByGroup y;
  for (const Matrix& block : omega) y.push_back(Matrix::Zero(block.rows(), count));
  Matrix y_fixed = Matrix::Zero(m, count);
  if (problem_.tail_columns > 0) {
    const Matrix tail_omega = tail_rows(problem_, omega, count);
    const Matrix product = tail_times(problem_, tail_omega);
    for (const TailGroup& group : problem_.tail) {
      y[at(group.group)] = product.middleRows(group.offset, group.n_levels * group.q);
    }
    y_fixed.noalias() += problem_.tail_fixed.transpose() * tail_omega;
  }
  for (std::size_t i = 0; i < problem_.chain.size(); ++i) {
    const Stage& stage = problem_.chain[i];
    const int q = stage.q;
    for (Index level = 0; level < stage.n_levels; ++level) {
      const int width = stage.rest_columns(level);
      const Eigen::Map<const Matrix> rest(&stage.rest[at(stage.rest_start[at(level)]) * at(q)], q,
                                          width);
      const Eigen::Map<const Matrix> diagonal(&stage.diagonal[at(level * q * q)], q, q);
      const Matrix own = omega[at(stage.group)].middleRows(level * q, q);
      Matrix sum = diagonal * own;
      RestRows(problem_, i, level).each([&](int column, int group, Index row, int rows) {
        if (q == 1 && rows == 1) {
          const double value = rest(0, column);
          for (Index s = 0; s < count; ++s) {
            sum(0, s) += value * omega[at(group)](row, s);
            y[at(group)](row, s) += value * own(0, s);
          }
          return;
        }
        sum.noalias() += rest.middleCols(column, rows) * omega[at(group)].middleRows(row, rows);
        y[at(group)].middleRows(row, rows).noalias() +=
            rest.middleCols(column, rows).transpose() * own;
      });
      y[at(stage.group)].middleRows(level * q, q) += sum;
      y_fixed.noalias() += rest.rightCols(m).transpose() * own;
    }
  }
  Matrix form = Matrix::Zero(count, count);
  for (std::size_t g = 0; g < omega.size(); ++g) form.noalias() += omega[g].transpose() * y[g];

  // Eliminate: y_rest -= H' y_j, form -= y_j' P y_j.
  for (std::size_t i = 0; i < problem_.chain.size(); ++i) {
    const Stage& stage = problem_.chain[i];
    const StageState& state = sweeps_.stage(i);
    const int q = stage.q;
    for (Index level = 0; level < stage.n_levels; ++level) {
      const int width = stage.rest_columns(level);
      const Eigen::Map<const Matrix> h(&state.h[at(stage.rest_start[at(level)]) * at(q)], q, width);
      const Eigen::Map<const Matrix> pj(&state.p[at(level * q * q)], q, q);
      const Matrix own = y[at(stage.group)].middleRows(level * q, q);
      form.noalias() -= own.transpose() * pj * own;
      RestRows(problem_, i, level).each([&](int column, int group, Index row, int rows) {
        if (q == 1 && rows == 1) {
          for (Index s = 0; s < count; ++s) y[at(group)](row, s) -= h(0, column) * own(0, s);
          return;
        }
        y[at(group)].middleRows(row, rows).noalias() -=
            h.middleCols(column, rows).transpose() * own;
      });
      y_fixed.noalias() -= h.rightCols(m).transpose() * own;
    }
  }
  if (problem_.tail_columns > 0) {
    const Matrix stacked = tail_rows(problem_, y, count);
    const Matrix half = sweeps_.tail_half(stacked);
    form.noalias() -= half.transpose() * half;
    y_fixed.noalias() -= sweeps_.tail_h().transpose() * stacked;
  }
  const Matrix x = y_fixed.topRows(p);
  form.noalias() -= x.transpose() * xx_inverse_ * x;
  const Matrix out = (nu_ / r2_) * form - (nu_ / (r2_ * r2_)) * (d * d.transpose());
  return 0.5 * (out + out.transpose());
}

}  // namespace ranef
