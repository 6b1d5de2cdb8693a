// Conditional variances of the random effects where the tail is not factorised. With P over the
// tail (Lambda S^-1 Lambda'), W the joint one of a level's rest, and a = C_rest,j:
//
//   tail:   P_jj = Lambda (K K')^-1 Lambda' + E (G (x~ - b))_j (G b)_j',
//   chain:  P_j + P_j C_j,rest W C_rest,j P_j,
//
// as traces.hpp has them, level by level instead of summed.
#include "iterative/iterative_factor.hpp"

#include <algorithm>
#include <cmath>

#include "iterative/level_kernels.hpp"
#include "linalg/products.hpp"

namespace ranef {

namespace {

// out (q x q by level) += half of a b' + b a', less c c' if there is a c, for the column k.
void add_squares(int q, int width, Index k, const HugeVector& a, const HugeVector& b,
                 const HugeVector* c, HugeVector& out) {
  const Index levels = static_cast<Index>(out.size()) / (q * q);
  for (Index level = 0; level < levels; ++level) {
    const Index row = level * q * width + k;
    double* to = &out[at(level * q * q)];
    for (int s = 0; s < q; ++s) {
      for (int r = 0; r < q; ++r) {
        const std::size_t x = at(row + r * width);
        const std::size_t y = at(row + s * width);
        double value = 0.5 * (a[x] * b[y] + b[x] * a[y]);
        if (c != nullptr) value -= (*c)[x] * (*c)[y];
        to[r + s * q] += value;
      }
    }
  }
}

// The mean of what probes say and its standard error, gathered one after the other.
class Gathered {
 public:
  explicit Gathered(const std::vector<HugeVector>& like) {
    for (const HugeVector& own : like) {
      sum_.emplace_back(own.size(), 0.0);
      squares_.emplace_back(own.size(), 0.0);
    }
  }
  void add(const std::vector<HugeVector>& own) {
    ++count_;
    for (std::size_t g = 0; g < own.size(); ++g) {
      for (std::size_t i = 0; i < own[g].size(); ++i) {
        sum_[g][i] += own[g][i];
        squares_[g][i] += own[g][i] * own[g][i];
      }
    }
  }
  double mean(std::size_t g, std::size_t i) const {
    return count_ > 0 ? sum_[g][i] / static_cast<double>(count_) : 0.0;
  }
  double error(std::size_t g, std::size_t i) const {
    if (count_ < 2) return 0.0;
    const auto n = static_cast<double>(count_);
    const double spread = squares_[g][i] / n - mean(g, i) * mean(g, i);
    return std::sqrt(std::max(0.0, spread) / (n - 1.0));
  }

