#include "factor/arrange.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "linalg/parallel.hpp"

namespace ranef {

namespace {

// Blocks of the pair with `first` as rows, transposed where they are stored the other way.
PairBlocks oriented(const CrossProducts& a, int first, int second) {
  if (first < second) return a.pair(first, second);
  const PairBlocks& source = a.pair(second, first);
  const auto qr = at(a.groups[at(second)].q);  // rows as stored
  const auto qc = at(a.groups[at(first)].q);
  PairBlocks out;
  out.first = first;
  out.second = second;
  out.start.assign(at(a.groups[at(first)].n_levels) + 1, 0);
  for (const std::int32_t level : source.level) ++out.start[at(level) + 1];
  for (std::size_t j = 1; j < out.start.size(); ++j) out.start[j] += out.start[j - 1];
  out.level.resize(source.level.size());
  out.values.resize(source.values.size());
  std::vector<std::int64_t> next(out.start.begin(), out.start.end() - 1);
  for (std::size_t row = 0; row + 1 < source.start.size(); ++row) {
    for (auto k = at(source.start[row]); k < at(source.start[row + 1]); ++k) {
      const std::size_t to = at(next[at(source.level[k])]++);
      out.level[to] = static_cast<std::int32_t>(row);
      for (std::size_t r = 0; r < qr; ++r) {
        for (std::size_t c = 0; c < qc; ++c) {
          out.values[to * qr * qc + r * qc + c] = source.values[k * qr * qc + c * qr + r];
        }
      }
    }
  }
  return out;
}

// True where every level of `pair.first` meets at most one level of `pair.second`.
bool nested(const PairBlocks& pair) {
  for (std::size_t j = 0; j + 1 < pair.start.size(); ++j) {
    if (pair.start[j + 1] - pair.start[j] > 1) return false;
  }
  return true;
}

std::vector<int> chain_groups(const CrossProducts& a) {
  const int n_groups = static_cast<int>(a.groups.size());
  std::vector<int> order(at(n_groups));
  std::iota(order.begin(), order.end(), 0);
  const auto columns = [&](int g) { return a.groups[at(g)].n_levels * a.groups[at(g)].q; };
  std::stable_sort(order.begin(), order.end(),
                   [&](int g, int h) { return columns(g) > columns(h); });
  std::vector<int> chain;
  if (order.empty()) return chain;
  chain.push_back(order.front());
  std::vector<int> later(order.begin() + 1, order.end());
  std::stable_sort(later.begin(), later.end(), [&](int g, int h) {
    return a.groups[at(g)].n_levels > a.groups[at(h)].n_levels;
  });
  for (const int g : later) {
    const bool fits = std::all_of(chain.begin(), chain.end(),
                                  [&](int inner) { return nested(oriented(a, inner, g)); });
    if (fits) chain.push_back(g);
  }
  return chain;
}

// Puts the blocks of `pair` into the rest of each level, from rest column `place(level, k)` on.
template <class Place>
void copy_blocks(const PairBlocks& pair, int q_first, int q_second, Stage& stage, Place place) {
  const std::size_t size = at(q_first) * at(q_second);
  for (Index level = 0; level < stage.n_levels; ++level) {
    for (auto k = at(pair.start[at(level)]); k < at(pair.start[at(level) + 1]); ++k) {
      const std::size_t column = at(stage.rest_start[at(level)]) + at(place(level, pair.level[k]));
      std::copy_n(&pair.values[k * size], size, &stage.rest[column * at(q_first)]);
    }
  }
}

// Sorts the tail columns of each level by position and finds their places in the level's block.
void order_tail_lists(const TailPattern& pattern, Stage& stage) {
  const auto position = [&](std::int32_t column) { return pattern.position[at(column)]; };
  stage.tail_position.resize(stage.tail_column.size());
  stage.tail_row.assign(stage.tail_column.size(), -1);
  stage.tail_block.assign(at(stage.n_levels), -1);
  stage.tail_inside.assign(at(stage.n_levels), 0);
  for (Index level = 0; level < stage.n_levels; ++level) {
    const auto from = at(stage.tail_start[at(level)]);
    const auto to = at(stage.tail_start[at(level) + 1]);
    const auto begin = stage.tail_column.begin();
    std::sort(begin + stage.tail_start[at(level)], begin + stage.tail_start[at(level) + 1],
              [&](std::int32_t c, std::int32_t d) { return position(c) < position(d); });
    for (std::size_t e = from; e < to; ++e) {
      stage.tail_position[e] = position(stage.tail_column[e]);
      stage.tail_inside[at(level)] += stage.tail_position[e] < pattern.border ? 1 : 0;
    }
    if (stage.tail_inside[at(level)] == 0) continue;
    const std::int32_t k = pattern.block_of(stage.tail_position[from]);
    stage.tail_block[at(level)] = k;
    const std::vector<std::int32_t>& rows = pattern.blocks[at(k)].rows;
    auto row = rows.begin();
    for (std::size_t e = from + at(stage.tail_inside[at(level)]); e < to; ++e) {
      row = std::lower_bound(row, rows.end(), stage.tail_position[e] - pattern.border);
      stage.tail_row[e] = static_cast<std::int32_t>(row - rows.begin());
    }
  }
}

void copy(const Numbers& from, int threads, Numbers& to) {
  constexpr Index kRun = Index{1} << 16;
  to.resize(from.size());
  run_parts(static_cast<Index>(from.size()), kRun, threads, [&](Index first, Index last) {
    std::copy_n(from.data() + first, last - first, to.data() + first);
  });
}

Stage make_stage(const CrossProducts& a, const std::vector<int>& chain, std::size_t place_in_chain,
                 const std::vector<TailGroup>& tail, const TailPattern& pattern, int threads) {
  const int g = chain[place_in_chain];
  const GroupBlocks& group = a.groups[at(g)];
  Stage stage;
  stage.group = g;
  stage.q = group.q;
  stage.n_levels = group.n_levels;
  copy(group.diagonal, threads, stage.diagonal);
  std::vector<PairBlocks> to_tail;
  for (const TailGroup& t : tail) to_tail.push_back(oriented(a, g, t.group));
  stage.tail_start.assign(at(stage.n_levels) + 1, 0);
  for (Index level = 0; level < stage.n_levels; ++level) {
    for (std::size_t t = 0; t < tail.size(); ++t) {
      for (auto k = at(to_tail[t].start[at(level)]); k < at(to_tail[t].start[at(level) + 1]); ++k) {
        for (int c = 0; c < tail[t].q; ++c) {
          stage.tail_column.push_back(static_cast<std::int32_t>(
              tail[t].offset + static_cast<Index>(to_tail[t].level[k]) * tail[t].q + c));
        }
      }
    }
    stage.tail_start[at(level) + 1] = static_cast<std::int64_t>(stage.tail_column.size());
  }
  if (!tail.empty()) order_tail_lists(pattern, stage);
  for (std::size_t k = place_in_chain + 1; k < chain.size(); ++k) {
    stage.parent_columns += a.groups[at(chain[k])].q;
  }
  const int m = a.p + 1;
  stage.rest_start.assign(at(stage.n_levels) + 1, 0);
  for (Index level = 0; level < stage.n_levels; ++level) {
    stage.rest_start[at(level) + 1] =
        stage.rest_start[at(level)] + stage.parent_columns + stage.tail_columns(level) + m;
  }
  if (chain.size() == 1 && tail.empty()) {
    copy(group.fixed, threads, stage.rest);
    return stage;
  }
  stage.rest.assign(at(stage.rest_start.back()) * at(stage.q), 0.0);
  int column = 0;
  for (std::size_t k = place_in_chain + 1; k < chain.size(); ++k) {
    const PairBlocks pair = oriented(a, g, chain[k]);
    std::vector<std::int32_t> parent(at(stage.n_levels), 0);
    for (std::size_t j = 0; j < parent.size(); ++j) {
      if (pair.start[j + 1] > pair.start[j]) parent[j] = pair.level[at(pair.start[j])];
    }
    stage.parent.push_back(std::move(parent));
    const int q_parent = a.groups[at(chain[k])].q;
    copy_blocks(pair, stage.q, q_parent, stage, [&](Index, std::int32_t) { return column; });
    column += q_parent;
  }
  for (std::size_t t = 0; t < tail.size(); ++t) {
    copy_blocks(to_tail[t], stage.q, tail[t].q, stage, [&](Index level, std::int32_t other) {
      const std::int32_t* list = stage.tail_positions(level);
      const std::int32_t wanted = pattern.position[at(tail[t].offset + other * tail[t].q)];
      const auto found = std::lower_bound(list, list + stage.tail_columns(level), wanted) - list;
      return stage.parent_columns + static_cast<int>(found);
    });
  }
  const std::size_t block = at(m) * at(stage.q);
  for (Index level = 0; level < stage.n_levels; ++level) {
    std::copy_n(&group.fixed[at(level) * block], block,
                &stage.rest[(at(stage.rest_start[at(level) + 1]) - at(m)) * at(stage.q)]);
  }
  return stage;
}

// A row of data has a level of every factor: levels that two others meet together meet each other.
[[noreturn]] void contradiction() {
  throw std::invalid_argument("cross-products of no rows: their pairs of levels contradict");
}

// Where each tail column of a level stands in the lists of its parents.
void link_tail_lists(std::vector<Stage>& chain) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    Stage& stage = chain[i];
    for (std::size_t k = 0; k < stage.parent.size(); ++k) {
      const Stage& later = chain[i + 1 + k];
      std::vector<std::int32_t> place(stage.tail_column.size());
      for (Index level = 0; level < stage.n_levels; ++level) {
        const Index up = stage.parent[k][at(level)];
        const std::int32_t* list = later.tail_positions(up);
        const std::int32_t* end = list + later.tail_columns(up);
        for (auto e = at(stage.tail_start[at(level)]); e < at(stage.tail_start[at(level) + 1]);
             ++e) {
          const std::int32_t* found = std::lower_bound(list, end, stage.tail_position[e]);
          if (found == end || *found != stage.tail_position[e]) contradiction();
          place[e] = static_cast<std::int32_t>(found - list);
        }
      }
      stage.tail_at.push_back(std::move(place));
    }
  }
}

