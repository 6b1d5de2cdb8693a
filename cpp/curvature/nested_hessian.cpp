// When a level is eliminated, log|M| and C_rest have second derivatives along E and F; weighted
// with W they add up to the Hessian. Directions reach a level through dC, from levels eliminated
// before, or through dD, its own; with a = dC_j,rest - dC_jj H and S = F C_jj,
//   dC, dC:  -tr(P dC_E P dC_F) - 2 tr(P a_F W a_E'),
//   dC, dD:  <dD_F, F dC_E F' - Z - Z'>,  Z = U W a_E' F',
//   dD, dD:  -tr(S E S F) + 2 tr(U W U' E S F).
// The tail is one such level, with only X and y left after it.
#include "curvature/nested_hessian.hpp"

#include <algorithm>

#include "curvature/block_traces.hpp"
#include "curvature/tangent.hpp"
#include "factor/wide_stage.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

using ConstMap = Eigen::Map<const Matrix>;

class NestedHessian {
 public:
  NestedHessian(Criterion& criterion, const std::vector<Direction>& directions)
      : criterion_(criterion),
        pattern_(criterion.pattern()),
        sweeps_(criterion.sweeps()),
        top_(criterion.top().value),
        own_(by_group(directions, pattern_.n_groups)) {
    criterion.gamma();
    if (pattern_.tail_columns > 0) sweeps_.tail_products();
    for (const Direction& direction : directions) {
      tangents_.push_back(zero_tangent(pattern_));
      tail_change_.push_back(forward_tangent(sweeps_, &direction, tangents_.back()));
    }
  }

  Curvature run() {
    const auto count = static_cast<Index>(tangents_.size());
    out_.hessian = Matrix::Zero(count, count);
    for (std::size_t i = 0; i < pattern_.chain.size(); ++i) {
      add_stage(i);
      const std::vector<Index>& passed = own_[at(pattern_.chain[i].group)].place;
      before_.insert(before_.end(), passed.begin(), passed.end());
    }
    if (pattern_.tail_columns > 0) {
      add_tail();
      add_tail_traces(sweeps_, top_, own_, out_.hessian);
    }
    std::vector<Matrix> fixed;
    for (const Tangent& t : tangents_) fixed.push_back(t.fixed);
    finish(criterion_, fixed, out_);
    return std::move(out_);
  }

 private:
  Index n_before() const { return static_cast<Index>(before_.size()); }

  // Rows of a level: effect by effect, `a` of each direction that came before and then U.
  void fill_rows(std::size_t i, Index level, Matrix& rows) const {
    const Stage& stage = pattern_.chain[i];
    const int q = stage.q;
    const int width = stage.rest_columns(level);
    const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
    const Index step = n_before() + 1;
    rows.resize(step * q, width);
    const ConstMap h(&sweeps_.stage(i).h[from], q, width);
    const ConstMap u(&sweeps_.stage(i).u[from], q, width);
    for (int a = 0; a < q; ++a) rows.row(n_before() + step * a) = u.row(a);
    for (Index e = 0; e < n_before(); ++e) {
      const StageState& change = tangents_[at(before_[at(e)])].stages[i];
      const double* dc = &change.diagonal[at(level * q * q)];
      const double* drest = &change.rest[from];
      for (Index t = 0; t < width; ++t) {
        for (int a = 0; a < q; ++a) {
          double value = drest[a + t * q];
          for (int b = 0; b < q; ++b) value -= dc[a + b * q] * h(b, t);
          rows(e + step * a, t) = value;
        }
      }
    }
  }

