#include "rows/row_sums.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "linalg/lanes.hpp"
#include "linalg/parallel.hpp"

namespace ranef {

namespace {

// Rows that are shifted, scaled and summed together: their columns stay in the nearest cache, and
// the rounding error of a total grows with the length of a block, not with n.
constexpr Index kBlock = 512;
// Rows ahead of the one being added for which the level's sums are fetched.
constexpr Index kAhead = 24;
constexpr Index kMostStrips = 16;

// The columns of one block of rows.
struct Block {
  Index from = 0;
  Index rows = 0;
  HugeVector values;    // column-major, kBlock to a column
  HugeVector weighted;  // the same times the weights
  HugeVector levels;    // sums of a factor with few levels

  const double* column(int k) const { return &values[at(k * kBlock)]; }
  const double* weighted_column(int k) const { return &weighted[at(k * kBlock)]; }
};

void fill_column(const ColumnView& column, Index from, Index rows, double* out) {
  const double* in = column.values + from;
  const double shift = column.shift;
  const double factor = 1.0 / column.scale;
  for (Index i = 0; i < rows; ++i) out[i] = (in[i] - shift) * factor;
}

// Whether neighbouring rows mostly belong to the same level.
bool in_runs(const std::int32_t* codes, Index rows) {
  constexpr int kLength = 4;  // of a run on the average, from where on they are summed apart
  int ends = 1;
  for (Index i = 1; i < rows; ++i) ends += codes[i] != codes[i - 1] ? 1 : 0;
  return ends * kLength <= rows;
}

// Adds the products of rows from .. to, which belong to one level, to its sums: four rows at a
// time.
template <int Q, int C>
void add_run(const double* const* columns, const double* const* z, Index from, Index to,
             double* sums) {
  constexpr int kSlots = Q * C - Q * (Q - 1) / 2;
  Lane pairs[kSlots];
  for (Lane& pair : pairs) pair = Lane::all(0.0);
  Index i = from;
  for (; i + kLane <= to; i += kLane) {
    Lane local[C];
    for (int b = 0; b < C; ++b) local[b] = load(columns[b] + i);
    int slot = 0;
    for (int a = 0; a < Q; ++a) {
      const Lane wz = load(z[a] + i);
      for (int b = a; b < C; ++b) pairs[slot++] += wz * local[b];
    }
  }
  double rest[kSlots] = {};
  for (; i < to; ++i) {
    int slot = 0;
    for (int a = 0; a < Q; ++a) {
      for (int b = a; b < C; ++b) rest[slot++] += z[a][i] * columns[b][i];
    }
  }
  for (int slot = 0; slot < kSlots; ++slot) sums[slot] += pairs[slot].sum() + rest[slot];
}

// Adds the products of one block to the sums of their levels. Q and C are q and the number of
// columns where they are known when compiled, else 0.
template <int Q, int C>
void add_levels(const LevelSums& factor, const Block& block, bool weighted, double* sums) {
  const int q = Q > 0 ? Q : factor.q;
  const int c = C > 0 ? C : factor.size();
  const Index stride = factor.stride();
  const std::int32_t* codes = factor.codes + block.from;
  std::vector<const double*> columns;
  std::vector<const double*> z;
  for (const int k : factor.columns) columns.push_back(block.column(k));
  for (int a = 0; a < q; ++a) {
    const int k = factor.columns[at(a)];
    z.push_back(weighted ? block.weighted_column(k) : block.column(k));
  }
  if constexpr (Q > 0) {
    if (in_runs(codes, block.rows)) {
      for (Index from = 0, to = 0; from < block.rows; from = to) {
        while (to < block.rows && codes[to] == codes[from]) ++to;
        add_run<Q, C>(columns.data(), z.data(), from, to, sums + stride * codes[from]);
      }
      return;
    }
  }
  std::vector<double> kept(at(c));
  double* row = kept.data();
  const auto add_row = [&](Index i) {
    double* to = sums + stride * codes[i];
    if constexpr (Q > 0) {
      // All sums of the row are read before any is written: written one by one and read by twos,
      // they would wait for each other.
      constexpr int kSlots = Q * C - Q * (Q - 1) / 2;
      double local[C];
      double wz[Q];
      double sum[kSlots];
      for (int b = 0; b < C; ++b) local[b] = columns[at(b)][i];
      for (int a = 0; a < Q; ++a) wz[a] = z[at(a)][i];
      for (int k = 0; k < kSlots; ++k) sum[k] = to[k];
      int slot = 0;
      for (int a = 0; a < Q; ++a) {
        for (int b = a; b < C; ++b) sum[slot++] += wz[a] * local[b];
      }
      for (int k = 0; k < kSlots; ++k) to[k] = sum[k];
    } else {
      for (int b = 0; b < c; ++b) row[b] = columns[at(b)][i];
      for (int a = 0; a < q; ++a) {
        const double wz = z[at(a)][i];
        for (int b = a; b < c; ++b) *to++ += wz * row[b];
      }
    }
  };
  const Index fetched = std::max<Index>(0, block.rows - kAhead);
  for (Index i = 0; i < fetched; ++i) {
    const double* next = sums + stride * codes[i + kAhead];
    __builtin_prefetch(next, 1);
    __builtin_prefetch(next + stride - 1, 1);
    add_row(i);
  }
  for (Index i = fetched; i < block.rows; ++i) add_row(i);
}

using AddLevels = void (*)(const LevelSums&, const Block&, bool, double*);

AddLevels kernel_for(const LevelSums& factor) {
  const auto is = [&](int q, int c) { return factor.q == q && factor.size() == c; };
  if (is(1, 2)) return add_levels<1, 2>;
  if (is(1, 3)) return add_levels<1, 3>;
  if (is(1, 4)) return add_levels<1, 4>;
  if (is(2, 3)) return add_levels<2, 3>;
  if (is(2, 4)) return add_levels<2, 4>;
  if (is(2, 5)) return add_levels<2, 5>;
  if (is(3, 4)) return add_levels<3, 4>;
  if (is(3, 5)) return add_levels<3, 5>;
  return add_levels<0, 0>;
}

RowSums empty_sums(std::size_t pairs, const std::vector<LevelSums>& factors) {
  RowSums out;
  out.totals.resize(pairs, 0.0);
  for (const LevelSums& factor : factors) {
    out.levels.emplace_back(at(factor.n_levels * factor.stride()), 0.0);
  }
  return out;
}

// Adds `from` to `to` and leaves zeros in `from`, ready for the next sums.
void move_sums(HugeVector& from, HugeVector& to) {
  double* in = from.data();
  double* out = to.data();
  const std::size_t size = from.size();
  for (std::size_t k = 0; k < size; ++k) {
    out[k] += in[k];
    in[k] = 0.0;
  }
}

// The strips added up in their order, in the place of the first.
RowSums added_up(std::vector<RowSums> strips, const std::vector<LevelSums>& factors, int threads) {
  RowSums out = std::move(strips.front());
  for (std::size_t s = 1; s < strips.size(); ++s) {
    out.sum_log_weights += strips[s].sum_log_weights;
    for (std::size_t k = 0; k < out.totals.size(); ++k) out.totals[k] += strips[s].totals[k];
  }
  if (strips.size() == 1) return out;
  for (std::size_t g = 0; g < factors.size(); ++g) {
    const Index stride = factors[g].stride();
    run_parts(factors[g].n_levels, kLevelRun, threads, [&](Index from, Index to) {
      double* sums = out.levels[g].data();
      for (std::size_t s = 1; s < strips.size(); ++s) {
        const double* more = strips[s].levels[g].data();
        for (Index k = from * stride; k < to * stride; ++k) sums[k] += more[k];
      }
    });
  }
  return out;
}

// Long sums are summed block by block.
bool few_levels(const LevelSums& factor) { return 4 * factor.n_levels <= kBlock; }

class Pass {
 public:
  Pass(const DistinctColumns& columns, const ColumnPairs& pairs,
       const std::vector<LevelSums>& factors, const double* weights)
      : columns_(columns), pairs_(pairs), factors_(factors), weights_(weights) {
    for (const LevelSums& factor : factors) kernels_.push_back(kernel_for(factor));
  }

