// Forward, with dC the change of the incoming Schur complement (of A itself, if A changes):
//   dC_rest -= dC_j' H + H' dC_j - H' dC_jj H + U' dD U.
// Reverse, with W and dW over the rest columns, S = F C_jj:
//   dU = F (dC_j - dC_jj H) - S dD U,     dH = F' dD U + P (dC_j - dC_jj H),
//   dG = F dC_jj F' - S dD S - dU W U' - U W dU' - U dW U',
//   dW_j,rest = -dH W - H dW,   dW_jj = dP + dH W H' + H W dH' + H dW H',
//   dP = F' dD F - P dC_jj P.
// The second derivative along E is <dG, E>, summed over levels.
#include "curvature/tangent.hpp"

#include <algorithm>

#include "factor/wide_stage.hpp"
#include "linalg/lanes.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

using ConstMap = Eigen::Map<const Matrix>;
using Map = Eigen::Map<Matrix>;

// Whether D of this grouping factor changes. `direction` is null if A changes instead.
bool moves(const Direction* direction, int group) {
  return direction != nullptr && direction->group == group;
}

// to += scale a b. Blocks of a level are often one number or two: then a call costs more than the
// product does.
template <class A, class B, class To>
RANEF_INLINE void add_block(double scale, const A& a, Form form_a, const B& b, Form form_b,
                            To& to) {
  constexpr Index kSmall = 32;  // products of numbers
  const bool a_turned = form_a == Form::kTransposed;
  const bool b_turned = form_b == Form::kTransposed;
  const Index inner = a_turned ? a.rows() : a.cols();
  if (to.rows() * to.cols() * inner > kSmall) {
    product(scale, a, form_a, b, form_b, 1.0, to);
    return;
  }
  for (Index j = 0; j < to.cols(); ++j) {
    for (Index i = 0; i < to.rows(); ++i) {
      double sum = 0.0;
      for (Index k = 0; k < inner; ++k) {
        sum +=
            (a_turned ? a.coeff(k, i) : a.coeff(i, k)) * (b_turned ? b.coeff(j, k) : b.coeff(k, j));
      }
      to.coeffRef(i, j) += scale * sum;
    }
  }
}

// Views of one level of one chain factor.
struct LevelView {
  std::size_t block;
  std::size_t from;
  int width;
  ConstMap c, p, f, h, u;
};

LevelView view(const Sweeps& sweeps, std::size_t i, Index level) {
  const Stage& stage = sweeps.pattern().chain[i];
  const StageState& state = sweeps.stage(i);
  const int q = stage.q;
  const std::size_t block = at(level * q * q);
  const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
  const int width = stage.rest_columns(level);
  return {block,
          from,
          width,
          ConstMap(sweeps.c_diagonal(i) + block, q, q),
          ConstMap(&state.p[block], q, q),
          ConstMap(&state.f[block], q, q),
          ConstMap(&state.h[from], q, width),
          ConstMap(&state.u[from], q, width)};
}

// C_rest changes by -(a'H + H'dC_j), a = dC_j - dC_jj H, and by -U'dD U where D is its own. In
// both cases that is minus the sum of x'y + y'x; here are x and y, q rows a level.
struct Halves {
  Matrix x;
  Matrix y;
};

void level_halves(const Sweeps& sweeps, std::size_t i, Index level, const Direction* direction,
                  const Tangent& t, Halves& out) {
  const Stage& stage = sweeps.pattern().chain[i];
  const LevelView at_level = view(sweeps, i, level);
  if (moves(direction, stage.group)) {
    out.x = 0.5 * at_level.u;
    out.y.noalias() = direction->d.lazyProduct(at_level.u);
    return;
  }
  // a'H + H'dC_j = b'H + H'b with b = dC_j - dC_jj H / 2.
  const ConstMap dc(&t.stages[i].diagonal[at_level.block], stage.q, stage.q);
  out.x = ConstMap(&t.stages[i].rest[at_level.from], stage.q, at_level.width);
  out.x.noalias() -= 0.5 * dc.lazyProduct(at_level.h);
  out.y = at_level.h;
}

