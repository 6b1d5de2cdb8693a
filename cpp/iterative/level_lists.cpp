#include "iterative/level_lists.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace ranef {

namespace {

constexpr auto kMostEntries = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());

// The blocks between two factors by level of `own`, whichever way round they are stored; `place`
// numbers the levels of the other.
LevelList list_of(const CrossProducts& a, int own, int other,
                  const std::vector<std::int32_t>& place) {
  LevelList out;
  out.q = a.groups[at(own)].q;
  out.q_tail = a.groups[at(other)].q;
  const bool turned = other < own;
  const PairBlocks& pair = turned ? a.pair(other, own) : a.pair(own, other);
  if (pair.level.size() > kMostEntries) throw std::invalid_argument("too many pairs of levels");
  const bool unit = out.q == 1 && out.q_tail == 1 &&
                    std::all_of(pair.values.begin(), pair.values.end(),
                                [](double value) { return value == 1.0; });
  const std::size_t size = at(out.q) * at(out.q_tail);
  out.place.resize(pair.level.size());
  if (!unit) out.values.resize(pair.level.size() * size);
  if (!turned) {
    out.start = pair.start;
    for (std::size_t e = 0; e < pair.level.size(); ++e) out.place[e] = place[at(pair.level[e])];
    if (!unit) std::copy(pair.values.begin(), pair.values.end(), out.values.begin());
    return out;
  }
  out.start.assign(at(a.groups[at(own)].n_levels) + 1, 0);
  for (const std::int32_t level : pair.level) ++out.start[at(level) + 1];
  for (std::size_t j = 1; j < out.start.size(); ++j) out.start[j] += out.start[j - 1];
  std::vector<std::int64_t> next(out.start.begin(), out.start.end() - 1);
  for (std::size_t row = 0; row + 1 < pair.start.size(); ++row) {
    for (auto e = at(pair.start[row]); e < at(pair.start[row + 1]); ++e) {
      const auto to = at(next[at(pair.level[e])]++);
      out.place[to] = place[row];
      if (unit) continue;
      const double* from = &pair.values[e * size];  // q_tail x q
      double* block = &out.values[to * size];
      for (int b = 0; b < out.q_tail; ++b) {
        for (int c = 0; c < out.q; ++c) block[c + b * out.q] = from[b + c * out.q_tail];
      }
    }
  }
  return out;
}

// The places of each level in ascending order, so that lists can be searched; values follow.
void sort_places(LevelList& list) {
  const std::size_t size = at(list.q) * at(list.q_tail);
  std::vector<std::pair<std::int32_t, std::int32_t>> order;
  std::vector<double> values;
  for (std::size_t j = 0; j + 1 < list.start.size(); ++j) {
    const auto from = at(list.start[j]);
    const auto to = at(list.start[j + 1]);
    if (list.unit()) {
      std::sort(list.place.begin() + list.start[j], list.place.begin() + list.start[j + 1]);
      continue;
    }
    order.clear();
    for (std::size_t e = from; e < to; ++e) {
      order.emplace_back(list.place[e], static_cast<std::int32_t>(e - from));
    }
    std::sort(order.begin(), order.end());
    values.assign(list.values.begin() + static_cast<std::ptrdiff_t>(from * size),
                  list.values.begin() + static_cast<std::ptrdiff_t>(to * size));
    for (std::size_t e = from; e < to; ++e) {
      list.place[e] = order[e - from].first;
      std::copy_n(&values[at(order[e - from].second) * size], size, &list.values[e * size]);
    }
  }
}

// Levels that share the work among strips; `weight` of the levels before each.
template <class Before>
std::array<Index, kStrips + 1> strips_of(Index levels, const Before& before) {
  std::array<Index, kStrips + 1> out = {};
  const double whole = before(levels);
  Index level = 0;
  for (int s = 1; s < kStrips; ++s) {
    while (level < levels && before(level) < whole * s / kStrips) ++level;
    out[at(s)] = level;
  }
  out[kStrips] = levels;
  return out;
}

ChainLevels chain_levels(const CrossProducts& a, const Pattern& outline, std::size_t place,
                         const TailOrder& tail) {
  ChainLevels out;
  out.group = outline.chain[place].group;
  const GroupBlocks& blocks = a.groups[at(out.group)];
  out.q = blocks.q;
  out.n_levels = blocks.n_levels;
  out.diagonal = blocks.diagonal;
  out.fixed = blocks.fixed;
  for (const TailRun& run : tail.runs) {
    out.lists.push_back(list_of(a, out.group, run.group, run.place));
    out.lists.back().offset = run.offset;
    sort_places(out.lists.back());
  }
  for (std::size_t k = place + 1; k < outline.chain.size(); ++k) {
    const int later = outline.chain[k].group;
    std::vector<std::int32_t> same(at(a.groups[at(later)].n_levels));
    for (std::size_t j = 0; j < same.size(); ++j) same[j] = static_cast<std::int32_t>(j);
    const LevelList met = list_of(a, out.group, later, same);
    const std::size_t size = at(out.q) * at(met.q_tail);
    std::vector<std::int32_t> parent(at(out.n_levels), 0);
    HugeVector block(at(out.n_levels) * size, 0.0);
    for (std::size_t j = 0; j < parent.size(); ++j) {
      const auto e = at(met.start[j]);
      if (e == at(met.start[j + 1])) continue;  // a level without rows
      parent[j] = met.place[e];
      for (std::size_t c = 0; c < size; ++c) {
        block[j * size + c] = met.unit() ? 1.0 : met.values[e * size + c];
      }
    }
    out.parent.push_back(std::move(parent));
    out.to_parent.push_back(std::move(block));
  }
  out.strips = strips_of(out.n_levels, [&](Index level) {
    double sum = static_cast<double>(level);
    for (const LevelList& list : out.lists) {
      sum += static_cast<double>(list.start[at(level)]) * list.q * list.q_tail;
    }
    return sum;
  });
  return out;
}

