#include "factor/tail_matrix.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/products.hpp"

namespace ranef {

namespace {

// Where a border column stands among those that a block meets; -1 where it is not met.
Index row_in_block(const TailBlock& block, Index border_column) {
  const auto wanted = static_cast<std::int32_t>(border_column);
  const auto found = std::lower_bound(block.rows.begin(), block.rows.end(), wanted);
  if (found == block.rows.end() || *found != wanted) return -1;
  return found - block.rows.begin();
}

Matrix rows_of(const Eigen::Ref<const Matrix>& a, Index border,
               const std::vector<std::int32_t>& rows) {
  Matrix out(static_cast<Index>(rows.size()), a.cols());
  for (Index c = 0; c < a.cols(); ++c) {
    for (Index r = 0; r < out.rows(); ++r) out(r, c) = a(border + rows[at(r)], c);
  }
  return out;
}

// Part of the border on the columns that a block meets: full and symmetric.
Matrix border_part(const Packed& border, const std::vector<std::int32_t>& rows) {
  const auto n = static_cast<Index>(rows.size());
  Matrix out(n, n);
  for (Index j = 0; j < n; ++j) {
    const double* column = border.column(rows[at(j)]);
    for (Index i = j; i < n; ++i) out(i, j) = column[rows[at(i)]];
  }
  mirror_lower(out);
  return out;
}

// Multiplies the rows (or columns) of segments by T' from the left (or T from the right); with
// `outer` by T and T'. `start` is the position of the first row (column).
template <class Target>
void apply_left(const std::vector<TailSegment>& segments, const std::vector<Matrix>& t, bool outer,
                Index start, Target a) {
  for (const TailSegment& segment : segments) {
    const Matrix& own = t[at(segment.group)];
    auto rows = a.middleRows(segment.first - start, own.rows());
    if (outer) {
      rows = times(own, rows);
    } else {
      rows = times(own, Form::kTransposed, rows);
    }
  }
}

template <class Target>
void apply_right(const std::vector<TailSegment>& segments, const std::vector<Matrix>& t, bool outer,
                 Index start, Target a) {
  for (const TailSegment& segment : segments) {
    const Matrix& own = t[at(segment.group)];
    auto columns = a.middleCols(segment.first - start, own.rows());
    if (outer) {
      columns = times(columns, Form::kPlain, own, Form::kTransposed);
    } else {
      columns = times(columns, own);
    }
  }
}

// Segments with positions in [from, to).
std::vector<TailSegment> between(const std::vector<TailSegment>& segments, Index from, Index to) {
  const auto before = [](const TailSegment& s, Index value) { return s.first < value; };
  return {std::lower_bound(segments.begin(), segments.end(), from, before),
          std::lower_bound(segments.begin(), segments.end(), to, before)};
}

// Segments of the border columns that a block meets, counted among them.
std::vector<TailSegment> met_segments(const std::vector<TailSegment>& segments,
                                      const TailBlock& block, Index border) {
  std::vector<TailSegment> out;
  for (const TailSegment& segment : segments) {
    if (segment.first < border) continue;
    const Index row = row_in_block(block, segment.first - border);
    if (row >= 0) out.push_back({row, segment.group});
  }
  return out;
}

}  // namespace

TailMatrix::TailMatrix(const TailPattern& pattern)
    : pattern_(&pattern), border_(pattern.boundaries) {
  for (const TailBlock& block : pattern.blocks) {
    blocks_.push_back({Matrix::Zero(block.size, block.size),
                       Matrix::Zero(block.size, static_cast<Index>(block.rows.size()))});
  }
}

void TailMatrix::set_zero() {
  for (Block& block : blocks_) {
    block.diagonal.setZero();
    block.cross.setZero();
  }
  border_.set_zero();
}

bool TailMatrix::has(Index a, Index b) const {
  if (a < b) return has(b, a);
  if (b >= pattern_->border) return true;
  const std::int32_t k = pattern_->block_of(b);
  if (a < pattern_->border) return pattern_->block_of(a) == k;
  return row_in_block(pattern_->blocks[at(k)], a - pattern_->border) >= 0;
}

double& TailMatrix::at_lower(Index a, Index b) {
  if (b >= pattern_->border) return border_.column(b - pattern_->border)[a - pattern_->border];
  const std::size_t k = at(pattern_->block_of(b));
  const TailBlock& own = pattern_->blocks[k];
  if (a < pattern_->border) return blocks_[k].diagonal(a - own.first, b - own.first);
  return blocks_[k].cross(b - own.first, row_in_block(own, a - pattern_->border));
}

double TailMatrix::operator()(Index a, Index b) const {
  const Index high = std::max(a, b);
  const Index low = std::min(a, b);
  return has(high, low) ? const_cast<TailMatrix*>(this)->at_lower(high, low) : 0.0;
}

void TailMatrix::congruence(const std::vector<TailSegment>& segments, const std::vector<Matrix>& t,
                            bool outer) {
  const bool scalar = std::all_of(segments.begin(), segments.end(),
                                  [&](const TailSegment& s) { return t[at(s.group)].rows() == 1; });
  if (scalar) {
    Vector scale(size());
    for (const TailSegment& s : segments) scale(s.first) = t[at(s.group)](0, 0);
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      const TailBlock& own = pattern_->blocks[k];
      const auto left = scale.segment(own.first, own.size);
      Block& block = blocks_[k];
      block.diagonal = (left.asDiagonal() * block.diagonal * left.asDiagonal()).eval();
      for (Index r = 0; r < block.cross.cols(); ++r) {
        block.cross.col(r).array() *= left.array() * scale(pattern_->border + own.rows[at(r)]);
      }
    }
    for (Index j = 0; j < border_.size(); ++j) {
      const Index rows = border_.size() - j;
      Eigen::Map<Vector>(border_.column(j) + j, rows).array() *=
          scale(pattern_->border + j) * scale.tail(rows).array();
    }
    return;
  }
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    const TailBlock& own = pattern_->blocks[k];
    const auto inside = between(segments, own.first, own.first + own.size);
    const auto met = met_segments(segments, own, pattern_->border);
    Block& block = blocks_[k];
    mirror_lower(block.diagonal);
    apply_left<Matrix&>(inside, t, outer, own.first, block.diagonal);
    apply_right<Matrix&>(inside, t, outer, own.first, block.diagonal);
    apply_left<Matrix&>(inside, t, outer, own.first, block.cross);
    apply_right<Matrix&>(met, t, outer, 0, block.cross);
  }
  for (std::size_t k = 0; k < border_.panels(); ++k) {
    Eigen::Map<Matrix> panel = border_.panel(k);
    const Index from = pattern_->border + border_.first(k);
    auto square = panel.topRows(panel.cols());
    mirror_lower(square);
    apply_left(between(segments, from, from + panel.rows()), t, outer, from, panel);
    apply_right(between(segments, from, from + panel.cols()), t, outer, from, panel);
  }
}

