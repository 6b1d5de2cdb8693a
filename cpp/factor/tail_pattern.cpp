#include "factor/tail_pattern.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

#include "factor/minimum_degree.hpp"
#include "linalg/packed.hpp"

namespace ranef {

namespace {

// From this share of neighbours among the levels left on, all of them count as connected.
constexpr double kDense = 0.6;

// From this many levels on the bits of their graph are too many: their order is approximate
// (minimum_degree.hpp), and is given up after so many steps for each number that is read.
constexpr std::size_t kOrdered = 40000;
constexpr double kEffort = 50.0;

// Bits set, without an instruction that not every processor has.
std::uint64_t bits_set(std::uint64_t word) {
  word -= (word >> 1) & 0x5555555555555555u;
  word = (word & 0x3333333333333333u) + ((word >> 2) & 0x3333333333333333u);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  word += word >> 8;
  word += word >> 16;
  word += word >> 32;
  return word & 0x7f;
}

// One level after the other leaves the graph, and its neighbours become neighbours of each other
// (George & Liu 1989). Rows of bits.
class Graph {
 public:
  Graph(Index n, const Cliques& cliques) : words_(at((n + 63) / 64)), bits_(at(n) * words_, 0) {
    std::vector<std::uint64_t> mask(words_);
    for (std::size_t k = 0; k + 1 < cliques.start.size(); ++k) {
      std::fill(mask.begin(), mask.end(), 0);
      const auto members = [&](auto use) {
        for (auto e = at(cliques.start[k]); e < at(cliques.start[k + 1]); ++e) {
          use(at(cliques.members[e]));
        }
      };
      members([&](std::size_t v) { mask[v / 64] |= bit(v); });
      members([&](std::size_t v) { unite(v, mask.data()); });
    }
    for (std::size_t v = 0; v < at(n); ++v) row(v)[v / 64] &= ~bit(v);
    for (std::size_t v = 0; v < at(n); ++v) degree_.push_back(count(v));
  }

  Index degree(std::size_t v) const { return degree_[v]; }

  std::vector<std::int32_t> eliminate(std::size_t v) {
    std::vector<std::int32_t> neighbours;
    for (std::size_t word = 0; word < words_; ++word) {
      for (std::uint64_t left = row(v)[word]; left != 0; left &= left - 1) {
        neighbours.push_back(static_cast<std::int32_t>(
            word * 64 + static_cast<std::size_t>(std::countr_zero(left))));
      }
    }
    for (const std::int32_t neighbour : neighbours) {
      const std::size_t u = at(neighbour);
      unite(u, row(v));
      row(u)[u / 64] &= ~bit(u);
      row(u)[v / 64] &= ~bit(v);
      degree_[u] = count(u);
    }
    return neighbours;
  }

 private:
  static std::uint64_t bit(std::size_t v) { return std::uint64_t{1} << (v % 64); }
  std::uint64_t* row(std::size_t v) { return bits_.data() + v * words_; }
  void unite(std::size_t v, const std::uint64_t* other) {
    for (std::size_t word = 0; word < words_; ++word) row(v)[word] |= other[word];
  }
  Index count(std::size_t v) {
    std::uint64_t sum = 0;
    for (std::size_t word = 0; word < words_; ++word) sum += bits_set(row(v)[word]);
    return static_cast<Index>(sum);
  }

