// Scatter and gather over the rest columns of a level: parents, tail, then X and y.
#include "factor/sweeps.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

// Calls use(parent k, its level, first rest column here) for each later chain factor.
template <class Use>
void for_parents(const Pattern& pattern, std::size_t i, Index level, Use use) {
  const Stage& stage = pattern.chain[i];
  int column = 0;
  for (std::size_t k = 0; k < stage.parent.size(); ++k) {
    use(k, static_cast<Index>(stage.parent[k][at(level)]), column);
    column += pattern.chain[i + 1 + k].q;
  }
}

// First column of parent l (counted from stage i) within the rest of parent k.
int parent_offset(const Pattern& pattern, std::size_t i, std::size_t k, std::size_t l) {
  int offset = 0;
  for (std::size_t s = k + 1; s < l; ++s) offset += pattern.chain[i + 1 + s].q;
  return offset;
}

// Lower triangle of the tail matrix minus the tail part of `update`.
void subtract_from_tail(const Stage& stage, Index level, const Eigen::Ref<const Matrix>& update,
                        TailMatrix& tail) {
  const int tail0 = stage.parent_columns;
  const int n = stage.tail_columns(level);
  const int inside = stage.tail_inside[at(level)];
  const std::int32_t* position = stage.tail_positions(level);
  const std::int32_t* row = stage.tail_rows(level);
  const auto start = static_cast<std::int32_t>(tail.pattern().border);
  const auto from = [&](int t) {
    return update.data() + static_cast<Index>(tail0 + t) * update.outerStride() + tail0;
  };
  if (inside > 0) {
    const std::size_t k = at(stage.tail_block[at(level)]);
    const Index first = tail.pattern().blocks[k].first;
    TailMatrix::Block& block = tail.block(k);
    for (int t = 0; t < inside; ++t) {
      double* to = block.diagonal.col(position[t] - first).data() - first;
      for (int s = t; s < inside; ++s) to[position[s]] -= from(t)[s];
    }
    for (int t = inside; t < n; ++t) {
      double* to = block.cross.col(row[t]).data() - first;
      for (int s = 0; s < inside; ++s) to[position[s]] -= from(t)[s];
    }
  }
  for (int t = inside; t < n; ++t) {
    double* to = tail.border().column(position[t] - start) - start;
    const double* values = from(t);
    for (int s = t; s < n; ++s) to[position[s]] -= values[s];
  }
}

void gather_tail(const Stage& stage, Index level, const TailMatrix& tail, Eigen::Ref<Matrix> out) {
  const int tail0 = stage.parent_columns;
  const int n = stage.tail_columns(level);
  const int inside = stage.tail_inside[at(level)];
  const std::int32_t* position = stage.tail_positions(level);
  const std::int32_t* row = stage.tail_rows(level);
  const auto start = static_cast<std::int32_t>(tail.pattern().border);
  const auto put = [&](int s, int t, double value) {
    out(tail0 + s, tail0 + t) = value;
    out(tail0 + t, tail0 + s) = value;
  };
  if (inside > 0) {
    const std::size_t k = at(stage.tail_block[at(level)]);
    const Index first = tail.pattern().blocks[k].first;
    const TailMatrix::Block& block = tail.block(k);
    for (int t = 0; t < inside; ++t) {
      for (int s = t; s < inside; ++s) {
        put(s, t, block.diagonal(position[s] - first, position[t] - first));
      }
    }
    for (int t = inside; t < n; ++t) {
      for (int s = 0; s < inside; ++s) put(s, t, block.cross(position[s] - first, row[t]));
    }
  }
  for (int t = inside; t < n; ++t) {
    const double* values = tail.border().column(position[t] - start) - start;
    for (int s = t; s < n; ++s) put(s, t, values[position[s]]);
  }
}

}  // namespace

