#include "factor/wide_stage.hpp"

#include <algorithm>
#include <cmath>

#include "factor/level_factor.hpp"
#include "factor/sweeps.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

bool meets_all(const Pattern& pattern, const Stage& stage) {
  return static_cast<Index>(stage.tail_column.size()) == stage.n_levels * pattern.tail_columns;
}

}  // namespace

bool meets_most(const Pattern& pattern, const Stage& stage) {
  constexpr Index kTail = 48;
  constexpr Index kMost = 4096;  // a square of them is held in memory
  return pattern.tail_columns >= kTail && pattern.tail_columns <= kMost &&
         static_cast<Index>(stage.tail_column.size()) * 3 > stage.n_levels * pattern.tail_columns;
}

bool is_wide(const Pattern& pattern, const Stage& stage) {
  return stage.q > 1 && meets_most(pattern, stage);
}

std::vector<LevelRange> level_ranges(const Stage& stage, Index height) {
  constexpr Index kRows = 512;
  const Index step = std::max<Index>(1, kRows / height);
  std::vector<LevelRange> out;
  for (Index first = 0; first < stage.n_levels; first += step) {
    out.push_back({first, std::min(first + step, stage.n_levels)});
  }
  return out;
}

void size_stack(const Pattern& pattern, const Stage& stage, LevelRange levels, Index height,
                Matrix& out) {
  out.resize(levels.size() * height, pattern.tail_columns + pattern.m);
  if (!meets_all(pattern, stage)) out.setZero();
}

void put_level(const Pattern& pattern, const Stage& stage, Index level, const double* columns,
               Index height, Index row, Matrix& out) {
  const std::int32_t* list = stage.tail_list(level);
  const int n_tail = stage.tail_columns(level);
  for (int t = 0; t < n_tail; ++t) {
    std::copy_n(columns + t * height, height, out.col(list[t]).data() + row);
  }
  for (int k = 0; k < pattern.m; ++k) {
    std::copy_n(columns + (n_tail + k) * height, height,
                out.col(pattern.tail_columns + k).data() + row);
  }
}

void take_level(const Pattern& pattern, const Stage& stage, Index level, const Matrix& stacked,
                Index height, Index row, double* columns) {
  const std::int32_t* list = stage.tail_list(level);
  const int n_tail = stage.tail_columns(level);
  for (int t = 0; t < n_tail; ++t) {
    std::copy_n(stacked.col(list[t]).data() + row, height, columns + t * height);
  }
  for (int k = 0; k < pattern.m; ++k) {
    std::copy_n(stacked.col(pattern.tail_columns + k).data() + row, height,
                columns + (n_tail + k) * height);
  }
}

void stack(const Pattern& pattern, const Stage& stage, LevelRange levels,
           const std::vector<double>& values, Matrix& out) {
  size_stack(pattern, stage, levels, stage.q, out);
  for (Index level = levels.first; level < levels.last; ++level) {
    const Index column = stage.rest_start[at(level)] + stage.parent_columns;
    put_level(pattern, stage, level, &values[at(column) * at(stage.q)], stage.q,
              (level - levels.first) * stage.q, out);
  }
}

void times_w(const Sweeps& sweeps, const Matrix& top, const Matrix& stacked, Matrix& out) {
  const Matrix& h = sweeps.tail().h;
  const auto x = stacked.leftCols(h.rows());
  out.resize(stacked.rows(), stacked.cols());
  auto to_tail = out.leftCols(h.rows());
  auto to_fixed = out.rightCols(top.rows());
  Matrix v = stacked.rightCols(top.rows());
  product(-1.0, x, Form::kPlain, h, Form::kPlain, 1.0, v);
  product(1.0, v, Form::kPlain, top, Form::kPlain, 0.0, to_fixed);
  to_tail = sweeps.tail_p_times(x.transpose()).transpose();
  product(-1.0, to_fixed, Form::kPlain, h, Form::kTransposed, 1.0, to_tail);
}

void add_parents_w(const Sweeps& sweeps, std::size_t i, Index level,
                   const Eigen::Ref<const Matrix>& x, Eigen::Ref<Matrix> xw) {
  const int parents = sweeps.pattern().chain[i].parent_columns;
  const Index others = x.cols() - parents;
  Matrix w(parents, x.cols());
  gather_parent_rows(sweeps.pattern(), i, level, sweeps.stages(), w);
  product(1.0, x.leftCols(parents), Form::kPlain, w.rightCols(others), Form::kPlain, 1.0,
          xw.rightCols(others));
  product(1.0, x, Form::kPlain, w, Form::kTransposed, 0.0, xw.leftCols(parents));
}