void forward_stage(const Sweeps& sweeps, std::size_t i, const Direction* direction, Tangent& t) {
  const Pattern& pattern = sweeps.pattern();
  const Stage& stage = pattern.chain[i];
  const bool changed = !t.stages[i].diagonal.empty();
  if (!changed && !moves(direction, stage.group)) return;  // nothing has changed yet
  const int parents = stage.parent_columns;
  const bool dense = meets_most(pattern, stage);
  Halves halves;
  Halves stacked;
  Matrix update;
  Matrix to_tail;  // by tail column
  if (dense) to_tail.setZero(pattern.tail_columns, pattern.tail_columns);
  for (const LevelRange levels : level_ranges(stage, stage.q)) {
    if (dense) {
      size_stack(pattern, stage, levels, stage.q, stacked.x);
      size_stack(pattern, stage, levels, stage.q, stacked.y);
    }
    for (Index level = levels.first; level < levels.last; ++level) {
      level_halves(sweeps, i, level, direction, t, halves);
      const Index rows = dense ? parents : halves.x.cols();
      update.resize(rows, halves.x.cols());
      update.setZero();
      add_block(1.0, halves.x.leftCols(rows), Form::kTransposed, halves.y, Form::kPlain, update);
      add_block(1.0, halves.y.leftCols(rows), Form::kTransposed, halves.x, Form::kPlain, update);
      if (!dense) {
        scatter_subtract(pattern, i, level, update, {&t.stages, &t.tail, &t.tail_fixed, &t.fixed});
        continue;
      }
      if (parents > 0) subtract_from_parents(pattern, i, level, update, t.stages);
      const Index row = (level - levels.first) * stage.q;
      put_level(pattern, stage, level, halves.x.data() + parents * stage.q, stage.q, row,
                stacked.x);
      put_level(pattern, stage, level, halves.y.data() + parents * stage.q, stage.q, row,
                stacked.y);
    }
    if (!dense) continue;
    const auto add = [&](const Matrix& left, const Matrix& right) {
      const auto tail = left.leftCols(pattern.tail_columns);
      product(1.0, tail, Form::kTransposed, right.leftCols(pattern.tail_columns), Form::kPlain, 1.0,
              to_tail);
      product(-1.0, tail, Form::kTransposed, right.rightCols(pattern.m), Form::kPlain, 1.0,
              t.tail_fixed);
      product(-1.0, left.rightCols(pattern.m), Form::kTransposed, right.rightCols(pattern.m),
              Form::kPlain, 1.0, t.fixed);
    };
    add(stacked.x, stacked.y);
    add(stacked.y, stacked.x);
  }
  if (dense) t.tail.subtract(to_tail);
}

Matrix tail_direction(const Pattern& pattern, const Direction* direction, const Matrix& right) {
  // diag(dD, dD, ...) over the levels of one tail factor, times `right`; zero rows elsewhere.
  Matrix out = Matrix::Zero(right.rows(), right.cols());
  for (const TailGroup& group : pattern.tail) {
    if (!moves(direction, group.group)) continue;
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * group.q;
      product(1.0, direction->d, Form::kPlain, right.middleRows(from, group.q), Form::kPlain, 0.0,
              out.middleRows(from, group.q));
    }
  }
  return out;
}

// True where the direction leaves the Schur complement over the tail as it was.
bool tail_untouched(const Pattern& pattern, const Direction* direction) {
  return std::any_of(pattern.tail.begin(), pattern.tail.end(),
                     [&](const TailGroup& group) { return moves(direction, group.group); });
}

// Returns dC_j - dC_jj H over the tail.
Matrix forward_tail(const Sweeps& sweeps, const Direction* direction, Tangent& t) {
  const TailState& tail = sweeps.tail();
  t.tail_dense = t.tail.by_column();
  const Matrix dense_h = times(t.tail_dense, tail.h);
  add(-1.0, tail.u, Form::kTransposed, tail_direction(sweeps.pattern(), direction, tail.u),
      Form::kPlain, t.fixed);
  subtract_both(times(t.tail_fixed, Form::kTransposed, tail.h), t.fixed);
  add(1.0, tail.h, Form::kTransposed, dense_h, Form::kPlain, t.fixed);
  return t.tail_fixed - dense_h;
}

