#include "rows/cross_products.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "linalg/clones.hpp"
#include "linalg/parallel.hpp"
#include "rows/pair_blocks.hpp"
#include "rows/row_sums.hpp"

namespace ranef {

namespace {

RANEF_CLONES std::uint32_t largest_code(const std::int32_t* codes, Index n) {
  std::uint32_t largest = 0;
  for (Index i = 0; i < n; ++i) largest = std::max(largest, static_cast<std::uint32_t>(codes[i]));
  return largest;
}

// What is summed by level of one factor, and where the sums go.
struct Plan {
  LevelSums sums;
  std::vector<int> fixed;  // positions of [X y] among the columns of `sums`
  // For each pair with a factor that this one is nested in: that factor, the parents, positions of
  // its columns.
  struct Nested {
    int second;
    std::vector<std::int32_t> parents;
    std::vector<int> columns;
  };
  std::vector<Nested> nested;
  std::vector<int> crossed;
};

// Positions of some columns among those of a factor; what is not there yet is added.
std::vector<int> positions(const std::vector<int>& columns, std::vector<int>& among) {
  std::vector<int> out;
  for (const int k : columns) {
    const auto found = std::find(among.begin(), among.end(), k);
    out.push_back(static_cast<int>(found - among.begin()));
    if (found == among.end()) among.push_back(k);
  }
  return out;
}

std::vector<int> distinct(const std::vector<ColumnView>& views, DistinctColumns& columns) {
  std::vector<int> out;
  for (const ColumnView& view : views) out.push_back(columns.add(view));
  return out;
}

// Two columns of one factor may be the same: they stay two, each with its own sums.
Plan plan_for(const RowsView& rows, int g, const std::vector<std::vector<int>>& z,
              const std::vector<int>& fixed) {
  const GroupView& group = rows.groups[at(g)];
  Plan plan;
  plan.sums.codes = group.codes;
  plan.sums.n_levels = group.n_levels;
  plan.sums.q = static_cast<int>(group.columns.size());
  plan.sums.columns = z[at(g)];
  plan.fixed = positions(fixed, plan.sums.columns);
  for (int h = g + 1; h < static_cast<int>(rows.groups.size()); ++h) {
    std::optional<std::vector<std::int32_t>> lies_in = parents(group, rows.groups[at(h)], rows.n);
    if (lies_in) {
      plan.nested.push_back({h, std::move(*lies_in), positions(z[at(h)], plan.sums.columns)});
    } else {
      plan.crossed.push_back(h);
    }
  }
  return plan;
}

// Where the sums of the columns at `b` stand among those of a level, q to a column.
std::vector<int> slots(const LevelSums& sums, const std::vector<int>& b) {
  std::vector<int> out;
  for (const int column : b) {
    for (int a = 0; a < sums.q; ++a)
      out.push_back(sums.slot(std::min(a, column), std::max(a, column)));
  }
  return out;
}

GroupBlocks group_blocks(const Plan& plan, const HugeVector& levels, int threads) {
  const LevelSums& sums = plan.sums;
  GroupBlocks out;
  out.n_levels = sums.n_levels;
  out.q = sums.q;
  std::vector<int> own(at(sums.q));
  std::iota(own.begin(), own.end(), 0);
  const std::vector<int> diagonal = slots(sums, own);
  const std::vector<int> fixed = slots(sums, plan.fixed);
  out.diagonal.resize(at(sums.n_levels) * diagonal.size());
  out.fixed.resize(at(sums.n_levels) * fixed.size());
  run_parts(sums.n_levels, kLevelRun, threads, [&](Index from, Index to) {
    double* to_diagonal = out.diagonal.data() + at(from) * diagonal.size();
    double* to_fixed = out.fixed.data() + at(from) * fixed.size();
    for (Index level = from; level < to; ++level) {
      const double* in = &levels[at(level * sums.stride())];
      for (const int slot : diagonal) *to_diagonal++ = in[slot];
      for (const int slot : fixed) *to_fixed++ = in[slot];
    }
  });
  return out;
}

PairBlocks nested_pair(const Plan& plan, int g, const Plan::Nested& nested,
                       const HugeVector& levels) {
  const std::vector<int> block = slots(plan.sums, nested.columns);
  PairBlocks out;
  out.first = g;
  out.second = nested.second;
  out.start.push_back(0);
  for (std::size_t level = 0; level < nested.parents.size(); ++level) {
    if (nested.parents[level] >= 0) {
      out.level.push_back(nested.parents[level]);
      const double* in = &levels[level * at(plan.sums.stride())];
      for (const int slot : block) out.values.push_back(in[slot]);
    }
    out.start.push_back(static_cast<std::int64_t>(out.level.size()));
  }
  return out;
}

// Sums over all levels, by runs of them: the same bits on any number of threads.
std::vector<double> level_totals(const HugeVector& levels, int stride, int threads) {
  const Index n_levels = static_cast<Index>(levels.size()) / stride;
  const Index runs = (n_levels + kLevelRun - 1) / kLevelRun;
  std::vector<double> parts(at(runs * stride), 0.0);
  run_parts(n_levels, kLevelRun, threads, [&](Index from, Index to) {
    double* sums = &parts[at(from / kLevelRun * stride)];
    const double* in = &levels[at(from * stride)];
    for (Index level = from; level < to; ++level) {
      for (int slot = 0; slot < stride; ++slot) sums[slot] += *in++;
    }
  });
  std::vector<double> out(at(stride), 0.0);
  for (std::size_t k = 0; k < parts.size(); ++k) out[k % at(stride)] += parts[k];
  return out;
}

// [X y]'W[X y]: what is summed by level of some factor is added up from there, the rest is summed
// over the rows.
class FixedBlock {
 public:
  FixedBlock(const std::vector<int>& fixed, const std::vector<Plan>& plans) {
    const auto m = static_cast<Index>(fixed.size());
    out_ = Matrix::Zero(m, m);
    for (Index b = 0; b < m; ++b) {
      for (Index a = b; a < m; ++a) {
        if (by_level(a, b, plans)) continue;
        pairs_.emplace_back(fixed[at(a)], fixed[at(b)]);
        entries_.emplace_back(a, b);
      }
    }
  }