bool Sweeps::forward_wide(std::size_t i) {
  const Stage& stage = pattern_.chain[i];
  StageState& state = stages_[i];
  const int q = stage.q;
  const Index tail = pattern_.tail_columns;
  const std::size_t block_size = at(q) * at(q);
  FactorLambda factor(lambda_[at(stage.group)]);
  Matrix update(stage.parent_columns, 0);
  Matrix to_tail = Matrix::Zero(tail, tail);  // by tail column
  for (const LevelRange levels : level_ranges(stage, q)) {
    size_stack(pattern_, stage, levels, q, stacked_);
    for (Index level = levels.first; level < levels.last; ++level) {
      const std::size_t block = at(level) * block_size;
      const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
      const int width = stage.rest_columns(level);
      double* p = &state.p[block];
      double* f = &state.f[block];
      if (!factor_level<0>(q, c_diagonal(i) + block, factor, p, f, log_determinant_)) return false;
      const Eigen::Map<const Matrix> rest(c_rest(i) + from, q, width);
      const auto times_rest = [&](const double* left, double* out) {
        product(1.0, Eigen::Map<const Matrix>(left, q, q), Form::kPlain, rest, Form::kPlain, 0.0,
                Eigen::Map<Matrix>(out, q, width));
      };
      times_rest(p, &state.h[from]);
      times_rest(f, &state.u[from]);
      // C_rest,j P C_j,rest is the Gram matrix of L^-1 Lambda' C_j,rest.
      times_rest(factor.half.data(), scratch_b_.data());
      if (stage.parent_columns > 0) {
        const Eigen::Map<const Matrix> root(scratch_b_.data(), q, width);
        update.resize(stage.parent_columns, width);
        product(1.0, root.leftCols(stage.parent_columns), Form::kTransposed, root, Form::kPlain,
                0.0, update);
        subtract_from_parents(pattern_, i, level, update, stages_);
      }
      put_level(pattern_, stage, level, scratch_b_.data() + stage.parent_columns * q, q,
                (level - levels.first) * q, stacked_);
    }
    add_gram(1.0, stacked_.leftCols(tail), to_tail);
    product(-1.0, stacked_.leftCols(tail), Form::kTransposed, stacked_.rightCols(pattern_.m),
            Form::kPlain, 1.0, tail_.fixed);
    product(-1.0, stacked_.rightCols(pattern_.m), Form::kTransposed, stacked_.rightCols(pattern_.m),
            Form::kPlain, 1.0, fixed_);
  }
  mirror_lower(to_tail);
  tail_.factor.subtract(to_tail);
  return std::isfinite(log_determinant_);
}

// sum -= U W U' over stacked levels: U W U' = U_t P U_t' + V top V', V = U_f - U_t H.
void Sweeps::subtract_forms(const Matrix& top, int q, Matrix& sum) const {
  const auto tail = stacked_.leftCols(pattern_.tail_columns);
  Matrix v = stacked_.rightCols(pattern_.m);
  product(-1.0, tail, Form::kPlain, tail_.h, Form::kPlain, 1.0, v);
  const Matrix v_top = times(v, top);
  const Matrix half = tail_half(tail.transpose());
  for (Index row = 0; row < v.rows(); row += q) {
    const auto own = half.middleCols(row, q);
    product(-1.0, own, Form::kTransposed, own, Form::kPlain, 1.0, sum);
    product(-1.0, v_top.middleRows(row, q), Form::kPlain, v.middleRows(row, q), Form::kTransposed,
            1.0, sum);
  }
}

// As H_j = D U_j the W of a level itself follows from U W: W_j,rest = -D U W.
void Sweeps::reverse_wide(std::size_t i, const Matrix& top, Matrix& gamma, bool keep) {
  const Stage& stage = pattern_.chain[i];
  StageState& state = stages_[i];
  const int q = stage.q;
  const int parents = stage.parent_columns;
  if (keep) {
    state.w_diagonal.resize(stage.diagonal_size());
    state.w_rest.resize(stage.rest_size());
  }
  const Matrix& lambda = lambda_[at(stage.group)];
  const Matrix d = outer_gram(lambda);
  Matrix sum = Matrix::Zero(q, q);
  Matrix own(q, q);
  const bool sums_only = parents == 0 && !keep;
  for (const LevelRange levels : level_ranges(stage, q)) {
    stack(pattern_, stage, levels, state.u, stacked_);
    for (Index level = levels.first; level < levels.last; ++level) {
      const std::size_t block = at(level) * at(q) * at(q);
      Small<0>::multiply(q, &state.f[block], c_diagonal(i) + block, own.data());
      sum += own;
    }
    if (sums_only) {
      subtract_forms(top, q, sum);
      continue;
    }
    times_w(*this, top, stacked_, stacked_w_);
    for (Index level = levels.first; level < levels.last; ++level) {
      const std::size_t block = at(level) * at(q) * at(q);
      const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
      const int width = stage.rest_columns(level);
      const Index row = (level - levels.first) * q;
      const Eigen::Map<const Matrix> u(&state.u[from], q, width);
      Eigen::Map<Matrix> uw(scratch_b_.data(), q, width);
      take_level(pattern_, stage, level, stacked_w_, q, row, uw.data() + parents * q);
      if (parents > 0) add_parents_w(*this, i, level, u, uw);
      product(1.0, uw, Form::kPlain, u, Form::kTransposed, 0.0, own);
      sum -= own;
      if (keep) {
        product(-1.0, d, Form::kPlain, uw, Form::kPlain, 0.0,
                Eigen::Map<Matrix>(&state.w_rest[from], q, width));
        Eigen::Map<Matrix>(&state.w_diagonal[block], q, q) =
            Eigen::Map<const Matrix>(&state.p[block], q, q) + congruent(d, own);
      }
    }
  }
  gamma += 0.5 * (sum + sum.transpose());
}

}  // namespace ranef
