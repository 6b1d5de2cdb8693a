// Average information (Gilmour, Thompson & Cullis 1995): the quadratic form of the working
// variates c_s = (dV_s) V^-1 (y - X beta) in the projection that removes X,
//   AI_st = g' c_s' P c_t + g'' d_s d_t,   d_s = dr2/ds,
// g' and g'' the derivatives of the criterion with respect to r2 (nu / r2 and -nu / r2^2 where
// sigma is profiled). With e = Z'V^-1 (y - X beta) the variate is Z w_s, w_s = dD_s e, and the form
// follows the elimination: with `a` what levels eliminated before have left for this one,
//   form += 2 a'w + w'C w - t'P t,  t = a + C w;   a_rest += U'w - H'a.
#include "curvature/information.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "factor/wide_stage.hpp"
#include "iterative/iterative_factor.hpp"
#include "linalg/decompose.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

// Directions of one group: a range of rows once directions are sorted by group.
struct Rows {
  Index first = 0;
  Index size = 0;
};

// Directions along the rows, random effects along the columns.
class QuadraticForm {
 public:
  QuadraticForm(const Sweeps& sweeps, Index count)
      : pattern_(sweeps.pattern()),
        sweeps_(sweeps),
        count_(count),
        form_(Matrix::Zero(count, count)),
        fixed_(Matrix::Zero(count, pattern_.m)),
        tail_(Matrix::Zero(count, pattern_.tail_columns)) {
    left_.resize(pattern_.chain.size());
    for (std::size_t i = 1; i < left_.size(); ++i) {
      const Stage& stage = pattern_.chain[i];
      left_[i] = Matrix::Zero(count, stage.n_levels * stage.q);
    }
  }

  // w by group, only the rows of its own directions.
  Matrix of(const std::vector<Matrix>& w, const std::vector<Rows>& rows, const Matrix& xx_inverse) {
    for (std::size_t i = 0; i < pattern_.chain.size(); ++i) {
      const auto g = at(pattern_.chain[i].group);
      add_blocks(i, w[g], rows[g]);
      if (rows[g].size > 0) pass_on(i, 1.0, w[g], rows[g].first, sweeps_.stage(i).u);
      if (i > 0) pass_on(i, -1.0, left_[i], 0, sweeps_.stage(i).h);
    }
    if (pattern_.tail_columns > 0) add_tail(w, rows);
    const Matrix x = fixed_.leftCols(pattern_.p);
    add(-1.0, times(x, xx_inverse), Form::kPlain, x, Form::kTransposed, form_);
    return form_;
  }

 private:
  // 2 a'w + w'C w - t'P t over the levels of a chain factor.
  void add_blocks(std::size_t i, const Matrix& w, Rows own) {
    const Stage& stage = pattern_.chain[i];
    const StageState& state = sweeps_.stage(i);
    const int q = stage.q;
    Matrix cw(own.size, w.cols());
    Matrix t;
    Matrix pt;
    if (i > 0) {
      t = left_[i];
      pt.resize(t.rows(), t.cols());
    }
    Matrix s(q, q);
    for (Index level = 0; level < stage.n_levels; ++level) {
      const Index block = level * q * q;
      const Eigen::Map<const Matrix> c(sweeps_.c_diagonal(i) + block, q, q);
      if (i == 0) {
        s.noalias() = Eigen::Map<const Matrix>(&state.f[at(block)], q, q).lazyProduct(c);
        cw.middleCols(level * q, q).noalias() = w.middleCols(level * q, q).lazyProduct(s);
        continue;
      }
      cw.middleCols(level * q, q).noalias() = w.middleCols(level * q, q).lazyProduct(c);
      t.block(own.first, level * q, own.size, q) += cw.middleCols(level * q, q);
      pt.middleCols(level * q, q).noalias() =
          t.middleCols(level * q, q)
              .lazyProduct(Eigen::Map<const Matrix>(&state.p[at(block)], q, q));
    }
    add_product(cw, own, w, own);
    if (i == 0) return;
    add_both_ways(left_[i], w, own);
    product(-1.0, pt, Form::kPlain, t, Form::kTransposed, 1.0, form_);
  }

  void add_product(const Matrix& a, Rows rows, const Matrix& b, Rows columns) {
    product(1.0, a, Form::kPlain, b, Form::kTransposed, 1.0,
            form_.block(rows.first, columns.first, rows.size, columns.size));
  }

  void add_both_ways(const Eigen::Ref<const Matrix>& a, const Matrix& w, Rows own) {
    if (own.size == 0) return;
    Matrix aw(count_, own.size);
    product(1.0, a, Form::kPlain, w, Form::kTransposed, 0.0, aw);
    form_.middleCols(own.first, own.size) += aw;
    form_.middleRows(own.first, own.size) += aw.transpose();
  }

