#include "marginal/row_map.hpp"

#include <algorithm>
#include <stdexcept>

namespace ranef {

namespace {

// Cross-products of rows whose numbers do not matter, for the pattern alone.
CrossProducts skeleton(const RowsView& rows, int threads) {
  if (rows.groups.size() > 1) {
    RowsView plain;
    plain.n = rows.n;
    for (const GroupView& group : rows.groups) {
      plain.groups.push_back(
          {group.codes, group.n_levels, std::vector<ColumnView>(group.columns.size())});
    }
    PassOptions options;
    options.threads = threads;
    return cross_products(plain, options);
  }
  check_codes(rows, threads);
  CrossProducts out;
  out.n = rows.n;
  out.fixed = Matrix::Zero(1, 1);
  for (const GroupView& group : rows.groups) {
    GroupBlocks blocks;
    blocks.n_levels = group.n_levels;
    blocks.q = static_cast<int>(group.columns.size());
    out.groups.push_back(std::move(blocks));
  }
  return out;
}

bool same(const ColumnView& a, const ColumnView& b) {
  return a.values == b.values && a.shift == b.shift && a.scale == b.scale;
}

}  // namespace

RowMap::RowMap(const GeneralisedRows& rows, int threads)
    : n_(rows.rows.n), others_(rows.others), pattern_(make_pattern(skeleton(rows.rows, threads))) {
  if (!pattern_->chain.empty()) sort(rows.rows.groups[at(pattern_->chain[0].group)]);
  for (const GroupView& view : rows.rows.groups) {
    SortedGroup group;
    group.q = static_cast<int>(view.columns.size());
    group.n_levels = view.n_levels;
    for (const ColumnView& z : view.columns) group.columns.push_back(column(z));
    groups_.push_back(std::move(group));
  }
  for (std::size_t i = 0; i < pattern_->chain.size(); ++i) {
    SortedGroup& group = groups_[at(pattern_->chain[i].group)];
    group.place = i;
    if (i > 0) group.codes = sorted(rows.rows.groups[at(pattern_->chain[i].group)].codes);
  }
  for (std::size_t t = 0; t < pattern_->tail.size(); ++t) {
    SortedGroup& group = groups_[at(pattern_->tail[t].group)];
    group.in_tail = true;
    group.place = t;
    group.codes = sorted(rows.rows.groups[at(pattern_->tail[t].group)].codes);
  }
  for (const ColumnView& x : rows.rows.fixed) fixed_.push_back(column(x));
  response_ = column(rows.rows.response);
  weights_ = sorted(rows.rows.weights);
  offset_ = sorted(rows.offset);
  for (const Channel& channel : rows.channels) {
    SortedChannel out;
    for (const ColumnView& view : channel.columns) out.columns.push_back(column(view));
    out.coefficients = channel.coefficients;
    out.which = sorted(channel.which);
    channels_.push_back(std::move(out));
  }
  make_runs();
  make_pairs(rows);
  order_ = {};
  known_ = {};
}

void RowMap::sort(const GroupView& group) {
  level_start_.assign(at(group.n_levels) + 1, 0);
  bool in_order = true;
  for (Index i = 0; i < n_; ++i) {
    ++level_start_[at(group.codes[i]) + 1];
    in_order = in_order && (i == 0 || group.codes[i] >= group.codes[i - 1]);
  }
  for (std::size_t j = 1; j < level_start_.size(); ++j) level_start_[j] += level_start_[j - 1];
  if (in_order) return;
  order_.resize(at(n_));
  std::vector<Index> next(level_start_.begin(), level_start_.end() - 1);
  for (Index i = 0; i < n_; ++i) order_[at(next[at(group.codes[i])]++)] = i;
}

void RowMap::make_runs() {
  constexpr Index kRows = Index{1} << 13;
  if (level_start_.empty()) {
    for (Index row = 0; row < n_; row += kRows) {
      runs_.push_back({row, std::min(n_, row + kRows), 0, 0});
    }
    return;
  }
  const auto n_levels = static_cast<Index>(level_start_.size()) - 1;
  RowRun run;
  for (Index level = 0; level < n_levels; ++level) {
    run.last_level = level + 1;
    run.last_row = level_start_[at(level) + 1];
    const bool full =
        run.last_row - run.first_row >= kRows || run.last_level - run.first_level >= kRows;
    if (!full && level + 1 < n_levels) continue;
    runs_.push_back(run);
    run.first_level = run.last_level;
    run.first_row = run.last_row;
  }
}

SortedColumn RowMap::column(const ColumnView& view) {
  for (const auto& [known, made] : known_) {
    if (same(known, view)) return made;
  }
  SortedColumn out;
  if (view.values == nullptr) {
    owned_.emplace_back(at(kChunk), (1.0 - view.shift) / view.scale);
    out = {owned_.back().data(), true};
  } else if (order_.empty() && view.shift == 0.0 && view.scale == 1.0) {
    out = {view.values, false};
  } else {
    HugeVector values(at(n_));
    for (Index i = 0; i < n_; ++i) {
      const Index row = order_.empty() ? i : order_[at(i)];
      values[at(i)] = (view.values[row] - view.shift) / view.scale;
    }
    owned_.push_back(std::move(values));
    out = {owned_.back().data(), false};
  }
  known_.emplace_back(view, out);
  return out;
}

const double* RowMap::sorted(const double* values) {
  if (values == nullptr || order_.empty()) return values;
  return column({values, 0.0, 1.0}).values;
}

const std::int32_t* RowMap::sorted(const std::int32_t* values) {
  if (values == nullptr || order_.empty()) return values;
  std::vector<std::int32_t> out(at(n_));
  for (Index i = 0; i < n_; ++i) out[at(i)] = values[order_[at(i)]];
  owned_codes_.push_back(std::move(out));
  return owned_codes_.back().data();
}

void RowMap::make_pairs(const GeneralisedRows& rows) {
  const Pattern& pattern = *pattern_;
  // In the order of the rows as they were given: codes of the first factor are not kept.
  const auto code = [&](int group, Index i) {
    return rows.rows.groups[at(group)].codes[order_.empty() ? i : order_[at(i)]];
  };
  for (std::size_t i = 0; i < pattern.chain.size(); ++i) {
    const Stage& stage = pattern.chain[i];
    SortedPair pair;
    pair.early = stage.group;
    pair.place = i;
    pair.unit = stage.q;
    pair.start = stage.rest_start.data();
    for (std::size_t k = i + 1; k < pattern.chain.size(); ++k) {
      pair.late = pattern.chain[k].group;
      pairs_.push_back(pair);
      pair.fixed += pattern.chain[k].q;
    }
    for (const TailGroup& group : pattern.tail) {
      pair.late = group.group;
      pair.column.resize(at(n_));
      for (Index row = 0; row < n_; ++row) {
        const Index level = code(stage.group, row);
        const std::int32_t* list = stage.tail_positions(level);
        const std::int32_t wanted =
            pattern.tail_pattern
                .position[at(group.offset + Index{code(group.group, row)} * group.q)];
        const std::int32_t* found =
            std::lower_bound(list, list + stage.tail_columns(level), wanted);
        pair.column[at(row)] = static_cast<std::int32_t>(stage.parent_columns + (found - list));
      }
      pairs_.push_back(pair);
    }
  }
  for (std::size_t t = 0; t < pattern.tail_pairs.size(); ++t) {
    const TailPair& met = pattern.tail_pairs[t];
    SortedPair pair;
    pair.early = pattern.tail[met.first].group;
    pair.late = pattern.tail[met.second].group;
    pair.in_tail = true;
    pair.place = t;
    pair.unit = Index{pattern.tail[met.first].q} * pattern.tail[met.second].q;
    pair.start = met.start.data();
    pair.column.resize(at(n_));
    for (Index row = 0; row < n_; ++row) {
      const auto level = at(code(pair.early, row));
      const auto begin = met.level.begin() + met.start[level];
      const auto found =
          std::lower_bound(begin, met.level.begin() + met.start[level + 1], code(pair.late, row));
      pair.column[at(row)] = static_cast<std::int32_t>(found - begin);
    }
    pairs_.push_back(std::move(pair));
  }
}

}  // namespace ranef