// The levels of tail factors that one level of the last chain factor meets are connected; those
// that inner levels meet are among them.
TailPattern make_pattern(const CrossProducts& a, int last, const std::vector<TailGroup>& tail) {
  std::vector<int> q;
  std::vector<std::int32_t> first;  // tail level of level 0 of each factor
  std::vector<PairBlocks> pairs;
  for (const TailGroup& t : tail) {
    first.push_back(static_cast<std::int32_t>(q.size()));
    q.insert(q.end(), at(t.n_levels), t.q);
    pairs.push_back(oriented(a, last, t.group));
  }
  Cliques cliques;
  for (std::size_t level = 0; level < at(a.groups[at(last)].n_levels); ++level) {
    for (std::size_t t = 0; t < tail.size(); ++t) {
      for (auto k = at(pairs[t].start[level]); k < at(pairs[t].start[level + 1]); ++k) {
        cliques.members.push_back(first[t] + pairs[t].level[k]);
      }
    }
    cliques.start.push_back(static_cast<std::int64_t>(cliques.members.size()));
  }
  return tail_pattern(q, cliques);
}

void fill_tail(const CrossProducts& a, Arranged& arranged) {
  arranged.tail_fixed = Matrix::Zero(arranged.tail_columns, arranged.m);
  for (std::size_t t = 0; t < arranged.tail.size(); ++t) {
    TailGroup& group = arranged.tail[t];
    const GroupBlocks& blocks = a.groups[at(group.group)];
    const Index q = group.q;
    group.diagonal = blocks.diagonal;
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * q;
      arranged.tail_fixed.middleRows(from, q) =
          Eigen::Map<const Matrix>(&blocks.fixed[at(level * q * arranged.m)], q, arranged.m);
      arranged.tail_segments.push_back({arranged.tail_pattern.position[at(from)], group.group});
    }
    for (std::size_t s = t + 1; s < arranged.tail.size(); ++s) {
      arranged.tail_pairs.push_back({t, s, oriented(a, group.group, arranged.tail[s].group)});
    }
  }
  std::sort(arranged.tail_segments.begin(), arranged.tail_segments.end(),
            [](const TailSegment& s, const TailSegment& u) { return s.first < u.first; });
}

