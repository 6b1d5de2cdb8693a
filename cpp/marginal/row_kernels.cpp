#include "marginal/row_kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>

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
  int q() const { return Small<Q>::size(q_); }
  double operator()(int k, Index i) const { return z_[at(k)][i]; }

 private:
  int q_;
  std::conditional_t<Q == 0, std::vector<const double*>,
                     std::array<const double*, static_cast<std::size_t>(Q == 0 ? 1 : Q)>>
      z_;
};

// Calls use(level, first, last) for the rows of each level, counted from rows.from; where rows are
// not sorted by the factor, row by row.
template <class Use>
void for_levels(const RowMap& map, const SortedGroup& group, RowRange rows, Use use) {
  if (group.codes != nullptr) {
    for (Index i = 0; i < rows.size(); ++i) use(Index{group.codes[rows.from + i]}, i, i + 1);
    return;
  }
  const std::vector<Index>& start = map.level_start();
  Index row = rows.from;
  auto level = std::upper_bound(start.begin(), start.end(), row) - start.begin() - 1;
  while (row < rows.to) {
    const Index end = std::min(rows.to, start[at(level) + 1]);
    if (end > row) use(Index{level}, row - rows.from, end - rows.from);
    row = end;
    ++level;
  }
}

// Calls call(columns) with chunks of rows whose constant columns are long enough.
template <class Use>
void by_chunk(RowRange rows, Use use) {
  for (Index from = rows.from; from < rows.to; from += kChunk) {
    use(RowRange{from, std::min(rows.to, from + kChunk)}, from - rows.from);
  }
}

template <int Q>
void squares(const RowMap& map, const SortedGroup& group, RowRange rows, const double* w,
             double* blocks) {
  const Columns<Q> z(group, rows.from);
  const int q = z.q();
  for_levels(map, group, rows, [&](Index level, Index first, Index last) {
    double* block = blocks + level * q * q;
    if constexpr (Q > 0) {
      std::array<double, static_cast<std::size_t>(Q * (Q + 1) / 2)> sums = {};
      for (Index i = first; i < last; ++i) {
        std::size_t k = 0;
        for (int b = 0; b < Q; ++b) {
          const double value = w[i] * z(b, i);
          for (int a = b; a < Q; ++a) sums[k++] += value * z(a, i);
        }
      }
      std::size_t k = 0;
      for (int b = 0; b < Q; ++b) {
        for (int a = b; a < Q; ++a, ++k) {
          block[a + b * Q] += sums[k];
          if (a != b) block[b + a * Q] += sums[k];
        }
      }
    } else {
      for (Index i = first; i < last; ++i) {
        for (int b = 0; b < q; ++b) {
          const double value = w[i] * z(b, i);
          for (int a = 0; a < q; ++a) block[a + b * q] += value * z(a, i);
        }
      }
    }
  });
}

template <int Q>
void to_levels(const RowMap& map, const SortedGroup& group, RowRange rows, const double* v,
               Index level_size, double* sums) {
  const Columns<Q> z(group, rows.from);
  const int q = z.q();
  for_levels(map, group, rows, [&](Index level, Index first, Index last) {
    double* to = sums + level * level_size;
    if constexpr (Q > 0) {
      std::array<double, static_cast<std::size_t>(Q)> own = {};
      for (Index i = first; i < last; ++i) {
        for (int a = 0; a < Q; ++a) own[at(a)] += v[i] * z(a, i);
      }
      for (int a = 0; a < Q; ++a) to[a] += own[at(a)];
    } else {
      for (Index i = first; i < last; ++i) {
        for (int a = 0; a < q; ++a) to[a] += v[i] * z(a, i);
      }
    }
  });
}

template <int Q>
void effects(const RowMap& map, const SortedGroup& group, RowRange rows, const double* b,
             Index level_size, double* out) {
  const Columns<Q> z(group, rows.from);
  const int q = z.q();
  for_levels(map, group, rows, [&](Index level, Index first, Index last) {
    const double* own = b + level * level_size;
    for (Index i = first; i < last; ++i) {
      double sum = 0.0;
      for (int a = 0; a < q; ++a) sum += z(a, i) * own[a];
      out[i] += sum;
    }
  });
}