  void sum_strip(Index from, Index to, RowSums& out) const {
    Block block;
    block.values.resize(at(columns_.size() * kBlock));
    if (weights_ != nullptr) block.weighted.resize(block.values.size());
    for (int k = 0; k < columns_.size(); ++k) {
      const ColumnView& column = columns_[k];
      if (column.values != nullptr) continue;
      std::fill_n(&block.values[at(k * kBlock)], std::min(kBlock, to - from),
                  (1.0 - column.shift) / column.scale);
    }
    for (block.from = from; block.from < to; block.from += kBlock) {
      block.rows = std::min(kBlock, to - block.from);
      fill(block, out);
      add_totals(block, out.totals);
      for (std::size_t g = 0; g < factors_.size(); ++g) {
        if (few_levels(factors_[g])) {
          HugeVector& own = block.levels;
          own.resize(out.levels[g].size(), 0.0);
          kernels_[g](factors_[g], block, weights_ != nullptr, own.data());
          move_sums(own, out.levels[g]);
        } else {
          kernels_[g](factors_[g], block, weights_ != nullptr, out.levels[g].data());
        }
      }
    }
  }

 private:
  void fill(Block& block, RowSums& out) const {
    for (int k = 0; k < columns_.size(); ++k) {
      double* column = &block.values[at(k * kBlock)];
      if (columns_[k].values != nullptr) fill_column(columns_[k], block.from, block.rows, column);
      if (weights_ == nullptr) continue;
      double* weighted = &block.weighted[at(k * kBlock)];
      const double* w = weights_ + block.from;
      for (Index i = 0; i < block.rows; ++i) weighted[i] = w[i] * column[i];
    }
    if (weights_ == nullptr) return;
    double sum = 0.0;
    for (Index i = 0; i < block.rows; ++i) sum += std::log(weights_[block.from + i]);
    out.sum_log_weights += sum;
  }