 private:
  std::vector<HugeVector> sum_;
  std::vector<HugeVector> squares_;
  Index count_ = 0;
};

}  // namespace

// By run and stage: tail runs first, then chain stages; one block for each column.
void IterativeFactor::add_tail_variances(const HugeVector& b, const Krylov& solved, int width,
                                         std::vector<HugeVector>& out) const {
  HugeVector change(b.size());
  for (std::size_t i = 0; i < b.size(); ++i) change[i] = solved.x[i] - b[i];
  HugeVector left(b.size());
  HugeVector right(b.size());
  s_.g_times(width, change.data(), left.data());
  s_.g_times(width, b.data(), right.data());
  const std::size_t parts = lists_.tail.runs.size() + lists_.chain.size();
  for (std::size_t r = 0; r < lists_.tail.runs.size(); ++r) {
    const TailRun& run = lists_.tail.runs[r];
    const auto first = left.begin() + run.offset * width;
    const HugeVector own_left(first, first + run.columns() * width);
    const auto other = right.begin() + run.offset * width;
    const HugeVector own_right(other, other + run.columns() * width);
    for (Index k = 0; k < width && at(k) * parts < out.size(); ++k) {
      add_squares(run.q, width, k, own_left, own_right, nullptr, out[at(k) * parts + r]);
    }
  }
}

void IterativeFactor::add_chain_variances(const HugeVector& b, const Krylov& solved, int width,
                                          std::vector<HugeVector>& out) {
  HugeVector v1(b.size());
  HugeVector v0(b.size());
  s_.g_times(width, solved.x.data(), v1.data());
  s_.g_times(width, b.data(), v0.data());
  const std::size_t stages = lists_.chain.size();
  const std::size_t runs = lists_.tail.runs.size();
  std::vector<HugeVector> h1(stages);
  std::vector<HugeVector> h0(stages);
  HugeVector rest;
  for (std::size_t i = stages; i-- > 0;) {
    std::vector<const HugeVector*> parents1;
    std::vector<const HugeVector*> parents0;
    for (std::size_t k = i + 1; k < stages; ++k) {
      parents1.push_back(&h1[k]);
      parents0.push_back(&h0[k]);
    }
    const auto solve_level = [&](const std::vector<const HugeVector*>& parents,
                                 const HugeVector& tail) {
      columns_.pull_rest(i, width, parents, tail, rest);
      HugeVector h = columns_.p_times(i, width, rest);
      for (double& value : h) value = -value;
      return h;
    };
    h1[i] = solve_level(parents1, v1);
    h0[i] = solve_level(parents0, v0);
    const HugeVector own = parents0.empty() ? h0[i] : solve_level({}, v0);
    for (Index k = 0; k < width && at(k) * (runs + stages) < out.size(); ++k) {
      add_squares(lists_.chain[i].q, width, k, h1[i], h0[i], &own,
                  out[at(k) * (runs + stages) + runs + i]);
    }
  }
}

// What of it needs no probe.
HugeVector IterativeFactor::exact_chain_variance(std::size_t i) {
  const ChainLevels& own = lists_.chain[i];
  const int q = own.q;
  const std::vector<HugeVector>& joint = chain_.joint();
  int above = 0;
  for (std::size_t k = i + 1; k < lists_.chain.size(); ++k) above += lists_.chain[k].q;
  HugeVector out(own.diagonal.size());
  Matrix inner(q, q);
  Matrix b(q, above);
  for (Index level = 0; level < own.n_levels; ++level) {
    inner.setZero();
    for (std::size_t r = 0; r < own.lists.size(); ++r) {
      const LevelList& list = own.lists[r];
      const double* values = chain_.values(i, r);
      const int columns = list.q_tail;
      for (auto e = at(list.start[at(level)]); e < at(list.start[at(level) + 1]); ++e) {
        const double* p = &s_.p_blocks()[r][at(Index{list.place[e]} * columns * columns)];
        if (values == nullptr) {
          inner(0, 0) += p[0];
          continue;
        }
        const Eigen::Map<const Matrix> block(values + e * at(q * columns), q, columns);
        inner += block.lazyProduct(Eigen::Map<const Matrix>(p, columns, columns))
                     .lazyProduct(block.transpose());
      }
    }
    if (above > 0) {
      Index column = 0;
      for (std::size_t k = 0; k < own.parent.size(); ++k) {
        const int wide = lists_.chain[i + 1 + k].q;
        b.middleCols(column, wide) =
            Eigen::Map<const Matrix>(chain_.to_parent(i, k) + level * q * wide, q, wide);
        column += wide;
      }
      const Index up = own.parent[0][at(level)];
      inner += b.lazyProduct(
                    Eigen::Map<const Matrix>(&joint[i + 1][at(up * above * above)], above, above))
                   .lazyProduct(b.transpose());
    }
    const Eigen::Map<const Matrix> p(chain_.p(i) + level * q * q, q, q);
    Eigen::Map<Matrix>(&out[at(level * q * q)], q, q) =
        p + p.lazyProduct(inner).lazyProduct(p.transpose());
  }
  return out;
}

EstimatedVariances IterativeFactor::conditional_variances(Index deflated, Index signs) {
  Probes probes = probes_;
  probes.grow(deflated, signs);
  probes.follow(s_);
  const std::size_t runs = lists_.tail.runs.size();
  const std::size_t stages = lists_.chain.size();
  std::vector<HugeVector> sum;  // exact parts, and what the directions say
  for (std::size_t r = 0; r < runs; ++r) sum.push_back(s_.p_blocks()[r]);
  for (std::size_t i = 0; i < stages; ++i) sum.push_back(exact_chain_variance(i));
  std::vector<HugeVector> zero;
  for (const HugeVector& own : sum) zero.emplace_back(own.size(), 0.0);
  Gathered gathered(zero);
  KrylovControl control;
  control.tolerance = control_.probe_tolerance;
  Krylov solved;
  for (Index first = 0; first < probes.size();) {
    const int width = width_for(probes.size() - first);
    const Index count = std::min<Index>(width, probes.size() - first);
    const HugeVector b = probes.block(first, width, s_.columns());
    conjugate_gradients(s_, width, b, control, solved);
    std::vector<HugeVector> own;
    for (Index k = 0; k < count; ++k) own.insert(own.end(), zero.begin(), zero.end());
    add_tail_variances(b, solved, width, own);
    add_chain_variances(b, solved, width, own);
    for (Index k = 0; k < count; ++k) {
      const auto begin = own.begin() + k * static_cast<Index>(runs + stages);
      std::vector<HugeVector> one(begin, begin + static_cast<Index>(runs + stages));
      if (first + k >= probes.directions()) {
        gathered.add(one);
        continue;
      }
      for (std::size_t g = 0; g < one.size(); ++g) {
        for (std::size_t c = 0; c < one[g].size(); ++c) sum[g][c] += one[g][c];
      }
    }
    first += width;
  }
  EstimatedVariances out;
  out.values.resize(runs + stages);
  out.errors.resize(runs + stages);
  const auto put = [&](std::size_t part, int group, int q, Index levels,
                       const std::vector<std::int32_t>* order) {
    std::vector<double>& values = out.values[at(group)];
    std::vector<double>& errors = out.errors[at(group)];
    values.resize(at(levels * q * q));
    errors.resize(at(levels * q));
    for (Index k = 0; k < levels; ++k) {
      const Index level = order == nullptr ? k : Index{(*order)[at(k)]};
      for (int c = 0; c < q * q; ++c) {
        const std::size_t from = at(k * q * q + c);
        values[at(level * q * q + c)] = sum[part][from] + gathered.mean(part, from);
        if (c % (q + 1) == 0) {
          errors[at(level * q + c / (q + 1))] = gathered.error(part, from);
        }
      }
    }
  };
  for (std::size_t r = 0; r < runs; ++r) {
    const TailRun& run = lists_.tail.runs[r];
    put(r, run.group, run.q, run.n_levels, &run.level);
  }
  for (std::size_t i = 0; i < stages; ++i) {
    put(runs + i, lists_.chain[i].group, lists_.chain[i].q, lists_.chain[i].n_levels, nullptr);
  }
  return out;
}

// z is eliminated as a column of [X y] is, and what it takes off is z'P z.
std::vector<double> IterativeFactor::row_forms(const RowsView& rows) {
  std::vector<double> out(at(rows.n));
  KrylovControl control;
  control.tolerance = control_.variate_tolerance;
  Krylov found;
  for (Index first = 0; first < rows.n; first += kWidth) {
    const Index count = std::min<Index>(kWidth, rows.n - first);
    ColumnBlocks z(lists_, count);
    const int width = z.width;
    for (Index k = 0; k < count; ++k) {
      const auto put = [&](int group, int q, HugeVector& to, Index offset,
                           const std::vector<std::int32_t>* place) {
        const GroupView& view = rows.groups[at(group)];
        const std::int32_t code = view.codes[first + k];
        if (code < 0) return;
        const Index level = place == nullptr ? code : (*place)[at(code)];
        for (int a = 0; a < q; ++a) {
          const ColumnView& column = view.columns[at(a)];
          const double raw = column.values == nullptr ? 1.0 : column.values[first + k];
          to[at((offset + level * q + a) * width + k)] = (raw - column.shift) / column.scale;
        }
      };
      for (std::size_t i = 0; i < lists_.chain.size(); ++i) {
        put(lists_.chain[i].group, lists_.chain[i].q, z.chain[i][0], 0, nullptr);
      }
      for (const TailRun& run : lists_.tail.runs) {
        put(run.group, run.q, z.tail[0], run.offset, &run.place);
      }
    }
    columns_.eliminate(z);
    Matrix form = Matrix::Zero(count, count);
    for (std::size_t i = 0; i < lists_.chain.size(); ++i) {
      const std::vector<HugeVector> p = {columns_.p_times(i, width, z.chain[i][0])};
      form += products(z.chain[i], p, width, count, count);
    }
    const std::vector<HugeVector> right = {right_side(width, z.tail[0])};
    conjugate_gradients(s_, width, right[0], control, found);
    const std::vector<HugeVector> solved = {found.x};
    form += products(right, solved, width, count, count);
    for (Index k = 0; k < count; ++k) out[at(first + k)] = form(k, k);
  }
  return out;
}

}  // namespace ranef