void reverse_tail(const Sweeps& sweeps, const Direction* direction, const Matrix& change,
                  const Matrix& top, Tangent& t) {
  const Matrix& dtop = t.top;
  const Pattern& pattern = sweeps.pattern();
  const TailState& tail = sweeps.tail();
  const Matrix d_u = tail_direction(pattern, direction, tail.u);
  Matrix du = times(tail.f, change);
  add(-1.0, tail.s, Form::kPlain, d_u, Form::kPlain, du);
  Matrix dh = times(tail.f, Form::kTransposed, d_u);
  add(1.0, tail.p, Form::kPlain, change, Form::kPlain, dh);
  const bool untouched = tail_untouched(pattern, direction);
  Matrix fdc;
  Matrix d_s;
  if (untouched) {
    d_s = tail_direction(pattern, direction, tail.s);
  } else {
    multiply(tail.f, t.tail_dense, fdc);
  }
  const Matrix u_top = times(tail.u, top);
  for (const TailGroup& group : pattern.tail) {
    Matrix& sum = t.gamma[at(group.group)];
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * group.q;
      const int q = group.q;
      if (untouched) {
        add(-1.0, tail.s.middleRows(from, q), Form::kPlain, d_s.middleCols(from, q), Form::kPlain,
            sum);
      } else {
        add(1.0, fdc.middleRows(from, q), Form::kPlain, tail.f.middleRows(from, q),
            Form::kTransposed, sum);
      }
      subtract_both(
          times(du.middleRows(from, q), Form::kPlain, u_top.middleRows(from, q), Form::kTransposed),
          sum);
      sum -= congruent(tail.u.middleRows(from, q), dtop);
    }
  }
  // dP = F' dD F where D moves, -P dC P where C does.
  Matrix product;
  Matrix dw;
  if (untouched) {
    for (const TailGroup& group : pattern.tail) {
      if (!moves(direction, group.group)) continue;
      const Index columns = group.n_levels * group.q;
      const Matrix d_f = tail_direction(pattern, direction, tail.f);
      dw = times(tail.f.middleRows(group.offset, columns), Form::kTransposed,
                 d_f.middleRows(group.offset, columns));
    }
  } else {
    multiply(tail.p, t.tail_dense, product);
    multiply(product, tail.p, dw);
    dw = -dw;
  }
  const Matrix dh_top = times(dh, top);
  const Matrix h_dtop = times(tail.h, dtop);
  subtract_both(times(-dh_top, Form::kPlain, tail.h, Form::kTransposed), dw);
  add(1.0, h_dtop, Form::kPlain, tail.h, Form::kTransposed, dw);
  t.tail_w.assign(dw);
  t.tail_w_fixed = -dh_top - h_dtop;
}

void reverse_stage(const Sweeps& sweeps, std::size_t i, const Direction* direction,
                   const Matrix& top, Tangent& t) {
  const Pattern& pattern = sweeps.pattern();
  const Stage& stage = pattern.chain[i];
  const bool own = moves(direction, stage.group);
  const bool changed = !t.stages[i].diagonal.empty();
  const int q = stage.q;
  constexpr Form kPlain = Form::kPlain;
  constexpr Form kTransposed = Form::kTransposed;
  Matrix& sum = t.gamma[at(stage.group)];
  Matrix w;
  Matrix dw;
  Matrix du;
  Matrix dh;
  Matrix dp;
  Matrix s;
  Matrix wide;    // q x width, used again and again
  Matrix square;  // and q x q
  for (Index level = 0; level < stage.n_levels; ++level) {
    const LevelView at_level = view(sweeps, i, level);
    const ConstMap& f = at_level.f;
    const ConstMap& h = at_level.h;
    const ConstMap& u = at_level.u;
    const int width = at_level.width;
    w.resize(width, width);
    dw.resize(width, width);
    sweeps.gather_w(i, level, top, w);
    gather(pattern, i, level, t.w(), dw);
    du.setZero(q, width);
    dh.setZero(q, width);
    dp.setZero(q, q);
    if (changed) {
      const ConstMap dc(&t.stages[i].diagonal[at_level.block], q, q);
      wide = ConstMap(&t.stages[i].rest[at_level.from], q, width);
      add_block(-1.0, dc, kPlain, h, kPlain, wide);
      add_block(1.0, f, kPlain, wide, kPlain, du);
      add_block(1.0, at_level.p, kPlain, wide, kPlain, dh);
      square.setZero(q, q);
      add_block(1.0, at_level.p, kPlain, dc, kPlain, square);
      add_block(-1.0, square, kPlain, at_level.p, kTransposed, dp);
      square.setZero();
      add_block(1.0, f, kPlain, dc, kPlain, square);
      add_block(1.0, square, kPlain, f, kTransposed, sum);
    }
    if (own) {
      s.setZero(q, q);
      add_block(1.0, f, kPlain, at_level.c, kPlain, s);
      wide.setZero(q, width);
      add_block(1.0, direction->d, kPlain, u, kPlain, wide);
      add_block(-1.0, s, kPlain, wide, kPlain, du);
      add_block(1.0, f, kTransposed, wide, kPlain, dh);
      square.setZero(q, q);
      add_block(1.0, direction->d, kPlain, f, kPlain, square);
      add_block(1.0, f, kTransposed, square, kPlain, dp);
      square.setZero();
      add_block(1.0, s, kPlain, direction->d, kPlain, square);
      add_block(-1.0, square, kPlain, s, kTransposed, sum);
    }
    wide.setZero(q, width);
    add_block(1.0, du, kPlain, w, kPlain, wide);
    add_block(-1.0, wide, kPlain, u, kTransposed, sum);
    add_block(-1.0, u, kPlain, wide, kTransposed, sum);
    wide.setZero();
    add_block(1.0, u, kPlain, dw, kPlain, wide);
    add_block(-1.0, wide, kPlain, u, kTransposed, sum);

    Map rest(&t.stages[i].w_rest[at_level.from], q, width);
    rest.setZero();
    add_block(-1.0, dh, kPlain, w, kPlain, rest);
    add_block(-1.0, rest, kPlain, h, kTransposed, dp);
    add_block(-1.0, h, kPlain, rest, kTransposed, dp);
    wide.setZero();
    add_block(1.0, h, kPlain, dw, kPlain, wide);
    add_block(1.0, wide, kPlain, h, kTransposed, dp);
    rest -= wide;
    Map(&t.stages[i].w_diagonal[at_level.block], q, q) = dp;
  }
}

}  // namespace