  // a_rest += sign x' (U or H), x over the levels of chain factor i: its rows start at `row`.
  void pass_on(std::size_t i, double sign, const Matrix& x, Index row,
               const std::vector<double>& coefficients) {
    const Stage& stage = pattern_.chain[i];
    const bool wide = is_wide(pattern_, stage);
    const int q = stage.q;
    const Index size = x.rows();
    for (Index level = 0; level < stage.n_levels; ++level) {
      const double* from = &coefficients[at(stage.rest_start[at(level)]) * at(q)];
      const double* own = x.data() + level * q * size;
      const auto add = [&](double* to) {
        for (int a = 0; a < q; ++a) {
          const double value = sign * from[a];
          for (Index s = 0; s < size; ++s) to[s] += own[a * size + s] * value;
        }
        from += q;
      };
      for (std::size_t k = 0; k < stage.parent.size(); ++k) {
        const int later = pattern_.chain[i + 1 + k].q;
        const Index up = static_cast<Index>(stage.parent[k][at(level)]) * later;
        for (int c = 0; c < later; ++c) add(left_[i + 1 + k].col(up + c).data() + row);
      }
      if (wide) continue;
      const std::int32_t* list = stage.tail_list(level);
      for (int t = 0; t < stage.tail_columns(level); ++t) add(tail_.col(list[t]).data() + row);
      for (int k = 0; k < pattern_.m; ++k) add(fixed_.col(k).data() + row);
    }
    if (!wide) return;
    for (const LevelRange levels : level_ranges(stage, q)) {
      stack(pattern_, stage, levels, coefficients, stacked_);
      const auto own = x.middleCols(levels.first * q, levels.size() * q);
      product(sign, own, Form::kPlain, stacked_.leftCols(pattern_.tail_columns), Form::kPlain, 1.0,
              tail_.middleRows(row, size));
      product(sign, own, Form::kPlain, stacked_.rightCols(pattern_.m), Form::kPlain, 1.0,
              fixed_.middleRows(row, size));
    }
  }

  // Where D is regular C is not kept. With x = D^-1 w the form is then
  //   2 a'w + w'C w - t'P t = w'x - (a - x)'P (a - x).
  void add_tail(const std::vector<Matrix>& w, const std::vector<Rows>& rows) {
    const TailState& tail = sweeps_.tail();
    const bool regular = tail.c.empty();
    Matrix all = Matrix::Zero(pattern_.tail_columns, count_);  // w, or x, by tail column
    for (const TailGroup& group : pattern_.tail) {
      const Rows own = rows[at(group.group)];
      if (own.size == 0) continue;
      const Matrix& own_w = w[at(group.group)];
      const Index columns = group.n_levels * group.q;
      product(1.0, own_w, Form::kPlain, tail.u.middleRows(group.offset, columns), Form::kPlain, 1.0,
              fixed_.middleRows(own.first, own.size));
      auto block = all.block(group.offset, own.first, columns, own.size);
      block = own_w.transpose();
      if (!regular) continue;
      const Matrix precision = inverse_of_square(sweeps_.lambda()[at(group.group)]);
      for (Index level = 0; level < group.n_levels; ++level) {
        auto level_rows = block.middleRows(level * group.q, group.q);
        level_rows = precision.lazyProduct(level_rows).eval();
      }
    }
    Matrix t = tail_.transpose();
    if (regular) {
      t -= all;
    } else {
      all = by_column(pattern_, tail.c.times(in_order(pattern_, all)));
      t += all;
    }
    // w'x, or w'C w and 2 a'w.
    for (const TailGroup& group : pattern_.tail) {
      const Rows own = rows[at(group.group)];
      if (own.size == 0) continue;
      const Index columns = group.n_levels * group.q;
      const Matrix& own_w = w[at(group.group)];
      product(1.0, own_w, Form::kPlain, all.middleRows(group.offset, columns), Form::kPlain, 1.0,
              form_.middleRows(own.first, own.size));
      if (!regular) add_both_ways(tail_.middleCols(group.offset, columns), own_w, own);
    }
    const Matrix half = sweeps_.tail_half(t);
    product(-1.0, half, Form::kTransposed, half, Form::kPlain, 1.0, form_);
    product(-1.0, tail_, Form::kPlain, tail.h, Form::kPlain, 1.0, fixed_);
  }

  const Pattern& pattern_;
  const Sweeps& sweeps_;
  Index count_;
  Matrix form_;
  Matrix fixed_;              // a for X and y
  Matrix tail_;               // a for the tail
  std::vector<Matrix> left_;  // a for the later chain factors
  Matrix stacked_;
};