void TailMatrix::add_to_diagonal(double value) {
  for (Block& block : blocks_) block.diagonal.diagonal().array() += value;
  for (Index j = 0; j < border_.size(); ++j) border_.column(j)[j] += value;
}

void TailMatrix::add_product(const Matrix& a, const Matrix& b) {
  const Matrix ab = ranef::times(a, b);
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    const TailBlock& own = pattern_->blocks[k];
    const auto left = ab.middleRows(own.first, own.size);
    product(1.0, left, Form::kPlain, a.middleRows(own.first, own.size), Form::kTransposed, 1.0,
            blocks_[k].diagonal);
    product(1.0, left, Form::kPlain, rows_of(a, pattern_->border, own.rows), Form::kTransposed, 1.0,
            blocks_[k].cross);
  }
  for (std::size_t k = 0; k < border_.panels(); ++k) {
    Eigen::Map<Matrix> panel = border_.panel(k);
    const Index from = pattern_->border + border_.first(k);
    product(1.0, ab.middleRows(from, panel.rows()), Form::kPlain, a.middleRows(from, panel.cols()),
            Form::kTransposed, 1.0, panel);
  }
}

bool TailMatrix::factorise() {
  Matrix update;
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    Block& block = blocks_[k];
    if (!cholesky_lower(block.diagonal)) return false;
    solve_lower(block.diagonal, block.cross);
    const std::vector<std::int32_t>& rows = pattern_->blocks[k].rows;
    const auto n = static_cast<Index>(rows.size());
    update.setZero(n, n);
    add_gram(1.0, block.cross, update);
    for (Index j = 0; j < n; ++j) {
      double* column = border_.column(rows[at(j)]);
      for (Index i = j; i < n; ++i) column[rows[at(i)]] -= update(i, j);
    }
  }
  return border_.cholesky();
}

