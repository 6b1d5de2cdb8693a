#include "factor/arrange.hpp"

#include <algorithm>
#include <stdexcept>

#include "linalg/parallel.hpp"

namespace ranef {

namespace {

void copy(const HugeVector& from, int threads, HugeVector& to) {
  constexpr Index kRun = Index{1} << 16;
  to.resize(from.size());
  run_parts(static_cast<Index>(from.size()), kRun, threads, [&](Index first, Index last) {
    std::copy_n(from.data() + first, last - first, to.data() + first);
  });
}

void check_sizes(const Pattern& pattern, const CrossProducts& a) {
  bool same = a.p == pattern.p && a.groups.size() == pattern.q.size();
  for (std::size_t g = 0; same && g < a.groups.size(); ++g) {
    same = a.groups[g].q == pattern.q[g] && a.groups[g].n_levels == pattern.n_levels[g];
  }
  if (!same) throw std::invalid_argument("cross-products of other columns or levels");
}

// Where a grouping factor stands in the order of elimination.
struct Place {
  bool in_tail = false;
  std::size_t place = 0;  // in the chain, or in the tail
};

Place place_of(const Pattern& pattern, int group) {
  for (std::size_t i = 0; i < pattern.chain.size(); ++i) {
    if (pattern.chain[i].group == group) return {false, i};
  }
  std::size_t t = 0;
  while (pattern.tail[t].group != group) ++t;
  return {true, t};
}

// The first column of a later factor's level within the rest of a level.
class RestColumn {
 public:
  RestColumn(const Pattern& pattern, const Stage& stage, std::size_t i, Place later)
      : stage_(stage) {
    if (later.in_tail) {
      group_ = &pattern.tail[later.place];
      position_ = pattern.tail_pattern.position.data();
      return;
    }
    parent_ = stage.parent[later.place - i - 1].data();
    for (std::size_t k = i + 1; k < later.place; ++k) column_ += pattern.chain[k].q;
  }

  std::int64_t operator()(Index level, Index other) const {
    const std::int64_t from = stage_.rest_start[at(level)];
    if (group_ == nullptr) {
      if (parent_[level] != other) contradiction();
      return from + column_;
    }
    const std::int32_t* list = stage_.tail_positions(level);
    const std::int32_t* end = list + stage_.tail_columns(level);
    const std::int32_t wanted = position_[group_->offset + other * group_->q];
    const std::int32_t* found = std::lower_bound(list, end, wanted);
    if (found == end || *found != wanted) contradiction();
    return from + stage_.parent_columns + (found - list);
  }

 private:
  const Stage& stage_;
  const TailGroup* group_ = nullptr;
  const std::int32_t* position_ = nullptr;
  const std::int32_t* parent_ = nullptr;
  int column_ = 0;
};

// Blocks of a pair into the rest of the factor that is eliminated first.
void fill_rest(const Pattern& pattern, const PairBlocks& pair, Place first, Place second,
               Numbers& out) {
  const bool turned = first.in_tail || (!second.in_tail && second.place < first.place);
  const Place early = turned ? second : first;
  const Place late = turned ? first : second;
  const Stage& stage = pattern.chain[early.place];
  const RestColumn column(pattern, stage, early.place, late);
  HugeVector& rest = out.chain[early.place].rest;
  const std::size_t rows = at(pattern.q[at(pair.first)]);
  const std::size_t columns = at(pattern.q[at(pair.second)]);
  const std::size_t size = rows * columns;
  for (std::size_t row = 0; row + 1 < pair.start.size(); ++row) {
    for (auto k = at(pair.start[row]); k < at(pair.start[row + 1]); ++k) {
      const double* block = &pair.values[k * size];
      const auto other = static_cast<Index>(pair.level[k]);
      if (!turned) {
        std::copy_n(block, size, &rest[at(column(static_cast<Index>(row), other)) * rows]);
        continue;
      }
      double* to = &rest[at(column(other, static_cast<Index>(row))) * columns];
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < columns; ++c) to[c + r * columns] = block[r + c * rows];
      }
    }
  }
}