// Where each entry of a level stands in the lists of its parents.
void link_to_parents(std::vector<ChainLevels>& chain) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    ChainLevels& own = chain[i];
    for (std::size_t k = 0; k < own.parent.size(); ++k) {
      const ChainLevels& later = chain[i + 1 + k];
      std::vector<std::vector<std::int32_t>> by_run;
      for (std::size_t r = 0; r < own.lists.size(); ++r) {
        const LevelList& list = own.lists[r];
        const LevelList& above = later.lists[r];
        std::vector<std::int32_t> out(list.entries());
        for (Index level = 0; level < own.n_levels; ++level) {
          const auto up = at(own.parent[k][at(level)]);
          const auto begin = above.place.begin() + above.start[up];
          const auto end = above.place.begin() + above.start[up + 1];
          for (auto e = at(list.start[at(level)]); e < at(list.start[at(level) + 1]); ++e) {
            const auto found = std::lower_bound(begin, end, list.place[e]);
            if (found == end || *found != list.place[e]) contradiction();
            out[e] = static_cast<std::int32_t>(found - above.place.begin());
          }
        }
        by_run.push_back(std::move(out));
      }
      own.entry_above.push_back(std::move(by_run));
    }
  }
}

TailMeeting meeting_of(const CrossProducts& a, const TailOrder& tail, std::size_t first,
                       std::size_t second) {
  const TailRun& own = tail.runs[first];
  const TailRun& other = tail.runs[second];
  const LevelList by_level = list_of(a, own.group, other.group, other.place);
  TailMeeting out;
  out.first = first;
  out.second = second;
  out.list.q = own.q;
  out.list.q_tail = other.q;
  out.list.offset = other.offset;
  const std::size_t size = at(own.q) * at(other.q);
  out.list.start.push_back(0);
  out.list.place.reserve(by_level.entries());
  out.list.values.reserve(by_level.values.size());
  for (Index k = 0; k < own.n_levels; ++k) {
    const auto level = at(own.level[at(k)]);
    for (auto e = at(by_level.start[level]); e < at(by_level.start[level + 1]); ++e) {
      out.list.place.push_back(by_level.place[e]);
      if (by_level.unit()) continue;
      out.list.values.insert(out.list.values.end(), &by_level.values[e * size],
                             &by_level.values[e * size] + size);
    }
    out.list.start.push_back(static_cast<std::int64_t>(out.list.entries()));
  }
  sort_places(out.list);
  out.strips = strips_of(own.n_levels, [&](Index level) {
    return static_cast<double>(out.list.start[at(level)] + level);
  });
  return out;
}

}  // namespace

double LevelLists::work() const {
  double out = static_cast<double>(tail.columns);
  for (const ChainLevels& own : chain) {
    out += static_cast<double>(own.diagonal.size());
    for (const LevelList& list : own.lists) {
      out += static_cast<double>(list.entries()) * list.q * list.q_tail;
    }
  }
  for (const TailMeeting& meeting : meetings) {
    out += static_cast<double>(meeting.list.entries()) * meeting.list.q * meeting.list.q_tail;
  }
  return out;
}

LevelLists level_lists(const CrossProducts& a, const Pattern& outline) {
  LevelLists out;
  out.p = a.p;
  out.m = a.p + 1;
  std::vector<int> tail;
  for (const TailGroup& group : outline.tail) tail.push_back(group.group);
  out.tail = tail_order(a, tail, outline.chain.back().group);
  for (std::size_t i = 0; i < outline.chain.size(); ++i) {
    out.chain.push_back(chain_levels(a, outline, i, out.tail));
  }
  link_to_parents(out.chain);
  for (const TailRun& run : out.tail.runs) {
    const GroupBlocks& blocks = a.groups[at(run.group)];
    const std::size_t size = at(run.q) * at(run.q);
    HugeVector diagonal(blocks.diagonal.size());
    for (std::size_t k = 0; k < run.level.size(); ++k) {
      std::copy_n(&blocks.diagonal[at(run.level[k]) * size], size, &diagonal[k * size]);
    }
    out.tail_diagonal.push_back(std::move(diagonal));
    out.tail_fixed.push_back(blocks.fixed);
  }
  for (std::size_t r = 0; r < out.tail.runs.size(); ++r) {
    for (std::size_t s = r + 1; s < out.tail.runs.size(); ++s) {
      out.meetings.push_back(meeting_of(a, out.tail, r, s));
    }
  }
  return out;
}

}  // namespace ranef
