// The approximate order against elimination on the graph itself.
#include "factor/minimum_degree.hpp"

#include <algorithm>
#include <cstdio>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

using ranef::at;
using ranef::Index;

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s\n", what.c_str());
}

void add(ranef::Cliques& cliques, const std::vector<std::int32_t>& members) {
  cliques.members.insert(cliques.members.end(), members.begin(), members.end());
  cliques.start.push_back(static_cast<std::int64_t>(cliques.members.size()));
}

// Eliminates in the order found and compares the neighbours; the numbers of a factor.
double fill(Index n, const ranef::Cliques& cliques, const ranef::LevelOrder& found,
            const std::string& name) {
  std::vector<std::set<std::int32_t>> graph(at(n));
  for (std::size_t k = 0; k + 1 < cliques.start.size(); ++k) {
    for (auto e = at(cliques.start[k]); e < at(cliques.start[k + 1]); ++e) {
      for (auto f = at(cliques.start[k]); f < at(cliques.start[k + 1]); ++f) {
        const std::int32_t v = cliques.members[e];
        const std::int32_t u = cliques.members[f];
        if (u != v) graph[at(v)].insert(u);
      }
    }
  }
  double out = 0.0;
  for (std::size_t k = 0; k < found.order.size(); ++k) {
    const std::int32_t v = found.order[k];
    const std::set<std::int32_t> own = graph[at(v)];
    std::vector<std::int32_t> told = found.neighbours[k];
    std::sort(told.begin(), told.end());
    expect(std::equal(own.begin(), own.end(), told.begin(), told.end()), name + ": neighbours");
    out += static_cast<double>(own.size());
    for (const std::int32_t u : own) {
      graph[at(u)].erase(v);
      for (const std::int32_t w : own) {
        if (w != u) graph[at(u)].insert(w);
      }
    }
  }
  std::vector<std::int32_t> once = found.order;
  std::sort(once.begin(), once.end());
  expect(std::adjacent_find(once.begin(), once.end()) == once.end(), name + ": each level once");
  return out;
}

}  // namespace

int main() {
  constexpr double kAll = 1e18;
  std::mt19937 random(5);
  for (const Index n : {1, 2, 30, 200}) {
    for (const int size : {1, 2, 3, 6}) {
      ranef::Cliques cliques;
      for (Index k = 0; k < 2 * n; ++k) {
        std::set<std::int32_t> members;
        for (int c = 0; c < size; ++c) {
          members.insert(static_cast<std::int32_t>(random() % static_cast<unsigned>(n)));
        }
        add(cliques, {members.begin(), members.end()});
      }
      const std::string name = std::to_string(n) + " levels, cliques of " + std::to_string(size);
      const ranef::LevelOrder found = ranef::minimum_degree(n, cliques, 2.0, kAll);
      expect(static_cast<Index>(found.order.size()) == n, name + ": all levels");
      fill(n, cliques, found, name);
      // Some are left where the rest is dense.
      fill(n, cliques, ranef::minimum_degree(n, cliques, 0.6, kAll), name + ", dense rest");
    }
  }
  // A ring: no level meets more than two others when it leaves.
  constexpr Index kRing = 500;
  ranef::Cliques ring;
  for (Index v = 0; v < kRing; ++v) {
    add(ring, {static_cast<std::int32_t>(v), static_cast<std::int32_t>((v + 1) % kRing)});
  }
  const ranef::LevelOrder around = ranef::minimum_degree(kRing, ring, 2.0, kAll);
  expect(fill(kRing, ring, around, "ring") <= 2.0 * kRing, "ring: fill");
  // A grid of 20 by 20: an order by rows fills 20 a level, a good one half of that.
  constexpr Index kSide = 20;
  ranef::Cliques grid;
  for (Index r = 0; r < kSide; ++r) {
    for (Index c = 0; c < kSide; ++c) {
      const auto own = static_cast<std::int32_t>(r * kSide + c);
      if (c + 1 < kSide) add(grid, {own, own + 1});
      if (r + 1 < kSide) add(grid, {own, own + static_cast<std::int32_t>(kSide)});
    }
  }
  const ranef::LevelOrder best = ranef::minimum_degree(kSide * kSide, grid, 2.0, kAll);
  expect(fill(kSide * kSide, grid, best, "grid") < 10.0 * kSide * kSide, "grid: fill");
  // One clique: dense from the start.
  ranef::Cliques all;
  std::vector<std::int32_t> every;
  for (std::int32_t v = 0; v < 50; ++v) every.push_back(v);
  add(all, every);
  expect(ranef::minimum_degree(50, all, 0.6, kAll).order.empty(), "one clique is dense");
  expect(ranef::minimum_degree(kRing, ring, 2.0, 10.0).order.size() < 20, "effort ends it");
  if (failures == 0) std::printf("minimum degree: all as expected\n");
  return failures == 0 ? 0 : 1;
}