// Tail factors keep the order of their numbers, so blocks stand as they are stored.
void fill_pair(const TailPair& pattern, const PairBlocks& pair, std::size_t size,
               std::vector<double>& out) {
  if (pair.start == pattern.start && pair.level == pattern.level) {
    out = pair.values;
    return;
  }
  out.assign(pattern.level.size() * size, 0.0);
  for (std::size_t row = 0; row + 1 < pair.start.size(); ++row) {
    const auto begin = pattern.level.begin() + pattern.start[row];
    const auto end = pattern.level.begin() + pattern.start[row + 1];
    for (auto k = at(pair.start[row]); k < at(pair.start[row + 1]); ++k) {
      const auto found = std::lower_bound(begin, end, pair.level[k]);
      if (found == end || *found != pair.level[k]) contradiction();
      const auto to = at(found - pattern.level.begin());
      std::copy_n(&pair.values[k * size], size, &out[to * size]);
    }
  }
}

void fill_chain(const Pattern& pattern, const CrossProducts& a, int threads, Numbers& out) {
  out.chain.resize(pattern.chain.size());
  const std::size_t m = at(pattern.m);
  for (std::size_t i = 0; i < pattern.chain.size(); ++i) {
    const Stage& stage = pattern.chain[i];
    const GroupBlocks& group = a.groups[at(stage.group)];
    StageNumbers& to = out.chain[i];
    copy(group.diagonal, threads, to.diagonal);
    if (pattern.n_groups == 1) {
      copy(group.fixed, threads, to.rest);
      continue;
    }
    const std::size_t q = at(stage.q);
    to.rest.assign(stage.rest_size(), 0.0);
    for (std::size_t level = 0; level < at(stage.n_levels); ++level) {
      std::copy_n(&group.fixed[level * m * q], m * q,
                  &to.rest[(at(stage.rest_start[level + 1]) - m) * q]);
    }
  }
}

void fill_tail(const Pattern& pattern, const CrossProducts& a, Numbers& out) {
  out.tail.resize(pattern.tail.size());
  out.tail_pairs.resize(pattern.tail_pairs.size());
  out.tail_fixed.resize(pattern.tail_columns, pattern.m);
  for (std::size_t t = 0; t < pattern.tail.size(); ++t) {
    const TailGroup& group = pattern.tail[t];
    const GroupBlocks& blocks = a.groups[at(group.group)];
    out.tail[t] = blocks.diagonal;
    const Index q = group.q;
    for (Index level = 0; level < group.n_levels; ++level) {
      out.tail_fixed.middleRows(group.offset + level * q, q) =
          Eigen::Map<const Matrix>(&blocks.fixed[at(level * q * pattern.m)], q, pattern.m);
    }
  }
  for (std::size_t t = 0; t < pattern.tail_pairs.size(); ++t) {
    const TailPair& pair = pattern.tail_pairs[t];
    const TailGroup& first = pattern.tail[pair.first];
    const TailGroup& second = pattern.tail[pair.second];
    fill_pair(pair, a.pair(first.group, second.group), at(first.q) * at(second.q),
              out.tail_pairs[t]);
  }
}

// to = sum_k c_k term_k.
template <class Numbers_, class Of>
void combine_arrays(const Vector& c, const std::vector<const Numbers*>& terms, Of of,
                    Numbers_& to) {
  to.assign(of(*terms[0]).size(), 0.0);
  for (std::size_t k = 0; k < terms.size(); ++k) {
    const double* from = of(*terms[k]).data();
    const double value = c(static_cast<Index>(k));
    for (std::size_t e = 0; e < to.size(); ++e) to[e] += value * from[e];
  }
}

}  // namespace