template <int Q>
void forms(const RowMap& map, const SortedGroup& group, RowRange rows, const double* blocks,
           double* out) {
  const Columns<Q> z(group, rows.from);
  const int q = z.q();
  for_levels(map, group, rows, [&](Index level, Index first, Index last) {
    const double* block = blocks + level * q * q;
    for (Index i = first; i < last; ++i) {
      double sum = 0.0;
      for (int b = 0; b < q; ++b) {
        double product = 0.5 * block[b + b * q] * z(b, i);
        for (int a = b + 1; a < q; ++a) product += block[a + b * q] * z(a, i);
        sum += product * z(b, i);
      }
      out[i] += 2.0 * sum;
    }
  });
}

// Calls use(row, block) for the rows of a pair, counted from rows.from.
template <class Use>
void for_blocks(const RowMap& map, const SortedPair& pair, RowRange rows, Use use) {
  for_levels(map, map.groups()[at(pair.early)], rows, [&](Index level, Index first, Index last) {
    const std::int64_t start = pair.start[level];
    if (pair.column.empty()) {
      for (Index i = first; i < last; ++i) use(i, (start + pair.fixed) * pair.unit);
      return;
    }
    const std::int32_t* column = pair.column.data() + rows.from;
    for (Index i = first; i < last; ++i) use(i, (start + column[i]) * pair.unit);
  });
}

template <int Q>
void pairs(const RowMap& map, const SortedPair& pair, RowRange rows, const double* w,
           double* blocks) {
  const Columns<Q> z(map.groups()[at(pair.early)], rows.from);
  const Columns<0> other(map.groups()[at(pair.late)], rows.from);
  const int q = z.q();
  const int width = other.q();
  for_blocks(map, pair, rows, [&](Index i, Index place) {
    double* block = blocks + place;
    for (int b = 0; b < width; ++b) {
      const double value = w[i] * other(b, i);
      for (int a = 0; a < q; ++a) block[a + b * q] += value * z(a, i);
    }
  });
}

template <int Q>
void pair_forms(const RowMap& map, const SortedPair& pair, RowRange rows, const double* blocks,
                double* out) {
  const Columns<Q> z(map.groups()[at(pair.early)], rows.from);
  const Columns<0> other(map.groups()[at(pair.late)], rows.from);
  const int q = z.q();
  const int width = other.q();
  for_blocks(map, pair, rows, [&](Index i, Index place) {
    const double* block = blocks + place;
    double sum = 0.0;
    for (int b = 0; b < width; ++b) {
      double product = 0.0;
      for (int a = 0; a < q; ++a) product += block[a + b * q] * z(a, i);
      sum += product * other(b, i);
    }
    out[i] += 2.0 * sum;
  });
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

void add_by_level(const RowMap& map, RowRange rows, const double* v, double* sums) {
  const SortedGroup& own = map.groups()[at(map.pattern().chain[0].group)];
  for_levels(map, own, rows, [&](Index level, Index first, Index last) {
    double sum = 0.0;
    for (Index i = first; i < last; ++i) sum += v[i];
    sums[level] += sum;
  });
}

namespace {

// Eight sums side by side, added up at the end.
template <class Term>
double eight_sums(Index n, Term term) {
  std::array<double, 8> sums = {};
  Index i = 0;
  for (; i + 8 <= n; i += 8) {
    for (Index k = 0; k < 8; ++k) sums[at(k)] += term(i + k);
  }
  for (Index k = 0; i + k < n; ++k) sums[at(k)] += term(i + k);
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

}  // namespace

double dot(const double* a, const double* b, Index n) {
  return eight_sums(n, [=](Index i) { return a[i] * b[i]; });
}

double total(const double* a, Index n) {
  return eight_sums(n, [=](Index i) { return a[i]; });
}

double total_size(const double* a, Index n) {
  return eight_sums(n, [=](Index i) { return std::abs(a[i]); });
}

}  // namespace ranef
