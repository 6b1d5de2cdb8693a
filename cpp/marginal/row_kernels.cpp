#include "marginal/row_kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "linalg/clones.hpp"
#include "linalg/lanes.hpp"
#include "linalg/small.hpp"

namespace ranef {

namespace {

// Columns of one factor at the rows of a chunk; q of them known at compile time where Q > 0.
template <int Q>
class Columns {
 public:
  Columns(const SortedGroup& group, Index from) : q_(group.q) {
    if constexpr (Q == 0) z_.resize(at(q_));
    for (int k = 0; k < q(); ++k) z_[at(k)] = group.columns[at(k)].from(from);
  }
  RANEF_INLINE int q() const { return Small<Q>::size(q_); }
  RANEF_INLINE const double* column(int k) const { return z_[at(k)]; }
  RANEF_INLINE double operator()(int k, Index i) const { return z_[at(k)][i]; }

 private:
  int q_;
  std::conditional_t<Q == 0, std::vector<const double*>,
                     std::array<const double*, static_cast<std::size_t>(Q == 0 ? 1 : Q)>>
      z_;
};

// The rows of each level in turn, counted from rows.from; where rows are not sorted by the factor,
// row by row.
class Segments {
 public:
  RANEF_INLINE Segments(const RowMap& map, const SortedGroup& group, RowRange rows)
      : codes_(group.codes), start_(map.level_start().data()), rows_(rows) {
    if (codes_ != nullptr || rows.size() == 0) return;
    const std::vector<Index>& start = map.level_start();
    level = std::upper_bound(start.begin(), start.end(), rows.from) - start.begin() - 2;
  }

  RANEF_INLINE bool next() {
    if (last == rows_.size()) return false;
    first = last;
    if (codes_ != nullptr) {
      level = codes_[rows_.from + first];
      ++last;
      return true;
    }
    do ++level;
    while (start_[level + 1] <= rows_.from + first);
    last = std::min(rows_.to, start_[level + 1]) - rows_.from;
    return true;
  }

  Index level = 0;
  Index first = 0;
  Index last = 0;