  const ColumnPairs& pairs() const { return pairs_; }

  Matrix from(const RowSums& sums, int threads) {
    for (std::size_t k = 0; k < entries_.size(); ++k) {
      out_(entries_[k].first, entries_[k].second) = sums.totals[k];
    }
    std::vector<std::vector<double>> totals(sums.levels.size());
    for (const ByLevel& entry : by_level_) {
      std::vector<double>& of_factor = totals[at(entry.factor)];
      if (of_factor.empty()) {
        of_factor = level_totals(sums.levels[at(entry.factor)], entry.stride, threads);
      }
      out_(entry.a, entry.b) = of_factor[at(entry.slot)];
    }
    out_.triangularView<Eigen::StrictlyUpper>() = out_.transpose();
    return out_;
  }

 private:
  struct ByLevel {
    Index a, b;
    int factor, slot, stride;
  };

  bool by_level(Index a, Index b, const std::vector<Plan>& plans) {
    for (std::size_t g = 0; g < plans.size(); ++g) {
      const int first = std::min(plans[g].fixed[at(a)], plans[g].fixed[at(b)]);
      const int second = std::max(plans[g].fixed[at(a)], plans[g].fixed[at(b)]);
      if (first >= plans[g].sums.q) continue;
      by_level_.push_back(
          {a, b, static_cast<int>(g), plans[g].sums.slot(first, second), plans[g].sums.stride()});
      return true;
    }
    return false;
  }

