#include "replicate/row_replicates.hpp"

#include <utility>

#include "linalg/philox.hpp"

namespace ranef {

namespace {

constexpr std::uint32_t kLevels = 1;  // stream

// Copies of some rows of columns; a column that is used twice is copied once.
class Taken {
 public:
  Taken(const std::vector<Index>& rows, RowSpace& space) : rows_(rows), space_(space) {}

  const double* numbers(const double* from) {
    if (from == nullptr) return nullptr;
    for (const auto& [known, made] : known_) {
      if (known == from) return made;
    }
    std::vector<double>& to = space_.numbers.emplace_back();
    to.reserve(rows_.size());
    for (const Index row : rows_) to.push_back(from[row]);
    known_.emplace_back(from, to.data());
    return to.data();
  }

  const std::int32_t* codes(const std::int32_t* from) {
    if (from == nullptr) return nullptr;
    std::vector<std::int32_t>& to = space_.codes.emplace_back();
    to.reserve(rows_.size());
    for (const Index row : rows_) to.push_back(from[row]);
    return to.data();
  }

  void columns(std::vector<ColumnView>& views) {
    for (ColumnView& view : views) view.values = numbers(view.values);
  }

 private:
  const std::vector<Index>& rows_;
  RowSpace& space_;
  std::vector<std::pair<const double*, const double*>> known_;
};

}  // namespace

GeneralisedRows OtherResponses::make(Index k, RowSpace& space) const {
  GeneralisedRows out = rows_;
  const double* y = responses_.data() + k * responses_.rows();
  out.rows.response = {y};
  if (!ordered_) return out;
  space.codes.clear();
  const int cuts = out.others;
  for (std::size_t c = 0; c < 2; ++c) {
    std::vector<std::int32_t>& which = space.codes.emplace_back(at(out.rows.n));
    const int shift = c == 0 ? 1 : 2;  // the cut point above, then the one below
    for (std::size_t i = 0; i < which.size(); ++i) {
      const bool answer = y[i] >= 1.0 && y[i] <= cuts + 1.0;
      const int cut = answer ? static_cast<int>(y[i]) - shift : -1;
      which[i] = cut >= 0 && cut < cuts ? cut : -1;
    }
    out.channels[c].which = which.data();
  }
  return out;
}

std::vector<Index> drawn_levels(std::uint64_t seed, std::uint64_t replicate, Index n_levels) {
  Stream random(seed, replicate, kLevels);
  std::vector<Index> out(at(n_levels));
  for (Index& level : out) level = random.below(n_levels);
  return out;
}

DrawnLevels::DrawnLevels(const GeneralisedRows& rows, std::uint64_t seed, std::uint64_t first)
    : rows_(rows), seed_(seed), first_(first) {
  const GroupView& group = rows.rows.groups.front();
  start_.assign(at(group.n_levels) + 1, 0);
  for (Index i = 0; i < rows.rows.n; ++i) ++start_[at(group.codes[i]) + 1];
  for (std::size_t j = 1; j < start_.size(); ++j) start_[j] += start_[j - 1];
  order_.resize(at(rows.rows.n));
  std::vector<Index> next = start_;
  for (Index i = 0; i < rows.rows.n; ++i) order_[at(next[at(group.codes[i])]++)] = i;
}

GeneralisedRows DrawnLevels::make(Index k, RowSpace& space) const {
  space.numbers.clear();
  space.codes.clear();
  GeneralisedRows out = rows_;
  GroupView& group = out.rows.groups.front();
  const std::vector<Index> levels =
      drawn_levels(seed_, first_ + static_cast<std::uint64_t>(k), group.n_levels);
  std::vector<Index> rows;
  std::vector<std::int32_t>& codes = space.codes.emplace_back();
  for (Index level = 0; level < group.n_levels; ++level) {
    const std::size_t drawn = at(levels[at(level)]);
    for (Index i = start_[drawn]; i < start_[drawn + 1]; ++i) {
      rows.push_back(order_[at(i)]);
      codes.push_back(static_cast<std::int32_t>(level));
    }
  }
  out.rows.n = static_cast<Index>(rows.size());
  group.codes = codes.data();
  Taken taken(rows, space);
  taken.columns(group.columns);
  taken.columns(out.rows.fixed);
  out.rows.response.values = taken.numbers(out.rows.response.values);
  out.rows.weights = taken.numbers(out.rows.weights);
  out.offset = taken.numbers(out.offset);
  for (Channel& channel : out.channels) {
    taken.columns(channel.columns);
    channel.which = taken.codes(channel.which);
  }
  return out;
}

}  // namespace ranef