 private:
  const std::int32_t* codes_;
  const Index* start_;
  RowRange rows_;
};

// Calls use(rows, rows before them) for parts that constant columns are long enough for.
template <class Use>
void by_chunk(RowRange rows, Use use) {
  for (Index from = rows.from; from < rows.to; from += kChunk) {
    use(RowRange{from, std::min(rows.to, from + kChunk)}, from - rows.from);
  }
}

template <int Q>
RANEF_LANE_CLONES void squares(const RowMap& map, const SortedGroup& group, RowRange rows,
                               const double* w, double* blocks) {
  const Columns<Q> z(group, rows.from);
  const int q = z.q();
  for (Segments in(map, group, rows); in.next();) {
    double* block = blocks + in.level * q * q;
    Index i = in.first;
    if constexpr (Q > 0) {
      if (in.last - i >= kLane) {
        std::array<Lane, static_cast<std::size_t>(Q * (Q + 1) / 2)> sums;
        for (Lane& sum : sums) sum = Lane::all(0.0);
        for (; i + kLane <= in.last; i += kLane) {
          std::size_t k = 0;
          for (int b = 0; b < Q; ++b) {
            const Lane value = load(w + i) * load(z.column(b) + i);
            for (int a = b; a < Q; ++a) sums[k++] += value * load(z.column(a) + i);
          }
        }
        std::size_t k = 0;
        for (int b = 0; b < Q; ++b) {
          for (int a = b; a < Q; ++a, ++k) {
            const double sum = sums[k].sum();
            block[a + b * Q] += sum;
            if (a != b) block[b + a * Q] += sum;
          }
        }
      }
    }
    for (; i < in.last; ++i) {
      for (int b = 0; b < q; ++b) {
        const double value = w[i] * z(b, i);
        for (int a = 0; a < q; ++a) block[a + b * q] += value * z(a, i);
      }
    }
  }
}

template <int Q>
RANEF_LANE_CLONES void to_levels(const RowMap& map, const SortedGroup& group, RowRange rows,
                                 const double* v, Index level_size, double* sums) {
  const Columns<Q> z(group, rows.from);
  const int q = z.q();
  for (Segments in(map, group, rows); in.next();) {
    double* to = sums + in.level * level_size;
    Index i = in.first;
    if constexpr (Q > 0) {
      if (in.last - i >= kLane) {
        std::array<Lane, static_cast<std::size_t>(Q)> own;
        for (Lane& sum : own) sum = Lane::all(0.0);
        for (; i + kLane <= in.last; i += kLane) {
          const Lane value = load(v + i);
          for (int a = 0; a < Q; ++a) own[at(a)] += value * load(z.column(a) + i);
        }
        for (int a = 0; a < Q; ++a) to[a] += own[at(a)].sum();
      }
    }
    for (; i < in.last; ++i) {
      for (int a = 0; a < q; ++a) to[a] += v[i] * z(a, i);
    }
  }
}

template <int Q>
RANEF_LANE_CLONES void effects(const RowMap& map, const SortedGroup& group, RowRange rows,
                               const double* b, Index level_size, double* out) {
  const Columns<Q> z(group, rows.from);
  const int q = z.q();
  for (Segments in(map, group, rows); in.next();) {
    const double* own = b + in.level * level_size;
    Index i = in.first;
    for (; i + kLane <= in.last; i += kLane) {
      Lane sum = load(out + i);
      for (int a = 0; a < q; ++a) sum += load(z.column(a) + i) * own[a];
      store(sum, out + i);
    }
    for (; i < in.last; ++i) {
      double sum = out[i];
      for (int a = 0; a < q; ++a) sum += z(a, i) * own[a];
      out[i] = sum;
    }
  }
}

template <int Q>
RANEF_LANE_CLONES void forms(const RowMap& map, const SortedGroup& group, RowRange rows,
                             const double* blocks, double* out) {
  const Columns<Q> z(group, rows.from);
  const int q = z.q();
  for (Segments in(map, group, rows); in.next();) {
    const double* block = blocks + in.level * q * q;
    Index i = in.first;
    for (; i + kLane <= in.last; i += kLane) {
      Lane sum = Lane::all(0.0);
      for (int b = 0; b < q; ++b) {
        Lane product = load(z.column(b) + i) * (0.5 * block[b + b * q]);
        for (int a = b + 1; a < q; ++a) product += load(z.column(a) + i) * block[a + b * q];
        sum += product * load(z.column(b) + i);
      }
      store(load(out + i) + sum * 2.0, out + i);
    }
    for (; i < in.last; ++i) {
      double sum = 0.0;
      for (int b = 0; b < q; ++b) {
        double product = 0.5 * block[b + b * q] * z(b, i);
        for (int a = b + 1; a < q; ++a) product += block[a + b * q] * z(a, i);
        sum += product * z(b, i);
      }
      out[i] += 2.0 * sum;
    }
  }
}

// The block of each row of a pair, counted from rows.from.
class Blocks {
 public:
  RANEF_INLINE Blocks(const RowMap& map, const SortedPair& pair, RowRange rows)
      : in_(map, map.groups()[at(pair.early)], rows),
        pair_(pair),
        column_(pair.column.empty() ? nullptr : pair.column.data() + rows.from) {}

  RANEF_INLINE bool next() {
    ++row;
    if (row == in_.last) {
      if (!in_.next()) return false;
      start_ = pair_.start[in_.level];
    }
    place = (start_ + (column_ == nullptr ? pair_.fixed : column_[row])) * pair_.unit;
    return true;
  }

  Index row = -1;
  Index place = 0;