  Matrix out_;
  ColumnPairs pairs_;
  std::vector<std::pair<Index, Index>> entries_;
  std::vector<ByLevel> by_level_;
};

}  // namespace

const PairBlocks& CrossProducts::pair(int first, int second) const {
  for (const PairBlocks& block : pairs) {
    if (block.first == first && block.second == second) return block;
  }
  throw std::out_of_range("no such pair of grouping factors");
}

void check_codes(const RowsView& rows, int threads) {
  constexpr Index kRun = Index{1} << 18;
  for (const GroupView& group : rows.groups) {
    run_parts(rows.n, kRun, threads, [&](Index from, Index to) {
      // A negative code is a large number here.
      if (static_cast<Index>(largest_code(group.codes + from, to - from)) >= group.n_levels) {
        throw std::invalid_argument("a level code lies outside of 0 .. n_levels - 1");
      }
    });
  }
}

CrossProducts cross_products(const RowsView& rows, const PassOptions& options) {
  check_codes(rows, options.threads);
  DistinctColumns columns;
  std::vector<std::vector<int>> z;
  for (const GroupView& group : rows.groups) z.push_back(distinct(group.columns, columns));
  std::vector<int> fixed = distinct(rows.fixed, columns);
  fixed.push_back(columns.add(rows.response));

  const int n_groups = static_cast<int>(rows.groups.size());
  std::vector<Plan> plans;
  std::vector<LevelSums> factors;
  for (int g = 0; g < n_groups; ++g) {
    plans.push_back(plan_for(rows, g, z, fixed));
    factors.push_back(plans.back().sums);
  }
  FixedBlock fixed_block(fixed, plans);
  RowSums sums = sum_rows(rows.n, columns, fixed_block.pairs(), factors, rows.weights, options);

  CrossProducts out;
  out.n = rows.n;
  out.p = static_cast<int>(rows.fixed.size());
  out.sum_log_weights = sums.sum_log_weights;
  out.fixed = fixed_block.from(sums, options.threads);
  for (int g = 0; g < n_groups; ++g) {
    const Plan& plan = plans[at(g)];
    const HugeVector levels = std::move(sums.levels[at(g)]);
    out.groups.push_back(group_blocks(plan, levels, options.threads));
    std::vector<PairBlocks> pairs = crossed_pairs(rows, g, plan.crossed, options.threads);
    for (const Plan::Nested& nested : plan.nested) {
      pairs.push_back(nested_pair(plan, g, nested, levels));
    }
    std::sort(pairs.begin(), pairs.end(),
              [](const PairBlocks& a, const PairBlocks& b) { return a.second < b.second; });
    for (PairBlocks& pair : pairs) out.pairs.push_back(std::move(pair));
  }
  return out;
}

namespace {

PairBlocks add_pairs(const PairBlocks& a, const PairBlocks& b, std::size_t block) {
  PairBlocks out;
  out.first = a.first;
  out.second = a.second;
  out.start.assign(a.start.size(), 0);
  for (std::size_t row = 0; row + 1 < a.start.size(); ++row) {
    auto i = static_cast<std::size_t>(a.start[row]);
    auto j = static_cast<std::size_t>(b.start[row]);
    const auto i_end = static_cast<std::size_t>(a.start[row + 1]);
    const auto j_end = static_cast<std::size_t>(b.start[row + 1]);
    while (i < i_end || j < j_end) {
      const bool from_a = j >= j_end || (i < i_end && a.level[i] <= b.level[j]);
      const bool from_b = i >= i_end || (j < j_end && b.level[j] <= a.level[i]);
      out.level.push_back(from_a ? a.level[i] : b.level[j]);
      for (std::size_t k = 0; k < block; ++k) {
        out.values.push_back((from_a ? a.values[i * block + k] : 0.0) +
                             (from_b ? b.values[j * block + k] : 0.0));
      }
      if (from_a) ++i;
      if (from_b) ++j;
    }
    out.start[row + 1] = static_cast<std::int64_t>(out.level.size());
  }
  return out;
}

}  // namespace

CrossProducts add(const CrossProducts& a, const CrossProducts& b) {
  if (a.p != b.p || a.groups.size() != b.groups.size()) {
    throw std::invalid_argument("cross-products of different models cannot be added");
  }
  CrossProducts out = a;
  out.n += b.n;
  out.sum_log_weights += b.sum_log_weights;
  out.fixed += b.fixed;
  for (std::size_t g = 0; g < a.groups.size(); ++g) {
    const GroupBlocks& other = b.groups[g];
    GroupBlocks& group = out.groups[g];
    if (group.q != other.q || group.n_levels != other.n_levels) {
      throw std::invalid_argument("cross-products over different levels cannot be added");
    }
    for (std::size_t k = 0; k < group.diagonal.size(); ++k) group.diagonal[k] += other.diagonal[k];
    for (std::size_t k = 0; k < group.fixed.size(); ++k) group.fixed[k] += other.fixed[k];
  }
  for (std::size_t k = 0; k < a.pairs.size(); ++k) {
    const auto qa =
        static_cast<std::size_t>(a.groups[static_cast<std::size_t>(a.pairs[k].first)].q);
    const auto qb =
        static_cast<std::size_t>(a.groups[static_cast<std::size_t>(a.pairs[k].second)].q);
    out.pairs[k] = add_pairs(a.pairs[k], b.pairs[k], qa * qb);
  }
  return out;
}

CrossProducts combine(const std::vector<const CrossProducts*>& terms, const Vector& coefficients,
                      double sum_log_weights) {
  CrossProducts out = *terms.front();
  out.sum_log_weights = sum_log_weights;
  const auto same = [](bool fine) {
    if (!fine) throw std::invalid_argument("cross-products of different rows cannot be combined");
  };
  const auto scale = [](auto& values, double factor) {
    for (double& value : values) value *= factor;
  };
  const auto add_to = [](const auto& from, double factor, auto& to) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
  };
  const double first = coefficients(0);
  out.fixed *= first;
  for (GroupBlocks& group : out.groups) {
    scale(group.diagonal, first);
    scale(group.fixed, first);
  }
  for (PairBlocks& pair : out.pairs) scale(pair.values, first);
  for (std::size_t k = 1; k < terms.size(); ++k) {
    const CrossProducts& a = *terms[k];
    const double c = coefficients(static_cast<Index>(k));
    same(a.n == out.n && a.p == out.p && a.groups.size() == out.groups.size() &&
         a.pairs.size() == out.pairs.size());
    out.fixed += c * a.fixed;
    for (std::size_t g = 0; g < a.groups.size(); ++g) {
      GroupBlocks& to = out.groups[g];
      same(a.groups[g].n_levels == to.n_levels && a.groups[g].q == to.q);
      add_to(a.groups[g].diagonal, c, to.diagonal);
      add_to(a.groups[g].fixed, c, to.fixed);
    }
    for (std::size_t g = 0; g < a.pairs.size(); ++g) {
      same(a.pairs[g].start == out.pairs[g].start && a.pairs[g].level == out.pairs[g].level);
      add_to(a.pairs[g].values, c, out.pairs[g].values);
    }
  }
  return out;
}

}  // namespace ranef