void subtract_from_parents(const Pattern& pattern, std::size_t i, Index level,
                           const Eigen::Ref<const Matrix>& update,
                           std::vector<StageState>& stages) {
  const Stage& stage = pattern.chain[i];
  const int n_tail = stage.tail_columns(level);
  const int m = pattern.m;
  const int tail0 = stage.parent_columns;
  const int fixed0 = tail0 + n_tail;
  for_parents(pattern, i, level, [&](std::size_t k, Index up, int column) {
    const Stage& later = pattern.chain[i + 1 + k];
    StageState& state = stages[i + 1 + k];
    const int q = later.q;
    Eigen::Map<Matrix>(&state.diagonal[at(up * q * q)], q, q) -= update.block(column, column, q, q);
    Eigen::Map<Matrix> rest(&state.rest[at(later.rest_start[at(up)]) * at(q)], q,
                            later.rest_columns(up));
    for_parents(pattern, i, level, [&](std::size_t l, Index, int other) {
      if (l <= k) return;
      const int q_other = pattern.chain[i + 1 + l].q;
      rest.middleCols(parent_offset(pattern, i, k, l), q_other) -=
          update.block(column, other, q, q_other);
    });
    const std::int32_t* place = stage.tail_at[k].data() + stage.tail_start[at(level)];
    for (int t = 0; t < n_tail; ++t) {
      rest.col(later.parent_columns + place[t]) -= update.block(column, tail0 + t, q, 1);
    }
    rest.rightCols(m) -= update.block(column, fixed0, q, m);
  });
}

void scatter_subtract(const Pattern& pattern, std::size_t i, Index level,
                      const Eigen::Ref<const Matrix>& update, RestTarget target) {
  const Stage& stage = pattern.chain[i];
  const int n_tail = stage.tail_columns(level);
  const int m = pattern.m;
  const int tail0 = stage.parent_columns;
  const int fixed0 = tail0 + n_tail;
  const std::int32_t* list = stage.tail_list(level);
  subtract_from_parents(pattern, i, level, update, *target.stages);
  if (n_tail > 0) {
    subtract_from_tail(stage, level, update, *target.tail);
    Matrix& tail_fixed = *target.tail_fixed;
    for (int c = 0; c < m; ++c) {
      double* to = tail_fixed.col(c).data();
      const double* from = update.data() + static_cast<Index>(fixed0 + c) * update.outerStride();
      for (int t = 0; t < n_tail; ++t) to[list[t]] -= from[tail0 + t];
    }
  }
  *target.fixed -= update.bottomRightCorner(m, m);
}

void gather(const Pattern& pattern, std::size_t i, Index level, OnPattern source,
            Eigen::Ref<Matrix> out) {
  const Stage& stage = pattern.chain[i];
  const int n_tail = stage.tail_columns(level);
  const int m = pattern.m;
  const int tail0 = stage.parent_columns;
  const int fixed0 = tail0 + n_tail;
  const std::int32_t* list = stage.tail_list(level);
  for_parents(pattern, i, level, [&](std::size_t k, Index up, int column) {
    const Stage& later = pattern.chain[i + 1 + k];
    const StageState& state = (*source.stages)[i + 1 + k];
    const int q = later.q;
    out.block(column, column, q, q) =
        Eigen::Map<const Matrix>(&state.w_diagonal[at(up * q * q)], q, q);
    const Eigen::Map<const Matrix> rest(&state.w_rest[at(later.rest_start[at(up)]) * at(q)], q,
                                        later.rest_columns(up));
    const auto put = [&](int to, int from, int width) {
      out.block(column, to, q, width) = rest.middleCols(from, width);
      out.block(to, column, width, q) = rest.middleCols(from, width).transpose();
    };
    for_parents(pattern, i, level, [&](std::size_t l, Index, int other) {
      if (l > k) put(other, parent_offset(pattern, i, k, l), pattern.chain[i + 1 + l].q);
    });
    const std::int32_t* place = stage.tail_at[k].data() + stage.tail_start[at(level)];
    for (int t = 0; t < n_tail; ++t) put(tail0 + t, later.parent_columns + place[t], 1);
    put(fixed0, later.rest_columns(up) - m, m);
  });
  if (n_tail > 0) {
    gather_tail(stage, level, *source.tail, out);
    for (int t = 0; t < n_tail; ++t) {
      for (int c = 0; c < m; ++c) {
        const double value = (*source.tail_fixed)(list[t], c);
        out(tail0 + t, fixed0 + c) = value;
        out(fixed0 + c, tail0 + t) = value;
      }
    }
  }
  out.bottomRightCorner(m, m) = *source.top;
}