 private:
  Segments in_;
  const SortedPair& pair_;
  const std::int32_t* column_;
  std::int64_t start_ = 0;
};

template <int Q>
void pairs(const RowMap& map, const SortedPair& pair, RowRange rows, const double* w,
           double* blocks) {
  const Columns<Q> z(map.groups()[at(pair.early)], rows.from);
  const Columns<0> other(map.groups()[at(pair.late)], rows.from);
  const int q = z.q();
  const int width = other.q();
  for (Blocks in(map, pair, rows); in.next();) {
    const Index i = in.row;
    double* block = blocks + in.place;
    for (int b = 0; b < width; ++b) {
      const double value = w[i] * other(b, i);
      for (int a = 0; a < q; ++a) block[a + b * q] += value * z(a, i);
    }
  }
}

template <int Q>
void pair_forms(const RowMap& map, const SortedPair& pair, RowRange rows, const double* blocks,
                double* out) {
  const Columns<Q> z(map.groups()[at(pair.early)], rows.from);
  const Columns<0> other(map.groups()[at(pair.late)], rows.from);
  const int q = z.q();
  const int width = other.q();
  for (Blocks in(map, pair, rows); in.next();) {
    const Index i = in.row;
    const double* block = blocks + in.place;
    double sum = 0.0;
    for (int b = 0; b < width; ++b) {
      double product = 0.0;
      for (int a = 0; a < q; ++a) product += block[a + b * q] * z(a, i);
      sum += product * other(b, i);
    }
    out[i] += 2.0 * sum;
  }
}

}  // namespace

void add_squares(const RowMap& map, int group, RowRange rows, const double* w, double* blocks) {
  const SortedGroup& own = map.groups()[at(group)];
  by_chunk(rows, [&](RowRange part, Index skipped) {
    with_size(own.q, [&](auto size) {
      squares<decltype(size)::value>(map, own, part, w + skipped, blocks);
    });
  });
}

void add_to_levels(const RowMap& map, int group, RowRange rows, const double* v, double* sums) {
  add_to_levels(map, group, rows, v, {map.groups()[at(group)].q, 0}, sums);
}

void add_to_levels(const RowMap& map, int group, RowRange rows, const double* v, LevelColumn column,
                   double* sums) {
  const SortedGroup& own = map.groups()[at(group)];
  by_chunk(rows, [&](RowRange part, Index skipped) {
    with_size(own.q, [&](auto size) {
      to_levels<decltype(size)::value>(map, own, part, v + skipped, column.level_size,
                                       sums + column.first);
    });
  });
}

void add_pairs(const RowMap& map, const SortedPair& pair, RowRange rows, const double* w,
               double* blocks) {
  by_chunk(rows, [&](RowRange part, Index skipped) {
    with_size(map.groups()[at(pair.early)].q, [&](auto size) {
      pairs<decltype(size)::value>(map, pair, part, w + skipped, blocks);
    });
  });
}

void add_effects(const RowMap& map, int group, RowRange rows, const double* b, double* out) {
  add_effects(map, group, rows, b, {map.groups()[at(group)].q, 0}, out);
}

void add_effects(const RowMap& map, int group, RowRange rows, const double* b, LevelColumn column,
                 double* out) {
  const SortedGroup& own = map.groups()[at(group)];
  by_chunk(rows, [&](RowRange part, Index skipped) {
    with_size(own.q, [&](auto size) {
      effects<decltype(size)::value>(map, own, part, b + column.first, column.level_size,
                                     out + skipped);
    });
  });
}

void add_forms(const RowMap& map, int group, RowRange rows, const double* blocks, double* out) {
  const SortedGroup& own = map.groups()[at(group)];
  by_chunk(rows, [&](RowRange part, Index skipped) {
    with_size(own.q, [&](auto size) {
      forms<decltype(size)::value>(map, own, part, blocks, out + skipped);
    });
  });
}

void add_pair_forms(const RowMap& map, const SortedPair& pair, RowRange rows, const double* blocks,
                    double* out) {
  by_chunk(rows, [&](RowRange part, Index skipped) {
    with_size(map.groups()[at(pair.early)].q, [&](auto size) {
      pair_forms<decltype(size)::value>(map, pair, part, blocks, out + skipped);
    });
  });
}

RANEF_LANE_CLONES void add_by_level(const RowMap& map, RowRange rows, const double* v,
                                    double* sums) {
  const SortedGroup& own = map.groups()[at(map.pattern().chain[0].group)];
  for (Segments in(map, own, rows); in.next();) {
    Lane sum = Lane::all(0.0);
    Index i = in.first;
    for (; i + kLane <= in.last; i += kLane) sum += load(v + i);
    sums[in.level] += sum.sum();
    for (; i < in.last; ++i) sums[in.level] += v[i];
  }
}

// Eight sums side by side, added up at the end.
RANEF_LANE_CLONES double dot(const double* a, const double* b, Index n) {
  Lane even = Lane::all(0.0);
  Lane odd = even;
  Index i = 0;
  for (; i + 2 * kLane <= n; i += 2 * kLane) {
    even += load(a + i) * load(b + i);
    odd += load(a + i + kLane) * load(b + i + kLane);
  }
  double sum = (even + odd).sum();
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

RANEF_LANE_CLONES double total(const double* a, Index n) {
  Lane even = Lane::all(0.0);
  Lane odd = even;
  Index i = 0;
  for (; i + 2 * kLane <= n; i += 2 * kLane) {
    even += load(a + i);
    odd += load(a + i + kLane);
  }
  double sum = (even + odd).sum();
  for (; i < n; ++i) sum += a[i];
  return sum;
}

}  // namespace ranef