Tangent zero_tangent(const Pattern& pattern) {
  Tangent t;
  t.stages.resize(pattern.chain.size());
  for (std::size_t i = 1; i < pattern.chain.size(); ++i) {
    const Stage& stage = pattern.chain[i];
    t.stages[i].diagonal.assign(stage.diagonal_size(), 0.0);
    t.stages[i].rest.assign(stage.rest_size(), 0.0);
  }
  if (pattern.tail_columns > 0) {
    t.tail = TailMatrix(pattern.tail_pattern);
    t.tail_w = t.tail;
  }
  t.tail_fixed = Matrix::Zero(pattern.tail_columns, pattern.m);
  t.fixed = Matrix::Zero(pattern.m, pattern.m);
  return t;
}

Tangent tangent_of(const Pattern& pattern, const Numbers& change) {
  Tangent t = zero_tangent(pattern);
  for (std::size_t i = 0; i < pattern.chain.size(); ++i) {
    t.stages[i].diagonal = change.chain[i].diagonal;
    t.stages[i].rest = change.chain[i].rest;
  }
  if (pattern.tail_columns > 0) {
    add_tail(pattern, change, t.tail);
    t.tail_fixed = change.tail_fixed;
  }
  t.fixed = change.fixed;
  return t;
}

Matrix forward_tangent(const Sweeps& sweeps, const Direction* direction, Tangent& t) {
  for (std::size_t i = 0; i < sweeps.pattern().chain.size(); ++i) {
    forward_stage(sweeps, i, direction, t);
  }
  if (sweeps.pattern().tail_columns == 0) return {};
  return forward_tail(sweeps, direction, t);
}

void reverse_tangent(const Sweeps& sweeps, const Direction* direction, const Matrix& tail,
                     const Matrix& top, Tangent& t) {
  const Pattern& pattern = sweeps.pattern();
  for (const int q : pattern.q) t.gamma.push_back(Matrix::Zero(q, q));
  for (std::size_t i = 0; i < pattern.chain.size(); ++i) {
    t.stages[i].w_diagonal.resize(pattern.chain[i].diagonal_size());
    t.stages[i].w_rest.resize(pattern.chain[i].rest_size());
  }
  if (pattern.tail_columns > 0) reverse_tail(sweeps, direction, tail, top, t);
  for (std::size_t i = pattern.chain.size(); i-- > 0;) reverse_stage(sweeps, i, direction, top, t);
}

}  // namespace ranef