  std::size_t words_;
  std::vector<std::uint64_t> bits_;
  std::vector<Index> degree_;
};

// The elimination tree of the levels that leave before the rest is dense.
struct Tree {
  std::vector<std::int32_t> order;                    // levels as they leave
  std::vector<std::vector<std::int32_t>> neighbours;  // of each when it leaves
  std::vector<std::int32_t> parent;                   // place in the order; -1 at a root
  std::vector<Index> columns;                         // of each with all below it
};

// Parents and columns, from the order and the neighbours.
void link(const std::vector<int>& q, Tree& tree) {
  constexpr std::int32_t kLast = std::numeric_limits<std::int32_t>::max();
  std::vector<std::int32_t> place(q.size(), kLast);
  for (std::size_t k = 0; k < tree.order.size(); ++k) {
    place[at(tree.order[k])] = static_cast<std::int32_t>(k);
  }
  for (std::size_t k = 0; k < tree.order.size(); ++k) {
    std::int32_t parent = kLast;
    for (const std::int32_t u : tree.neighbours[k]) parent = std::min(parent, place[at(u)]);
    tree.parent.push_back(parent == kLast ? -1 : parent);
    tree.columns.push_back(q[at(tree.order[k])]);
  }
  for (std::size_t k = 0; k < tree.order.size(); ++k) {
    if (tree.parent[k] >= 0) tree.columns[at(tree.parent[k])] += tree.columns[k];
  }
}

// Whether cliques have as many pairs as there are pairs of levels: where they overlap at random,
// next to all levels meet, and no order helps.
bool everybody_meets(std::size_t levels, const Cliques& cliques) {
  double pairs = 0.0;
  for (std::size_t k = 0; k + 1 < cliques.start.size(); ++k) {
    const auto size = static_cast<double>(cliques.start[k + 1] - cliques.start[k]);
    pairs += size * size;
  }
  return pairs > static_cast<double>(levels) * static_cast<double>(levels);
}

Tree eliminate(const std::vector<int>& q, const Cliques& cliques) {
  const auto n = static_cast<Index>(q.size());
  Tree tree;
  if (q.size() > kOrdered) {
    if (everybody_meets(q.size(), cliques)) return tree;
    const auto effort = kEffort * static_cast<double>(cliques.members.size() + q.size());
    LevelOrder found = minimum_degree(n, cliques, kDense, effort);
    tree.order = std::move(found.order);
    tree.neighbours = std::move(found.neighbours);
    link(q, tree);
    return tree;
  }
  Graph graph(n, cliques);
  std::vector<std::int32_t> left(at(n));
  std::iota(left.begin(), left.end(), 0);
  while (!left.empty()) {
    const auto least = std::min_element(left.begin(), left.end(), [&](auto a, auto b) {
      return graph.degree(at(a)) < graph.degree(at(b));
    });
    const auto others = static_cast<double>(left.size()) - 1.0;
    const std::int32_t v = *least;
    if (others > 0.0 && static_cast<double>(graph.degree(at(v))) > kDense * others) break;
    left.erase(least);
    tree.order.push_back(v);
    tree.neighbours.push_back(graph.eliminate(at(v)));
  }
  link(q, tree);
  return tree;
}

// Whether level k of the tree is the top of a block when blocks have at most `most` columns.
bool is_top(const Tree& tree, std::size_t k, Index most) {
  if (tree.columns[k] > most) return false;
  return tree.parent[k] < 0 || tree.columns[at(tree.parent[k])] > most;
}

// Work for the factor and its inverse in multiplications; what is scattered counts more.
double work(const Tree& tree, const std::vector<int>& q, Index size, Index most) {
  constexpr double kSmallBlocks = 1.5;
  constexpr double kScatter = 30.0;
  double sum = 0.0;
  Index border = size;
  for (std::size_t k = 0; k < tree.order.size(); ++k) {
    if (!is_top(tree, k, most)) continue;
    border -= tree.columns[k];
    Index met = 0;
    for (const std::int32_t u : tree.neighbours[k]) met += q[at(u)];
    const auto c = static_cast<double>(tree.columns[k]);
    const auto r = static_cast<double>(met);
    sum += kSmallBlocks * c * (0.5 * c * c + 1.5 * c * r + 1.5 * r * r) + kScatter * r * r;
  }
  const auto b = static_cast<double>(border);
  return sum + 0.5 * b * b * b;
}

}  // namespace

Index TailPattern::entries() const {
  Index sum = packed_entries(boundaries);
  for (const TailBlock& block : blocks) {
    sum += block.size * (block.size + static_cast<Index>(block.rows.size()));
  }
  return sum;
}

std::int32_t TailPattern::block_of(Index at_position) const {
  if (at_position >= border) return -1;
  const auto after =
      std::upper_bound(blocks.begin(), blocks.end(), at_position,
                       [](Index value, const TailBlock& block) { return value < block.first; });
  return static_cast<std::int32_t>(after - blocks.begin()) - 1;
}

TailPattern tail_pattern(const std::vector<int>& q, const Cliques& cliques) {
  const std::size_t n = q.size();
  std::vector<Index> first(n + 1, 0);
  for (std::size_t v = 0; v < n; ++v) first[v + 1] = first[v] + q[v];
  const Index size = first[n];
  const Tree tree = eliminate(q, cliques);

  constexpr Index kLargest = 1024;
  Index best = 0;
  double least = work(tree, q, size, 0);
  for (Index most = 1; most <= kLargest; most += std::max<Index>(1, most / 2)) {
    const double candidate = work(tree, q, size, most);
    if (candidate < least) {
      least = candidate;
      best = most;
    }
  }

  // The block of each level, by the top of its subtree; parents stand after their children.
  std::vector<std::int32_t> block(n, -1);
  TailPattern out;
  out.work = least;
  std::vector<std::size_t> tops;
  for (std::size_t k = tree.order.size(); k-- > 0;) {
    if (tree.columns[k] > best) continue;
    if (is_top(tree, k, best)) {
      block[at(tree.order[k])] = static_cast<std::int32_t>(tops.size());
      tops.push_back(k);
    } else {
      block[at(tree.order[k])] = block[at(tree.order[at(tree.parent[k])])];
    }
  }
  std::vector<std::vector<std::size_t>> members(tops.size());
  for (const std::int32_t v : tree.order) {
    if (block[at(v)] >= 0) members[at(block[at(v)])].push_back(at(v));
  }
  out.position.resize(at(size));
  out.column.reserve(at(size));
  const auto place = [&](std::size_t v) {
    for (Index c = first[v]; c < first[v + 1]; ++c) {
      out.position[at(c)] = static_cast<std::int32_t>(out.column.size());
      out.column.push_back(static_cast<std::int32_t>(c));
    }
  };
  for (const std::vector<std::size_t>& levels : members) {
    const auto from = static_cast<Index>(out.column.size());
    for (const std::size_t v : levels) place(v);
    out.blocks.push_back({from, static_cast<Index>(out.column.size()) - from, {}});
  }
  out.border = static_cast<Index>(out.column.size());
  std::vector<Index> starts;
  for (std::size_t v = 0; v < n; ++v) {
    if (block[v] >= 0) continue;
    starts.push_back(static_cast<Index>(out.column.size()) - out.border);
    place(v);
  }
  starts.push_back(static_cast<Index>(out.column.size()) - out.border);
  out.boundaries = panel_boundaries(starts);
  for (std::size_t b = 0; b < tops.size(); ++b) {
    for (const std::int32_t u : tree.neighbours[tops[b]]) {
      for (Index c = first[at(u)]; c < first[at(u) + 1]; ++c) {
        out.blocks[b].rows.push_back(static_cast<std::int32_t>(out.position[at(c)] - out.border));
      }
    }
    std::sort(out.blocks[b].rows.begin(), out.blocks[b].rows.end());
  }
  return out;
}

}  // namespace ranef