double TailMatrix::log_determinant() const {
  double sum = 0.0;
  for (const Block& block : blocks_) sum += block.diagonal.diagonal().array().log().sum();
  for (Index j = 0; j < border_.size(); ++j) sum += std::log(border_.column(j)[j]);
  return 2.0 * sum;
}

void TailMatrix::solve(Eigen::Ref<Matrix> b, bool transposed) const {
  auto border = b.bottomRows(border_.size());
  if (transposed) border_.solve(border, true);
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    const TailBlock& own = pattern_->blocks[k];
    const Block& block = blocks_[k];
    auto here = b.middleRows(own.first, own.size);
    if (transposed) {
      product(-1.0, block.cross, Form::kPlain, rows_of(b, pattern_->border, own.rows), Form::kPlain,
              1.0, here);
      solve_lower(block.diagonal, here, true);
      continue;
    }
    solve_lower(block.diagonal, here);
    const Matrix update = ranef::times(block.cross, Form::kTransposed, here);
    for (Index c = 0; c < b.cols(); ++c) {
      for (std::size_t r = 0; r < own.rows.size(); ++r) {
        border(own.rows[r], c) -= update(static_cast<Index>(r), c);
      }
    }
  }
  if (!transposed) border_.solve(border, false);
}

// With X = L_JJ^-T L_RJ' and W the inverse over the border: W_J,R = -X W and
// W_JJ = (L_JJ L_JJ')^-1 + X W X'.
void TailMatrix::invert() {
  border_.invert();
  Matrix x;
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    Block& block = blocks_[k];
    x = block.cross;
    solve_lower(block.diagonal, x, true);
    inverse_from_cholesky(block.diagonal);
    if (x.cols() == 0) continue;
    const Matrix w = border_part(border_, pattern_->blocks[k].rows);
    product(-1.0, x, Form::kPlain, w, Form::kPlain, 0.0, block.cross);
    product(-1.0, block.cross, Form::kPlain, x, Form::kTransposed, 1.0, block.diagonal);
  }
}

Matrix TailMatrix::full_inverse(const TailMatrix& factor, const TailMatrix& inverse) {
  const TailPattern& pattern = factor.pattern();
  const Index n = pattern.size();
  const Index n_border = n - pattern.border;
  Matrix out(n, n);
  auto corner = out.bottomRightCorner(n_border, n_border);
  for (std::size_t k = 0; k < inverse.border_.panels(); ++k) {
    const Eigen::Map<const Matrix> panel = inverse.border_.panel(k);
    corner.block(inverse.border_.first(k), inverse.border_.first(k), panel.rows(), panel.cols()) =
        panel;
  }
  mirror_lower(corner);
  // The columns of a block against the border and the blocks before follow from those of the
  // border columns it meets, W_.J = -W_.R X_J'.
  Matrix x;
  Matrix met;
  for (std::size_t k = 0; k < factor.blocks_.size(); ++k) {
    const TailBlock& own = pattern.blocks[k];
    x = factor.blocks_[k].cross;
    solve_lower(factor.blocks_[k].diagonal, x, true);
    const auto follow = [&](Index first, Index rows) {
      met.resize(rows, x.cols());
      for (Index c = 0; c < x.cols(); ++c) {
        met.col(c) = out.col(pattern.border + own.rows[at(c)]).segment(first, rows);
      }
      auto columns = out.block(first, own.first, rows, own.size);
      product(-1.0, met, Form::kPlain, x, Form::kTransposed, 0.0, columns);
      out.block(own.first, first, own.size, rows) = columns.transpose();
    };
    follow(0, own.first);
    follow(pattern.border, n_border);
    auto square = out.block(own.first, own.first, own.size, own.size);
    square = inverse.blocks_[k].diagonal;
    mirror_lower(square);
  }
  return out;
}

