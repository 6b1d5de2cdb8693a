#include "factor/pattern.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <stdexcept>

#include "factor/tail_matrix.hpp"

namespace ranef {

namespace {

// For each level of one factor, the levels of another factor that occur with it: as the pair is
// stored, or transposed if it is stored the other way round.
struct Meetings {
  std::vector<std::int64_t> own_start;
  std::vector<std::int32_t> own_level;
  std::span<const std::int64_t> start;  // of each level (n + 1)
  std::span<const std::int32_t> level;  // of the other factor, ascending within a row

  Meetings() = default;
  Meetings(Meetings&&) = default;  // vectors that are moved keep their numbers in place
  Meetings& operator=(Meetings&&) = default;
};

Meetings meetings(const CrossProducts& a, int first, int second) {
  Meetings out;
  if (first < second) {
    const PairBlocks& pair = a.pair(first, second);
    out.start = pair.start;
    out.level = pair.level;
    return out;
  }
  const PairBlocks& source = a.pair(second, first);
  std::vector<std::int64_t>& start = out.own_start;
  start.assign(at(a.groups[at(first)].n_levels) + 1, 0);
  for (const std::int32_t level : source.level) ++start[at(level) + 1];
  for (std::size_t j = 1; j < start.size(); ++j) start[j] += start[j - 1];
  out.own_level.resize(source.level.size());
  std::vector<std::int64_t> next(start.begin(), start.end() - 1);
  for (std::size_t row = 0; row + 1 < source.start.size(); ++row) {
    for (auto k = at(source.start[row]); k < at(source.start[row + 1]); ++k) {
      out.own_level[at(next[at(source.level[k])]++)] = static_cast<std::int32_t>(row);
    }
  }
  out.start = out.own_start;
  out.level = out.own_level;
  return out;
}

// Whether every level occurs with at most one level of the other factor.
bool nested(const Meetings& met) {
  for (std::size_t j = 0; j + 1 < met.start.size(); ++j) {
    if (met.start[j + 1] - met.start[j] > 1) return false;
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
                                  [&](int inner) { return nested(meetings(a, inner, g)); });
    if (fits) chain.push_back(g);
  }
  return chain;
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

Stage make_stage(const CrossProducts& a, const std::vector<int>& chain, std::size_t place,
                 const std::vector<TailGroup>& tail, const TailPattern& pattern) {
  const int g = chain[place];
  Stage stage;
  stage.group = g;
  stage.q = a.groups[at(g)].q;
  stage.n_levels = a.groups[at(g)].n_levels;
  std::vector<Meetings> to_tail;
  for (const TailGroup& t : tail) to_tail.push_back(meetings(a, g, t.group));
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
  for (std::size_t k = place + 1; k < chain.size(); ++k) {
    const Meetings met = meetings(a, g, chain[k]);
    std::vector<std::int32_t> parent(at(stage.n_levels), 0);
    for (std::size_t j = 0; j < parent.size(); ++j) {
      if (met.start[j + 1] > met.start[j]) parent[j] = met.level[at(met.start[j])];
    }
    stage.parent.push_back(std::move(parent));
    stage.parent_columns += a.groups[at(chain[k])].q;
  }
  const int m = a.p + 1;
  stage.rest_start.assign(at(stage.n_levels) + 1, 0);
  for (Index level = 0; level < stage.n_levels; ++level) {
    stage.rest_start[at(level) + 1] =
        stage.rest_start[at(level)] + stage.parent_columns + stage.tail_columns(level) + m;
  }
  return stage;
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
TailPattern order_tail(const CrossProducts& a, int last, const std::vector<TailGroup>& tail) {
  std::vector<int> q;
  std::vector<std::int32_t> first;  // tail level of level 0 of each factor
  std::vector<Meetings> met;
  for (const TailGroup& t : tail) {
    first.push_back(static_cast<std::int32_t>(q.size()));
    q.insert(q.end(), at(t.n_levels), t.q);
    met.push_back(meetings(a, last, t.group));
  }
  Cliques cliques;
  for (std::size_t level = 0; level < at(a.groups[at(last)].n_levels); ++level) {
    for (std::size_t t = 0; t < tail.size(); ++t) {
      for (auto k = at(met[t].start[level]); k < at(met[t].start[level + 1]); ++k) {
        cliques.members.push_back(first[t] + met[t].level[k]);
      }
    }
    cliques.start.push_back(static_cast<std::int64_t>(cliques.members.size()));
  }
  return tail_pattern(q, cliques);
}

void link_tail(const CrossProducts& a, Pattern& pattern) {
  for (std::size_t t = 0; t < pattern.tail.size(); ++t) {
    const TailGroup& group = pattern.tail[t];
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * group.q;
      pattern.tail_segments.push_back({pattern.tail_pattern.position[at(from)], group.group});
    }
    for (std::size_t s = t + 1; s < pattern.tail.size(); ++s) {
      const PairBlocks& pair = a.pair(group.group, pattern.tail[s].group);
      pattern.tail_pairs.push_back({t, s, pair.start, pair.level});
    }
  }
  std::sort(pattern.tail_segments.begin(), pattern.tail_segments.end(),
            [](const TailSegment& s, const TailSegment& u) { return s.first < u.first; });
}

}  // namespace

void contradiction() {
  throw std::invalid_argument("cross-products of no rows: their pairs of levels contradict");
}

double Pattern::work() const {
  double entries = static_cast<double>(tail_columns * tail_columns);
  for (const Stage& stage : chain) {
    entries += static_cast<double>(stage.diagonal_size() + stage.rest_size());
  }
  return entries;
}

namespace {

// All but lists of levels; the chain is returned.
std::vector<int> sketch(const CrossProducts& a, Pattern& pattern) {
  pattern.p = a.p;
  pattern.m = a.p + 1;
  pattern.n_groups = static_cast<int>(a.groups.size());
  for (const GroupBlocks& group : a.groups) {
    pattern.q.push_back(group.q);
    pattern.n_levels.push_back(group.n_levels);
  }
  std::vector<int> chain = chain_groups(a);
  for (int g = 0; g < pattern.n_groups; ++g) {
    if (std::find(chain.begin(), chain.end(), g) != chain.end()) continue;
    const GroupBlocks& group = a.groups[at(g)];
    pattern.tail.push_back({g, group.q, group.n_levels, pattern.tail_columns});
    pattern.tail_columns += group.n_levels * group.q;
  }
  return chain;
}

}  // namespace

std::shared_ptr<const Pattern> make_pattern(const CrossProducts& a) {
  const auto made = std::make_shared<Pattern>();
  Pattern& pattern = *made;
  const std::vector<int> chain = sketch(a, pattern);
  if (!pattern.tail.empty()) pattern.tail_pattern = order_tail(a, chain.back(), pattern.tail);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    pattern.chain.push_back(make_stage(a, chain, i, pattern.tail, pattern.tail_pattern));
  }
  link_tail_lists(pattern.chain);
  link_tail(a, pattern);
  return made;
}

