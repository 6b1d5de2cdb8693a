#include "elimination.hpp"

#include <algorithm>
#include <numeric>

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

Stage make_stage(const CrossProducts& a, const std::vector<int>& chain, std::size_t place_in_chain,
                 const std::vector<TailGroup>& tail) {
  const int g = chain[place_in_chain];
  const GroupBlocks& group = a.groups[at(g)];
  Stage stage;
  stage.group = g;
  stage.q = group.q;
  stage.n_levels = group.n_levels;
  stage.diagonal = group.diagonal;
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
  for (std::size_t k = place_in_chain + 1; k < chain.size(); ++k) {
    stage.parent_columns += a.groups[at(chain[k])].q;
  }
  const int m = a.p + 1;
  stage.rest_start.assign(at(stage.n_levels) + 1, 0);
  for (Index level = 0; level < stage.n_levels; ++level) {
    stage.rest_start[at(level) + 1] =
        stage.rest_start[at(level)] + stage.parent_columns + stage.tail_columns(level) + m;
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
      const std::int32_t* list = stage.tail_list(level);
      const auto wanted = static_cast<std::int32_t>(tail[t].offset + other * tail[t].q);
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

// Where each tail column of a level stands in the lists of its parents.
void link_tail_lists(std::vector<Stage>& chain) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    Stage& stage = chain[i];
    for (std::size_t k = 0; k < stage.parent.size(); ++k) {
      const Stage& later = chain[i + 1 + k];
      std::vector<std::int32_t> place(stage.tail_column.size());
      for (Index level = 0; level < stage.n_levels; ++level) {
        const Index up = stage.parent[k][at(level)];
        const std::int32_t* list = later.tail_list(up);
        for (auto e = at(stage.tail_start[at(level)]); e < at(stage.tail_start[at(level) + 1]);
             ++e) {
          place[e] = static_cast<std::int32_t>(
              std::lower_bound(list, list + later.tail_columns(up), stage.tail_column[e]) - list);
        }
      }
      stage.tail_at.push_back(std::move(place));
    }
  }
}

void fill_tail(const CrossProducts& a, Problem& problem) {
  const Index size = problem.tail_columns;
  problem.tail_block = Matrix::Zero(size, size);
  problem.tail_fixed = Matrix::Zero(size, problem.m);
  for (std::size_t t = 0; t < problem.tail.size(); ++t) {
    const TailGroup& group = problem.tail[t];
    const GroupBlocks& blocks = a.groups[at(group.group)];
    const Index q = group.q;
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * q;
      problem.tail_block.block(from, from, q, q) =
          Eigen::Map<const Matrix>(&blocks.diagonal[at(level * q * q)], q, q);
      problem.tail_fixed.middleRows(from, q) =
          Eigen::Map<const Matrix>(&blocks.fixed[at(level * q * problem.m)], q, problem.m);
    }
    for (std::size_t s = t + 1; s < problem.tail.size(); ++s) {
      const TailGroup& other = problem.tail[s];
      const PairBlocks pair = oriented(a, group.group, other.group);
      for (Index level = 0; level < group.n_levels; ++level) {
        for (auto k = at(pair.start[at(level)]); k < at(pair.start[at(level) + 1]); ++k) {
          const Index row = group.offset + level * q;
          const Index column = other.offset + static_cast<Index>(pair.level[k]) * other.q;
          const Eigen::Map<const Matrix> block(&pair.values[k * at(q * other.q)], q, other.q);
          problem.tail_block.block(row, column, q, other.q) = block;
          problem.tail_block.block(column, row, other.q, q) = block.transpose();
        }
      }
    }
  }
}

}  // namespace

Problem arrange(const CrossProducts& a) {
  Problem problem;
  problem.n = a.n;
  problem.p = a.p;
  problem.m = a.p + 1;
  problem.sum_log_weights = a.sum_log_weights;
  problem.fixed = a.fixed;
  problem.n_groups = static_cast<int>(a.groups.size());
  for (const GroupBlocks& group : a.groups) {
    problem.q.push_back(group.q);
    problem.n_levels.push_back(group.n_levels);
  }
  const std::vector<int> chain = chain_groups(a);
  for (int g = 0; g < problem.n_groups; ++g) {
    if (std::find(chain.begin(), chain.end(), g) != chain.end()) continue;
    const GroupBlocks& group = a.groups[at(g)];
    problem.tail.push_back({g, group.q, group.n_levels, problem.tail_columns});
    problem.tail_columns += group.n_levels * group.q;
  }
  for (std::size_t i = 0; i < chain.size(); ++i) {
    problem.chain.push_back(make_stage(a, chain, i, problem.tail));
  }
  link_tail_lists(problem.chain);
  fill_tail(a, problem);
  return problem;
}

}  // namespace ranef