  void add_stage(std::size_t i) {
    const Stage& stage = pattern_.chain[i];
    const int q = stage.q;
    const OwnDirections& own = own_[at(stage.group)];
    Matrix table = Matrix::Zero(q * q, q * q);
    Matrix pairs = Matrix::Zero(n_before(), n_before());
    std::vector<Matrix> mixed(before_.size(), Matrix::Zero(q, q));
    Matrix cross;
    each_rows_w(i, [&](Index level, const Matrix& rows, const Matrix& rows_w) {
      cross.resize(rows.rows(), rows.rows());
      product(1.0, rows_w, Form::kPlain, rows, Form::kTransposed, 0.0, cross);
      add_level(i, level, cross, table, pairs, mixed);
    });
    add_block(contract(table, own.d, own.d), -1.0, own, own, out_.hessian);
    add_pairs(pairs);
    for (Index e = 0; e < n_before(); ++e) add_mixed(e, own, mixed[at(e)]);
  }

  // Calls use(level, rows, rows W) for every level of a chain factor.
  template <class Use>
  void each_rows_w(std::size_t i, Use use) {
    const Stage& stage = pattern_.chain[i];
    const Index height = (n_before() + 1) * stage.q;
    const int parents = stage.parent_columns;
    Matrix rows_w;
    if (!meets_most(pattern_, stage)) {
      Matrix rows;
      Matrix w;
      for (Index level = 0; level < stage.n_levels; ++level) {
        fill_rows(i, level, rows);
        w.resize(rows.cols(), rows.cols());
        sweeps_.gather_w(i, level, top_, w);
        rows_w.resize(height, rows.cols());
        product(1.0, rows, Form::kPlain, w, Form::kPlain, 0.0, rows_w);
        use(level, rows, rows_w);
      }
      return;
    }
    const std::vector<LevelRange> ranges = level_ranges(stage, height);
    std::vector<Matrix> rows(at(ranges.front().size()));
    Matrix stacked;
    Matrix stacked_w;
    for (const LevelRange levels : ranges) {
      size_stack(pattern_, stage, levels, height, stacked);
      for (Index level = levels.first; level < levels.last; ++level) {
        Matrix& own = rows[at(level - levels.first)];
        fill_rows(i, level, own);
        put_level(pattern_, stage, level, own.data() + parents * height, height,
                  (level - levels.first) * height, stacked);
      }
      times_w(sweeps_, top_, stacked, stacked_w);
      for (Index level = levels.first; level < levels.last; ++level) {
        const Matrix& own = rows[at(level - levels.first)];
        rows_w.resize(height, own.cols());
        take_level(pattern_, stage, level, stacked_w, height, (level - levels.first) * height,
                   rows_w.data() + parents * height);
        if (parents > 0) add_parents_w(sweeps_, i, level, own, rows_w);
        use(level, own, rows_w);
      }
    }
  }

  void add_level(std::size_t i, Index level, const Matrix& cross, Matrix& table, Matrix& pairs,
                 std::vector<Matrix>& mixed) const {
    const int q = pattern_.chain[i].q;
    const std::size_t block = at(level * q * q);
    const Index n = n_before();
    const Index step = n + 1;
    const ConstMap p(&sweeps_.stage(i).p[block], q, q);
    const ConstMap f(&sweeps_.stage(i).f[block], q, q);
    const Matrix s = f.lazyProduct(ConstMap(sweeps_.c_diagonal(i) + block, q, q));
    Matrix inner = s;
    for (int b = 0; b < q; ++b) {
      for (int a = 0; a < q; ++a) inner(a, b) -= 2.0 * cross(n + step * a, n + step * b);
    }
    add_block_traces(s, inner, q, q, table);
    if (n == 0) return;
    Matrix changes(q * q, n);
    Matrix turned(q * q, n);
    for (Index e = 0; e < n; ++e) {
      const ConstMap dc(&tangents_[at(before_[at(e)])].stages[i].diagonal[block], q, q);
      const Matrix pd = p.lazyProduct(dc);
      const Matrix pdp = pd.lazyProduct(p);
      changes.col(e) = Eigen::Map<const Vector>(dc.data(), q * q);
      turned.col(e) = Eigen::Map<const Vector>(pdp.data(), q * q);
      Matrix uwa(q, q);
      for (int b = 0; b < q; ++b) {
        for (int a = 0; a < q; ++a) uwa(a, b) = cross(n + step * a, e + step * b);
      }
      const Matrix z = uwa.lazyProduct(f.transpose());
      const Matrix fd = f.lazyProduct(dc);
      mixed[at(e)] += fd.lazyProduct(f.transpose());
      subtract_both(z, mixed[at(e)]);
    }
    add(-1.0, turned, Form::kTransposed, changes, Form::kPlain, pairs);
    for (int b = 0; b < q; ++b) {
      for (int a = 0; a < q; ++a) {
        pairs -= 2.0 * p(a, b) * cross.block(step * a, step * b, n, n);
      }
    }
  }

