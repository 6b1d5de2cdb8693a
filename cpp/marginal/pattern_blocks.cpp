#include "marginal/pattern_blocks.hpp"

namespace ranef {

PatternBlocks blocks_of(const Pattern& pattern, OnPattern w) {
  PatternBlocks out;
  for (const StageState& stage : *w.stages) {
    out.diagonal.push_back(stage.w_diagonal.data());
    out.rest.push_back(stage.w_rest.data());
  }
  const std::vector<std::int32_t>& position = pattern.tail_pattern.position;
  const auto put = [&](Index row, Index column, int rows, int columns, std::vector<double>& to) {
    const Index i = position[at(row)];
    const Index j = position[at(column)];
    for (int c = 0; c < columns; ++c) {
      for (int r = 0; r < rows; ++r) to.push_back((*w.tail)(i + r, j + c));
    }
  };
  for (const TailGroup& group : pattern.tail) {
    std::vector<double>& to = out.tail.emplace_back();
    to.reserve(at(group.n_levels) * at(group.q * group.q));
    for (Index level = 0; level < group.n_levels; ++level) {
      const Index from = group.offset + level * group.q;
      put(from, from, group.q, group.q, to);
    }
  }
  for (const TailPair& pair : pattern.tail_pairs) {
    const TailGroup& first = pattern.tail[pair.first];
    const TailGroup& second = pattern.tail[pair.second];
    std::vector<double>& to = out.tail_pairs.emplace_back();
    to.reserve(pair.level.size() * at(first.q * second.q));
    for (Index level = 0; level < first.n_levels; ++level) {
      for (auto k = at(pair.start[at(level)]); k < at(pair.start[at(level) + 1]); ++k) {
        put(first.offset + level * first.q, second.offset + Index{pair.level[k]} * second.q,
            first.q, second.q, to);
      }
    }
  }
  return out;
}

Numbers zero_numbers(const Pattern& pattern) {
  Numbers out;
  out.fixed = Matrix::Zero(pattern.m, pattern.m);
  for (const Stage& stage : pattern.chain) {
    StageNumbers& numbers = out.chain.emplace_back();
    numbers.diagonal.assign(stage.diagonal_size(), 0.0);
    numbers.rest.assign(stage.rest_size(), 0.0);
  }
  for (const TailGroup& group : pattern.tail) {
    out.tail.emplace_back(at(group.n_levels) * at(group.q * group.q), 0.0);
  }
  for (const TailPair& pair : pattern.tail_pairs) {
    out.tail_pairs.emplace_back(
        pair.level.size() * at(pattern.tail[pair.first].q * pattern.tail[pair.second].q), 0.0);
  }
  out.tail_fixed = Matrix::Zero(pattern.tail_columns, pattern.m);
  return out;
}

}  // namespace ranef
