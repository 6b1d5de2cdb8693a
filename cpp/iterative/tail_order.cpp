#include "iterative/tail_order.hpp"

#include <algorithm>
#include <numeric>

namespace ranef {

namespace {

// Levels of another factor that each level of a tail factor occurs with.
std::vector<std::int64_t> frequencies(const CrossProducts& a, int group, int counted) {
  std::vector<std::int64_t> out(at(a.groups[at(group)].n_levels), 0);
  if (group < counted) {
    const PairBlocks& pair = a.pair(group, counted);
    for (std::size_t j = 0; j < out.size(); ++j) out[j] = pair.start[j + 1] - pair.start[j];
    return out;
  }
  for (const std::int32_t level : a.pair(counted, group).level) ++out[at(level)];
  return out;
}

}  // namespace

TailOrder tail_order(const CrossProducts& a, const std::vector<int>& tail, int counted) {
  TailOrder out;
  for (const int group : tail) {
    TailRun run;
    run.group = group;
    run.q = a.groups[at(group)].q;
    run.n_levels = a.groups[at(group)].n_levels;
    run.offset = out.columns;
    const std::vector<std::int64_t> count = frequencies(a, group, counted);
    run.level.resize(count.size());
    std::iota(run.level.begin(), run.level.end(), 0);
    std::stable_sort(run.level.begin(), run.level.end(),
                     [&](std::int32_t j, std::int32_t k) { return count[at(j)] > count[at(k)]; });
    run.place.resize(count.size());
    for (std::size_t k = 0; k < run.level.size(); ++k) {
      run.place[at(run.level[k])] = static_cast<std::int32_t>(k);
    }
    out.columns += run.columns();
    out.runs.push_back(std::move(run));
  }
  return out;
}

void to_tail(const TailRun& run, const double* by_level, int width, double* tail) {
  for (Index level = 0; level < run.n_levels; ++level) {
    double* to = tail + (run.offset + Index{run.place[at(level)]} * run.q) * width;
    const double* from = by_level + level * run.q * width;
    for (int a = 0; a < run.q; ++a) {
      for (int k = 0; k < width; ++k) to[a * width + k] = from[a + k * run.q];
    }
  }
}

void from_tail(const TailRun& run, const double* tail, int width, double* by_level) {
  for (Index level = 0; level < run.n_levels; ++level) {
    const double* from = tail + (run.offset + Index{run.place[at(level)]} * run.q) * width;
    double* to = by_level + level * run.q * width;
    for (int a = 0; a < run.q; ++a) {
      for (int k = 0; k < width; ++k) to[a + k * run.q] = from[a * width + k];
    }
  }
}

}  // namespace ranef