TailPattern order_of_tail(const CrossProducts& a) {
  Pattern pattern;
  const std::vector<int> chain = sketch(a, pattern);
  return pattern.tail.empty() ? TailPattern() : order_tail(a, chain.back(), pattern.tail);
}

std::shared_ptr<const Pattern> make_outline(const CrossProducts& a) {
  const auto made = std::make_shared<Pattern>();
  for (const int group : sketch(a, *made)) {
    Stage stage;
    stage.group = group;
    stage.q = made->q[at(group)];
    stage.n_levels = made->n_levels[at(group)];
    stage.rest_start.assign(1, 0);
    made->chain.push_back(std::move(stage));
  }
  return made;
}

void check_tail(const Pattern& pattern) {
  const TailMatrix matrix(pattern.tail_pattern);
  const std::vector<std::int32_t>& position = pattern.tail_pattern.position;
  for (const TailPair& pair : pattern.tail_pairs) {
    const TailGroup& first = pattern.tail[pair.first];
    const TailGroup& second = pattern.tail[pair.second];
    for (Index level = 0; level < first.n_levels; ++level) {
      for (auto k = at(pair.start[at(level)]); k < at(pair.start[at(level) + 1]); ++k) {
        const Index row = first.offset + level * first.q;
        const Index column = second.offset + Index{pair.level[k]} * second.q;
        if (!matrix.has(position[at(row)], position[at(column)])) contradiction();
      }
    }
  }
}

Matrix in_order(const Pattern& pattern, const Matrix& by_column) {
  Matrix out(by_column.rows(), by_column.cols());
  for (Index c = 0; c < out.cols(); ++c) {
    for (Index i = 0; i < out.rows(); ++i) {
      out(i, c) = by_column(pattern.tail_pattern.column[at(i)], c);
    }
  }
  return out;
}

Matrix by_column(const Pattern& pattern, const Matrix& in_order) {
  Matrix out(in_order.rows(), in_order.cols());
  for (Index c = 0; c < out.cols(); ++c) {
    for (Index i = 0; i < out.rows(); ++i) {
      out(i, c) = in_order(pattern.tail_pattern.position[at(i)], c);
    }
  }
  return out;
}

}  // namespace ranef