void gather_parent_rows(const Pattern& pattern, std::size_t i, Index level,
                        const std::vector<StageState>& stages, Eigen::Ref<Matrix> out) {
  const Stage& stage = pattern.chain[i];
  const int n_tail = stage.tail_columns(level);
  const int m = pattern.m;
  const int tail0 = stage.parent_columns;
  for_parents(pattern, i, level, [&](std::size_t k, Index up, int column) {
    const Stage& later = pattern.chain[i + 1 + k];
    const StageState& state = stages[i + 1 + k];
    const int q = later.q;
    out.block(column, column, q, q) =
        Eigen::Map<const Matrix>(&state.w_diagonal[at(up * q * q)], q, q);
    const Eigen::Map<const Matrix> rest(&state.w_rest[at(later.rest_start[at(up)]) * at(q)], q,
                                        later.rest_columns(up));
    for_parents(pattern, i, level, [&](std::size_t l, Index, int other) {
      if (l <= k) return;
      const auto block =
          rest.middleCols(parent_offset(pattern, i, k, l), pattern.chain[i + 1 + l].q);
      out.block(column, other, q, block.cols()) = block;
      out.block(other, column, block.cols(), q) = block.transpose();
    });
    const std::int32_t* place = stage.tail_at[k].data() + stage.tail_start[at(level)];
    for (int t = 0; t < n_tail; ++t) {
      out.block(column, tail0 + t, q, 1) = rest.col(later.parent_columns + place[t]);
    }
    out.block(column, tail0 + n_tail, q, m) = rest.rightCols(m);
  });
}

double inner(const Pattern& pattern, OnPattern w, const Numbers& change) {
  const auto dot = [](const auto& a, const auto& b) {
    double sum = 0.0;
    for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
    return sum;
  };
  double once = w.top->cwiseProduct(change.fixed).sum();
  double twice = 0.0;
  for (std::size_t i = 0; i < pattern.chain.size(); ++i) {
    once += dot((*w.stages)[i].w_diagonal, change.chain[i].diagonal);
    twice += dot((*w.stages)[i].w_rest, change.chain[i].rest);
  }
  if (pattern.tail_columns > 0) {
    const std::vector<std::int32_t>& position = pattern.tail_pattern.position;
    for_tail_blocks(pattern, change,
                    [&](Index row, Index column, const Eigen::Map<const Matrix>& block) {
                      double sum = 0.0;
                      for (Index c = 0; c < block.cols(); ++c) {
                        for (Index r = 0; r < block.rows(); ++r) {
                          const Index i = position[at(row + r)];
                          sum += block(r, c) * (*w.tail)(i, position[at(column + c)]);
                        }
                      }
                      (row == column ? once : twice) += sum;
                    });
    twice += w.tail_fixed->cwiseProduct(change.tail_fixed).sum();
  }
  return once + 2.0 * twice;
}

void times_lambda(const Pattern& pattern, const std::vector<Matrix>& lambda, Matrix& a) {
  for (const TailGroup& group : pattern.tail) {
    const Matrix& l = lambda[at(group.group)];
    if (group.q == 1) {
      a.middleCols(group.offset, group.n_levels) *= l(0, 0);
      continue;
    }
    for (Index level = 0; level < group.n_levels; ++level) {
      auto block = a.middleCols(group.offset + level * group.q, group.q);
      block = times(block, l);
    }
  }
}

void lambda_transposed_times(const Pattern& pattern, const std::vector<Matrix>& lambda, Matrix& a) {
  for (const TailGroup& group : pattern.tail) {
    const Matrix& l = lambda[at(group.group)];
    if (group.q == 1) {
      a.middleRows(group.offset, group.n_levels) *= l(0, 0);
      continue;
    }
    for (Index level = 0; level < group.n_levels; ++level) {
      auto block = a.middleRows(group.offset + level * group.q, group.q);
      block = times(l, Form::kTransposed, block);
    }
  }
}

}  // namespace ranef