// Calls use(row, column, block) with first tail columns for the blocks of A over the tail that are
// on the diagonal or above it.
template <class Use>
void for_tail_blocks(const Arranged& arranged, Use use) {
  for (const TailGroup& group : arranged.tail) {
    const Index q = group.q;
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * q;
      use(from, from, Eigen::Map<const Matrix>(&group.diagonal[at(level * q * q)], q, q));
    }
  }
  for (const TailPair& pair : arranged.tail_pairs) {
    const TailGroup& first = arranged.tail[pair.first];
    const TailGroup& second = arranged.tail[pair.second];
    const std::size_t size = at(first.q) * at(second.q);
    for (Index level = 0; level < first.n_levels; ++level) {
      for (auto k = at(pair.blocks.start[at(level)]); k < at(pair.blocks.start[at(level) + 1]);
           ++k) {
        use(first.offset + level * first.q,
            second.offset + static_cast<Index>(pair.blocks.level[k]) * second.q,
            Eigen::Map<const Matrix>(&pair.blocks.values[k * size], first.q, second.q));
      }
    }
  }
}

}  // namespace

Arranged arrange(const CrossProducts& a, int threads) {
  Arranged arranged;
  arranged.n = a.n;
  arranged.p = a.p;
  arranged.m = a.p + 1;
  arranged.sum_log_weights = a.sum_log_weights;
  arranged.fixed = a.fixed;
  arranged.n_groups = static_cast<int>(a.groups.size());
  for (const GroupBlocks& group : a.groups) {
    arranged.q.push_back(group.q);
    arranged.n_levels.push_back(group.n_levels);
  }
  const std::vector<int> chain = chain_groups(a);
  for (int g = 0; g < arranged.n_groups; ++g) {
    if (std::find(chain.begin(), chain.end(), g) != chain.end()) continue;
    const GroupBlocks& group = a.groups[at(g)];
    arranged.tail.push_back({g, group.q, group.n_levels, arranged.tail_columns, {}});
    arranged.tail_columns += group.n_levels * group.q;
  }
  if (!arranged.tail.empty()) arranged.tail_pattern = make_pattern(a, chain.back(), arranged.tail);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    arranged.chain.push_back(
        make_stage(a, chain, i, arranged.tail, arranged.tail_pattern, threads));
  }
  link_tail_lists(arranged.chain);
  fill_tail(a, arranged);
  return arranged;
}

