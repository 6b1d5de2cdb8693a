#include "marginal/row_sample.hpp"

#include <algorithm>

namespace ranef {

Index sample_stride(const RowMap& map) {
  constexpr Index kRows = Index{1} << 14;  // enough for a sample
  constexpr Index kLevels = 256;           // for its covariances
  constexpr Index kShare = 16;  // of all rows: so far from their optimum that it saves no more
  if (map.groups().size() != 1) return 1;
  return std::max(Index{1},
                  std::min({map.n() / kRows, map.groups()[0].n_levels / kLevels, kShare}));
}

RowSample::RowSample(const RowMap& map, Index stride) {
  const SortedGroup& group = map.groups()[0];
  GroupView levels;
  std::vector<std::int32_t>& codes = owned_codes_.emplace_back();
  for (Index level = 0; level < group.n_levels; level += stride, ++levels.n_levels) {
    const Index from = map.level_start()[at(level)];
    const Index to = map.level_start()[at(level) + 1];
    parts_.emplace_back(from, to);
    codes.resize(codes.size() + at(to - from), static_cast<std::int32_t>(levels.n_levels));
  }
  rows_.rows.n = static_cast<Index>(codes.size());
  levels.codes = codes.data();
  for (const SortedColumn& z : group.columns) levels.columns.push_back(column(z));
  rows_.rows.groups.push_back(std::move(levels));
  for (const SortedColumn& x : map.fixed()) rows_.rows.fixed.push_back(column(x));
  rows_.rows.response = column(map.response());
  rows_.rows.weights = numbers(map.weights());
  rows_.offset = numbers(map.offset());
  rows_.others = map.others();
  owned_codes_.reserve(1 + map.channels().size());
  for (const SortedChannel& from : map.channels()) {
    Channel& channel = rows_.channels.emplace_back();
    for (const SortedColumn& own : from.columns) channel.columns.push_back(column(own));
    channel.coefficients = from.coefficients;
    if (from.which == nullptr) continue;
    std::vector<std::int32_t>& which = owned_codes_.emplace_back();
    for (const auto& [first, last] : parts_) {
      which.insert(which.end(), from.which + first, from.which + last);
    }
    channel.which = which.data();
  }
}

ColumnView RowSample::column(const SortedColumn& from) {
  // The constant 1 less the shift.
  if (from.constant) return {nullptr, 1.0 - from.values[0], 1.0};
  return {numbers(from.values)};
}

const double* RowSample::numbers(const double* from) {
  if (from == nullptr) return nullptr;
  for (const auto& [known, made] : known_) {
    if (known == from) return made;
  }
  HugeVector& values = owned_.emplace_back();
  values.reserve(at(rows_.rows.n));
  for (const auto& [first, last] : parts_) values.insert(values.end(), from + first, from + last);
  known_.emplace_back(from, values.data());
  return values.data();
}

}  // namespace ranef