  void add_pairs(const Matrix& pairs) {
    for (Index e = 0; e < n_before(); ++e) {
      for (Index f = 0; f < n_before(); ++f) {
        out_.hessian(before_[at(e)], before_[at(f)]) += pairs(e, f);
      }
    }
  }

  // A direction that came before with those of one factor.
  void add_mixed(Index e, const OwnDirections& own, const Matrix& mixed) {
    const Index row = before_[at(e)];
    for (std::size_t f = 0; f < own.d.size(); ++f) {
      const double value = own.d[f].cwiseProduct(mixed).sum();
      out_.hessian(row, own.place[f]) += value;
      out_.hessian(own.place[f], row) += value;
    }
  }

  void add_tail() {
    const TailState& tail = sweeps_.tail();
    const Index size = pattern_.tail_columns;
    const Matrix u_top = times(tail.u, top_);
    Matrix pairs = Matrix::Zero(n_before(), n_before());
    std::vector<Matrix> turned(before_.size());  // (P dC_E)'
    Matrix moved(size, size);
    Matrix fa(size, pattern_.m);
    for (Index e = 0; e < n_before(); ++e) {
      const Matrix& dc = tangents_[at(before_[at(e)])].tail_dense;
      const Matrix& a = tail_change_[at(before_[at(e)])];
      product(1.0, tail.p, Form::kPlain, dc, Form::kPlain, 0.0, moved);
      turned[at(e)] = moved.transpose();
      const Matrix pa_top = times(tail.p, times(a, top_));
      for (Index f = 0; f <= e; ++f) {
        pairs(e, f) = -turned[at(f)].cwiseProduct(moved).sum() -
                      2.0 * pa_top.cwiseProduct(tail_change_[at(before_[at(f)])]).sum();
        pairs(f, e) = pairs(e, f);
      }
      product(1.0, tail.f, Form::kPlain, dc, Form::kPlain, 0.0, moved);
      product(1.0, tail.f, Form::kPlain, a, Form::kPlain, 0.0, fa);
      for (const TailGroup& group : pattern_.tail) {
        const int q = group.q;
        Matrix mixed = Matrix::Zero(q, q);
        for (Index level = 0; level < group.n_levels; ++level) {
          const Index from = group.offset + level * q;
          const Matrix z = times(u_top.middleRows(from, q), Form::kPlain, fa.middleRows(from, q),
                                 Form::kTransposed);
          add(1.0, moved.middleRows(from, q), Form::kPlain, tail.f.middleRows(from, q),
              Form::kTransposed, mixed);
          subtract_both(z, mixed);
        }
        add_mixed(e, own_[at(group.group)], mixed);
      }
    }
    add_pairs(pairs);
  }

  Criterion& criterion_;
  const Pattern& pattern_;
  Sweeps& sweeps_;
  Matrix top_;
  std::vector<OwnDirections> own_;
  std::vector<Tangent> tangents_;
  std::vector<Matrix> tail_change_;  // dC_j - dC_jj H of the tail
  std::vector<Index> before_;        // directions of factors eliminated already
  Curvature out_;
};

}  // namespace

Curvature nested_hessian(Criterion& criterion, const std::vector<Direction>& directions) {
  return NestedHessian(criterion, directions).run();
}

}  // namespace ranef