void check_tail(const Arranged& arranged) {
  TailMatrix pattern(arranged.tail_pattern);
  for_tail_blocks(arranged, [&](Index row, Index column, const Eigen::Map<const Matrix>&) {
    const std::vector<std::int32_t>& position = arranged.tail_pattern.position;
    if (!pattern.has(position[at(row)], position[at(column)])) contradiction();
  });
}

void add_tail(const Arranged& arranged, TailMatrix& a) {
  const std::vector<std::int32_t>& position = arranged.tail_pattern.position;
  for_tail_blocks(arranged, [&](Index row, Index column, const Eigen::Map<const Matrix>& block) {
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
  for_tail_blocks(arranged, [&](Index row, Index column, const Eigen::Map<const Matrix>& block) {
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

Matrix in_order(const Arranged& arranged, const Matrix& by_column) {
  Matrix out(by_column.rows(), by_column.cols());
  for (Index c = 0; c < out.cols(); ++c) {
    for (Index i = 0; i < out.rows(); ++i) {
      out(i, c) = by_column(arranged.tail_pattern.column[at(i)], c);
    }
  }
  return out;
}

Matrix by_column(const Arranged& arranged, const Matrix& in_order) {
  Matrix out(in_order.rows(), in_order.cols());
  for (Index c = 0; c < out.cols(); ++c) {
    for (Index i = 0; i < out.rows(); ++i) {
      out(i, c) = in_order(arranged.tail_pattern.position[at(i)], c);
    }
  }
  return out;
}

}  // namespace ranef