// The same form where the tail is not factorised. `d` takes the first derivatives of r2.
Matrix iterative_form(Criterion& criterion, const std::vector<Direction>& directions, Vector& d) {
  std::vector<std::vector<double>> b;
  std::vector<std::vector<double>> e;
  criterion.predictors(criterion.outer().residual(), b, e);
  std::vector<std::pair<int, std::vector<double>>> variates;
  d.resize(static_cast<Index>(directions.size()));
  for (const Direction& direction : directions) {
    const auto g = at(direction.group);
    const Index q = direction.d.rows();
    const Index levels = static_cast<Index>(e[g].size()) / q;
    const Eigen::Map<const Matrix> own(e[g].data(), q, levels);
    std::vector<double> w(e[g].size());
    Eigen::Map<Matrix> variate(w.data(), q, levels);
    product(1.0, direction.d, Form::kPlain, own, Form::kPlain, 0.0, variate);
    d(static_cast<Index>(variates.size())) = -variate.cwiseProduct(own).sum();
    variates.emplace_back(direction.group, std::move(w));
  }
  return criterion.factor().iterative()->quadratic_form(variates, criterion.outer().xx_inverse());
}

}  // namespace

Matrix information_in_the_data(Criterion& criterion, const std::vector<Direction>& directions,
                               Vector& r2) {
  if (criterion.factor().iterative() != nullptr) {
    const Matrix form = iterative_form(criterion, directions, r2);
    return criterion.outer().slope() * form + criterion.outer().bend() * r2 * r2.transpose();
  }
  criterion.gamma();
  const Pattern& pattern = criterion.pattern();
  const Outer& outer = criterion.outer();
  const auto count = static_cast<Index>(directions.size());
  std::vector<std::vector<double>> b;
  std::vector<std::vector<double>> e;
  criterion.sweeps().predictors(outer.residual(), b, e);

  std::vector<Index> order(directions.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index s, Index t) {
    return directions[at(s)].group < directions[at(t)].group;
  });
  std::vector<Rows> rows(at(pattern.n_groups));
  for (const Direction& direction : directions) ++rows[at(direction.group)].size;
  std::vector<Matrix> w;
  Vector d(count);
  for (int g = 0; g < pattern.n_groups; ++g) {
    Rows& own = rows[at(g)];
    if (g > 0) own.first = rows[at(g - 1)].first + rows[at(g - 1)].size;
    const int q = pattern.q[at(g)];
    const Index levels = pattern.n_levels[at(g)];
    Matrix by_row(own.size * q, q);  // dD_s, rows of one s apart by the number of directions
    for (Index s = 0; s < own.size; ++s) {
      const Matrix& change = directions[at(order[at(own.first + s)])].d;
      for (int a = 0; a < q; ++a) by_row.row(s + own.size * a) = change.row(a);
    }
    Matrix variates(own.size, levels * q);
    product(1.0, by_row, Form::kPlain, Eigen::Map<const Matrix>(e[at(g)].data(), q, levels),
            Form::kPlain, 0.0, Eigen::Map<Matrix>(variates.data(), own.size * q, levels));
    d.segment(own.first, own.size).noalias() =
        -variates * Eigen::Map<const Vector>(e[at(g)].data(), levels * q);
    w.push_back(std::move(variates));
  }
  const Matrix form = QuadraticForm(criterion.sweeps(), count).of(w, rows, outer.xx_inverse());
  Matrix out(count, count);
  const double slope = outer.slope();
  const double bend = outer.bend();
  r2.resize(count);
  for (Index s = 0; s < count; ++s) {
    r2(order[at(s)]) = d(s);
    for (Index t = 0; t < count; ++t) {
      out(order[at(s)], order[at(t)]) =
          slope * 0.5 * (form(s, t) + form(t, s)) + bend * d(s) * d(t);
    }
  }
  return out;
}

Curvature average_curvature(Criterion& criterion, const std::vector<Direction>& directions) {
  Curvature out;
  out.hessian = information_in_the_data(criterion, directions, out.r2);
  const int p = criterion.pattern().p;
  const int m = criterion.pattern().m;
  std::vector<std::vector<double>> b;
  std::vector<std::vector<double>> e;
  criterion.predictors(Matrix::Identity(m, m), b, e);
  for (const Direction& direction : directions) {
    const std::vector<double>& own = e[at(direction.group)];
    const Index q = direction.d.rows();
    const Index levels = static_cast<Index>(own.size()) / (q * m);
    Matrix sum = Matrix::Zero(p, p);
    for (Index level = 0; level < levels; ++level) {
      const auto x = Eigen::Map<const Matrix>(&own[at(level * q * m)], q, m).leftCols(p);
      sum.noalias() -= x.transpose().lazyProduct((direction.d.lazyProduct(x)).eval());
    }
    out.xx.push_back(std::move(sum));
  }
  return out;
}

Matrix average_information(Criterion& criterion, const std::vector<Direction>& directions) {
  Vector r2;
  Matrix out = information_in_the_data(criterion, directions, r2);
  criterion.penalty().add_hessian(directions, out);
  return out;
}

}  // namespace ranef
