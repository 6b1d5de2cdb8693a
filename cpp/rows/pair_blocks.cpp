#include "rows/pair_blocks.hpp"

#include <algorithm>
#include <limits>

#include "linalg/parallel.hpp"

namespace ranef {

namespace {

// Shifted and scaled values of one factor's columns in one row.
class RowReader {
 public:
  explicit RowReader(const std::vector<ColumnView>& columns) : columns_(columns) {
    for (const ColumnView& column : columns) {
      row_.push_back((1.0 - column.shift) / column.scale);
      constant_ = constant_ && column.values == nullptr;
    }
  }

  const double* read(Index row) {
    if (constant_) return row_.data();
    for (std::size_t k = 0; k < columns_.size(); ++k) {
      const ColumnView& column = columns_[k];
      if (column.values != nullptr) row_[k] = (column.values[row] - column.shift) / column.scale;
    }
    return row_.data();
  }

 private:
  const std::vector<ColumnView>& columns_;
  std::vector<double> row_;
  bool constant_ = true;
};

// Rows sorted by level (stable), so that each level is a run. Row is wide enough for n.
template <class Row>
struct RowsByLevel {
  std::vector<Row> order;
  std::vector<Index> start;  // n_levels + 1

  RowsByLevel(const GroupView& group, Index n) : order(at(n)), start(at(group.n_levels) + 1, 0) {
    for (Index i = 0; i < n; ++i) ++start[at(group.codes[i]) + 1];
    for (std::size_t j = 1; j < start.size(); ++j) start[j] += start[j - 1];
    std::vector<Index> next(start.begin(), start.end() - 1);
    for (Index i = 0; i < n; ++i) order[at(next[at(group.codes[i])]++)] = static_cast<Row>(i);
  }
};

// Levels from .. to - 1 of the first factor; `start` holds the pairs of each level after the first.
template <class Row>
PairBlocks some_levels(const RowsView& rows, int first, int second, const RowsByLevel<Row>& sorted,
                       Index from, Index to) {
  const GroupView& g = rows.groups[at(first)];
  const GroupView& h = rows.groups[at(second)];
  const std::size_t qg = g.columns.size();
  const std::size_t qh = h.columns.size();
  RowReader read_g(g.columns);
  RowReader read_h(h.columns);
  PairBlocks out;
  std::vector<Index> slot(at(h.n_levels), -1);
  std::vector<std::int32_t> seen;
  for (Index level = from; level < to; ++level) {
    seen.clear();
    const std::size_t begin = at(sorted.start[at(level)]);
    const std::size_t end = at(sorted.start[at(level) + 1]);
    for (std::size_t r = begin; r < end; ++r) {
      const std::int32_t other = h.codes[sorted.order[r]];
      if (slot[at(other)] < 0) {
        slot[at(other)] = 0;
        seen.push_back(other);
      }
    }
    std::sort(seen.begin(), seen.end());
    for (const std::int32_t other : seen) {
      slot[at(other)] = static_cast<Index>(out.level.size());
      out.level.push_back(other);
    }
    out.values.resize(out.level.size() * qg * qh, 0.0);
    for (std::size_t r = begin; r < end; ++r) {
      const auto row = static_cast<Index>(sorted.order[r]);
      const double w = rows.weights == nullptr ? 1.0 : rows.weights[row];
      const double* zg = read_g.read(row);
      const double* zh = read_h.read(row);
      double* block = &out.values[at(slot[at(h.codes[row])]) * qg * qh];
      for (std::size_t b = 0; b < qh; ++b) {
        for (std::size_t a = 0; a < qg; ++a) block[b * qg + a] += w * zg[a] * zh[b];
      }
    }
    for (const std::int32_t other : seen) slot[at(other)] = -1;
    out.start.push_back(static_cast<std::int64_t>(out.level.size()));
  }
  return out;
}

// Parts over consecutive levels, one after the other; each part is let go once it is copied.
PairBlocks join(std::vector<PairBlocks>& parts, int first, int second) {
  if (parts.size() == 1) {
    PairBlocks out = std::move(parts.front());
    out.start.insert(out.start.begin(), 0);
    out.first = first;
    out.second = second;
    return out;
  }
  std::size_t levels = 0;
  std::size_t values = 0;
  for (const PairBlocks& part : parts) {
    levels += part.level.size();
    values += part.values.size();
  }
  PairBlocks out;
  out.first = first;
  out.second = second;
  out.start.push_back(0);
  out.level.reserve(levels);
  out.values.reserve(values);
  for (PairBlocks& part : parts) {
    const auto before = static_cast<std::int64_t>(out.level.size());
    for (const std::int64_t end : part.start) out.start.push_back(before + end);
    out.level.insert(out.level.end(), part.level.begin(), part.level.end());
    out.values.insert(out.values.end(), part.values.begin(), part.values.end());
    part = PairBlocks();
  }
  return out;
}

template <class Row>
std::vector<PairBlocks> pairs_of(const RowsView& rows, int first, const std::vector<int>& seconds,
                                 int threads) {
  const GroupView& g = rows.groups[at(first)];
  const RowsByLevel<Row> sorted(g, rows.n);
  // A level's blocks do not depend on where the levels are cut, so the cuts may follow `threads`.
  const Index count = threads > 1 ? std::min(Index{4} * threads, g.n_levels) : 1;
  std::vector<Index> cut;
  for (Index part = 0; part <= count; ++part) {
    const Index row = rows.n * part / count;
    const auto found = std::lower_bound(sorted.start.begin(), sorted.start.end(), row);
    cut.push_back(part == 0       ? 0
                  : part == count ? g.n_levels
                                  : static_cast<Index>(found - sorted.start.begin()));
  }
  std::vector<PairBlocks> out;
  for (const int second : seconds) {
    std::vector<PairBlocks> parts(at(count));
    run_tasks(count, threads, [&](Index part) {
      parts[at(part)] = some_levels(rows, first, second, sorted, cut[at(part)], cut[at(part) + 1]);
    });
    out.push_back(join(parts, first, second));
  }
  return out;
}

}  // namespace

std::optional<std::vector<std::int32_t>> parents(const GroupView& first, const GroupView& second,
                                                 Index n) {
  std::vector<std::int32_t> out(at(first.n_levels), -1);
  for (Index i = 0; i < n; ++i) {
    std::int32_t& parent = out[at(first.codes[i])];
    if (parent < 0) parent = second.codes[i];
    if (parent != second.codes[i]) return std::nullopt;
  }
  return out;
}

std::vector<PairBlocks> crossed_pairs(const RowsView& rows, int first,
                                      const std::vector<int>& seconds, int threads) {
  if (seconds.empty()) return {};
  if (rows.n <= std::numeric_limits<std::int32_t>::max()) {
    return pairs_of<std::int32_t>(rows, first, seconds, threads);
  }
  return pairs_of<std::int64_t>(rows, first, seconds, threads);
}

}  // namespace ranef