  void add_totals(const Block& block, std::vector<double>& totals) const {
    using Run = Eigen::Map<const Vector>;
    for (std::size_t k = 0; k < pairs_.size(); ++k) {
      const auto& [a, b] = pairs_[k];
      const double* x = weights_ == nullptr ? block.column(a) : block.weighted_column(a);
      totals[k] += Run(x, block.rows).dot(Run(block.column(b), block.rows));
    }
  }

  const DistinctColumns& columns_;
  const ColumnPairs& pairs_;
  const std::vector<LevelSums>& factors_;
  const double* weights_;
  std::vector<AddLevels> kernels_;
};

// Strips as halves of halves, so that two or four threads have the same to do. Each has enough rows
// that adding up its levels costs little beside them, and that the sums of all take less memory
// than one column.
Index strips_of(Index n, const std::vector<LevelSums>& factors, Index strip_rows) {
  Index rows = strip_rows;
  Index sums = 0;
  for (const LevelSums& factor : factors) {
    rows = std::max(rows, 8 * factor.n_levels);
    sums += factor.n_levels * factor.stride();
  }
  const Index most = std::clamp<Index>(n / std::max(rows, sums), 1, kMostStrips);
  return static_cast<Index>(std::bit_floor(static_cast<std::uint64_t>(most)));
}

}  // namespace

int DistinctColumns::add(const ColumnView& column) {
  for (std::size_t k = 0; k < columns_.size(); ++k) {
    const ColumnView& known = columns_[k];
    if (known.values == column.values && known.shift == column.shift &&
        known.scale == column.scale) {
      return static_cast<int>(k);
    }
  }
  columns_.push_back(column);
  return static_cast<int>(columns_.size()) - 1;
}

RowSums sum_rows(Index n, const DistinctColumns& columns, const ColumnPairs& pairs,
                 const std::vector<LevelSums>& factors, const double* weights,
                 const PassOptions& options) {
  const Pass pass(columns, pairs, factors, weights);
  const Index strips = strips_of(n, factors, options.strip_rows);
  const Index blocks = (n + kBlock - 1) / kBlock;
  const auto begin = [&](Index strip) { return std::min(n, strip * blocks / strips * kBlock); };

  std::vector<RowSums> sums(at(strips));
  run_tasks(strips, options.threads, [&](Index strip) {
    RowSums& own = sums[at(strip)];
    own = empty_sums(pairs.size(), factors);
    pass.sum_strip(begin(strip), begin(strip + 1), own);
  });
  return added_up(std::move(sums), factors, options.threads);
}

}  // namespace ranef