void refill(const Pattern& pattern, const CrossProducts& a, int threads, Numbers& out) {
  check_sizes(pattern, a);
  out.n = a.n;
  out.sum_log_weights = a.sum_log_weights;
  out.fixed = a.fixed;
  fill_chain(pattern, a, threads, out);
  fill_tail(pattern, a, out);
  for (const PairBlocks& pair : a.pairs) {
    const Place first = place_of(pattern, pair.first);
    const Place second = place_of(pattern, pair.second);
    if (first.in_tail && second.in_tail) continue;
    fill_rest(pattern, pair, first, second, out);
  }
}

Numbers arrange_numbers(const Pattern& pattern, const CrossProducts& a, int threads) {
  Numbers out;
  refill(pattern, a, threads, out);
  return out;
}

Arranged arrange(const CrossProducts& a, int threads) {
  Arranged out;
  out.pattern = make_pattern(a);
  refill(*out.pattern, a, threads, out.numbers);
  return out;
}

void combine(const Vector& coefficients, const std::vector<const Numbers*>& terms, Numbers& out) {
  const Numbers& first = *terms.front();
  out.n = first.n;
  out.sum_log_weights = first.sum_log_weights;
  out.chain.resize(first.chain.size());
  out.tail.resize(first.tail.size());
  out.tail_pairs.resize(first.tail_pairs.size());
  for (std::size_t i = 0; i < out.chain.size(); ++i) {
    const auto diagonal = [i](const Numbers& a) -> const HugeVector& {
      return a.chain[i].diagonal;
    };
    const auto rest = [i](const Numbers& a) -> const HugeVector& { return a.chain[i].rest; };
    combine_arrays(coefficients, terms, diagonal, out.chain[i].diagonal);
    combine_arrays(coefficients, terms, rest, out.chain[i].rest);
  }
  for (std::size_t t = 0; t < out.tail.size(); ++t) {
    const auto own = [t](const Numbers& a) -> const HugeVector& { return a.tail[t]; };
    combine_arrays(coefficients, terms, own, out.tail[t]);
  }
  for (std::size_t t = 0; t < out.tail_pairs.size(); ++t) {
    const auto own = [t](const Numbers& a) -> const std::vector<double>& {
      return a.tail_pairs[t];
    };
    combine_arrays(coefficients, terms, own, out.tail_pairs[t]);
  }
  out.fixed.setZero(first.fixed.rows(), first.fixed.cols());
  out.tail_fixed.setZero(first.tail_fixed.rows(), first.tail_fixed.cols());
  for (std::size_t k = 0; k < terms.size(); ++k) {
    out.fixed += coefficients(static_cast<Index>(k)) * terms[k]->fixed;
    out.tail_fixed += coefficients(static_cast<Index>(k)) * terms[k]->tail_fixed;
  }
}

void add_tail(const Pattern& pattern, const Numbers& numbers, TailMatrix& a) {
  const std::vector<std::int32_t>& position = pattern.tail_pattern.position;
  for_tail_blocks(pattern, numbers,
                  [&](Index row, Index column, const Eigen::Map<const Matrix>& block) {
                    for (Index c = 0; c < block.cols(); ++c) {
                      for (Index r = 0; r < block.rows(); ++r) {
                        const Index i = position[at(row + r)];
                        const Index j = position[at(column + c)];
                        if (row == column && i < j) continue;
                        a.at_lower(std::max(i, j), std::min(i, j)) += block(r, c);
                      }
                    }
                  });
}

Matrix tail_times(const Arranged& arranged, const Matrix& v) {
  Matrix out = Matrix::Zero(v.rows(), v.cols());
  for_tail_blocks(*arranged, arranged.numbers,
                  [&](Index row, Index column, const Eigen::Map<const Matrix>& block) {
                    for (Index k = 0; k < v.cols(); ++k) {
                      for (Index c = 0; c < block.cols(); ++c) {
                        for (Index r = 0; r < block.rows(); ++r) {
                          out(row + r, k) += block(r, c) * v(column + c, k);
                          if (row != column) out(column + c, k) += block(r, c) * v(row + r, k);
                        }
                      }
                    }
                  });
  return out;
}

}  // namespace ranef