// Calls use(element, tail column, tail column) for the lower triangle.
template <class Use>
void TailMatrix::each(Use use) {
  const std::vector<std::int32_t>& column = pattern_->column;
  const Index start = pattern_->border;
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    const TailBlock& own = pattern_->blocks[k];
    for (Index j = 0; j < own.size; ++j) {
      for (Index i = j; i < own.size; ++i) {
        use(blocks_[k].diagonal(i, j), column[at(own.first + i)], column[at(own.first + j)]);
      }
      for (std::size_t r = 0; r < own.rows.size(); ++r) {
        use(blocks_[k].cross(j, static_cast<Index>(r)), column[at(start + own.rows[r])],
            column[at(own.first + j)]);
      }
    }
  }
  for (Index j = 0; j < border_.size(); ++j) {
    double* values = border_.column(j);
    for (Index i = j; i < border_.size(); ++i) {
      use(values[i], column[at(start + i)], column[at(start + j)]);
    }
  }
}

Matrix TailMatrix::by_column() const {
  Matrix out = Matrix::Zero(size(), size());
  const_cast<TailMatrix*>(this)->each([&](double value, std::int32_t i, std::int32_t j) {
    out(i, j) = value;
    out(j, i) = value;
  });
  return out;
}

void TailMatrix::assign(const Matrix& by_column) {
  each([&](double& value, std::int32_t i, std::int32_t j) { value = by_column(i, j); });
}

void TailMatrix::subtract(const Matrix& by_column) {
  each([&](double& value, std::int32_t i, std::int32_t j) { value -= by_column(i, j); });
}

Matrix TailMatrix::times(const Matrix& v) const {
  Matrix out = Matrix::Zero(v.rows(), v.cols());
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    const TailBlock& own = pattern_->blocks[k];
    const auto here = v.middleRows(own.first, own.size);
    auto to = out.middleRows(own.first, own.size);
    symmetric_product(1.0, blocks_[k].diagonal, here, 1.0, to);
    product(1.0, blocks_[k].cross, Form::kPlain, rows_of(v, pattern_->border, own.rows),
            Form::kPlain, 1.0, to);
    const Matrix below = ranef::times(blocks_[k].cross, Form::kTransposed, here);
    for (Index c = 0; c < v.cols(); ++c) {
      for (std::size_t r = 0; r < own.rows.size(); ++r) {
        out(pattern_->border + own.rows[r], c) += below(static_cast<Index>(r), c);
      }
    }
  }
  for (std::size_t k = 0; k < border_.panels(); ++k) {
    const Eigen::Map<const Matrix> panel = border_.panel(k);
    const Index from = pattern_->border + border_.first(k);
    const auto square = panel.topRows(panel.cols());
    const auto below = panel.bottomRows(panel.rows() - panel.cols());
    const auto here = v.middleRows(from, panel.cols());
    const Index rest = from + panel.cols();
    symmetric_product(1.0, square, here, 1.0, out.middleRows(from, panel.cols()));
    product(1.0, below, Form::kTransposed, v.bottomRows(v.rows() - rest), Form::kPlain, 1.0,
            out.middleRows(from, panel.cols()));
    product(1.0, below, Form::kPlain, here, Form::kPlain, 1.0, out.bottomRows(v.rows() - rest));
  }
  return out;
}

}  // namespace ranef
