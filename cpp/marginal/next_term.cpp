#include "marginal/next_term.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/products.hpp"
#include "linalg/small.hpp"
#include "marginal/laplace.hpp"

namespace ranef {

namespace {

constexpr Index kMostRows = Index{1} << 14;
constexpr Index kMostEffects = Index{1} << 12;

double sum_of(const std::vector<double>& parts) {
  double out = 0.0;
  for (const double part : parts) out += part;
  return out;
}

// Sum of Q lev^2 / 4; l''' goes to `third`, if there is room.
double fourth_part(const WorkingRows& rows, const PatternBlocks& p, const Effects& b,
                   std::vector<double>* third) {
  std::vector<double> parts(rows.map().runs().size(), 0.0);
  rows.for_runs([&](std::size_t k, const RowRun& run) {
    RowBuffer buffer;
    WorkingRows::for_chunks(run, [&](RowRange part) {
      rows.derivatives(b, part, RowOrder::kHessian, buffer);
      double* lev = buffer.level.data();
      rows.forms(p, part, lev);
      for (Index i = 0; i < part.size(); ++i) lev[i] *= lev[i];
      parts[k] -= 0.25 * dot(buffer.d[4].data(), lev, part.size());
      if (third != nullptr) {
        std::copy_n(buffer.d[3].data(), part.size(), third->data() + part.from);
      }
    });
  });
  return sum_of(parts);
}

// Sum over the levels of |sum_i T_i c_i (x) c_i (x) c_i|^2 with c_i = R z_i, P = R'R.
double levels_part(const WorkingRows& rows, const Sweeps& sweeps, const Effects& b) {
  const RowMap& map = rows.map();
  const Index q = map.groups()[0].q;
  const Index square = q * q;
  std::vector<double> parts(map.runs().size(), 0.0);
  rows.for_runs([&](std::size_t k, const RowRun& run) {
    RowBuffer buffer;
    const Index levels = run.last_level - run.first_level;
    std::vector<double> cubes(at(levels * square * q), 0.0);  // by first factor, then by level
    WorkingRows::for_chunks(run, [&](RowRange part) {
      rows.derivatives(b, part, RowOrder::kGradient, buffer);
      for (Index a = 0; a < q; ++a) {
        const double* z = map.groups()[0].columns[at(a)].from(part.from);
        for (Index i = 0; i < part.size(); ++i) buffer.work[at(i)] = buffer.d[3][at(i)] * z[i];
        add_squares(map, 0, part, buffer.work.data(),
                    cubes.data() + (a * levels - run.first_level) * square);
      }
    });
    Matrix root(q, q);
    std::vector<Matrix> turned(at(q));
    for (Index level = 0; level < levels; ++level) {
      root_of_psd(&sweeps.stage(0).p[at((run.first_level + level) * square)], static_cast<int>(q),
                  root);
      for (Index a = 0; a < q; ++a) {
        const Eigen::Map<const Matrix> cube(&cubes[at((a * levels + level) * square)], q, q);
        turned[at(a)] = congruent(root, cube);
      }
      for (Index a = 0; a < q; ++a) {
        Matrix sum = Matrix::Zero(q, q);
        for (Index c = a; c < q; ++c) sum += root(a, c) * turned[at(c)];
        parts[k] += sum.squaredNorm();
      }
    }
  });
  return sum_of(parts);
}

// The whole of P, a column for each random effect; those of a factor stand together.
class WholeInverse {
 public:
  WholeInverse(const WorkingRows& rows, const Sweeps& sweeps) : map_(rows.map()) {
    const Pattern& pattern = map_.pattern();
    Index size = 0;
    for (int g = 0; g < pattern.n_groups; ++g) {
      first_.push_back(size);
      size += pattern.n_levels[at(g)] * pattern.q[at(g)];
    }
    p_.resize(size, size);
    constexpr Index kBatch = 64;
    Effects e;
    Effects b;
    for (Index from = 0; from < size; from += kBatch) {
      const Index columns = std::min(kBatch, size - from);
      Effects unit = zero_effects(pattern, static_cast<int>(columns));
      for (Index k = 0; k < columns; ++k) at_effect(pattern, unit, columns, from + k, k) = 1.0;
      solve_levels(sweeps, static_cast<int>(columns), unit, nullptr, e, b, rows.threads());
      for (Index k = 0; k < columns; ++k) {
        for (Index i = 0; i < size; ++i) p_(i, from + k) = at_effect(pattern, b, columns, i, k);
      }
    }
  }

  // P z for the row's z; and z'v.
  Vector row_times(Index row) const {
    Vector out = Vector::Zero(p_.rows());
    each(row, [&](Index effect, double z) { out += z * p_.col(effect); });
    return out;
  }
  double product_with(Index row, const Vector& v) const {
    double sum = 0.0;
    each(row, [&](Index effect, double z) { sum += z * v(effect); });
    return sum;
  }

 private:
  double& at_effect(const Pattern& pattern, Effects& of, Index columns, Index effect,
                    Index column) const {
    std::size_t g = first_.size() - 1;
    while (first_[g] > effect) --g;
    const Index own = effect - first_[g];
    const Index q = pattern.q[g];
    return of[g][at((own / q * columns + column) * q + own % q)];
  }

  template <class Use>
  void each(Index row, Use use) const {
    for (std::size_t g = 0; g < first_.size(); ++g) {
      const SortedGroup& group = map_.groups()[g];
      Index level = 0;
      if (group.codes != nullptr) {
        level = group.codes[row];
      } else {
        const std::vector<Index>& start = map_.level_start();
        level = std::upper_bound(start.begin(), start.end(), row) - start.begin() - 1;
      }
      for (Index a = 0; a < group.q; ++a) {
        const SortedColumn& column = group.columns[at(a)];
        use(first_[g] + level * group.q + a, column.constant ? *column.values : column.values[row]);
      }
    }
  }

  const RowMap& map_;
  std::vector<Index> first_;
  Matrix p_;
};

double pairs_part(const WorkingRows& rows, const Sweeps& sweeps, const std::vector<double>& third) {
  const WholeInverse inverse(rows, sweeps);
  const Index n = rows.map().n();
  constexpr Index kRun = 64;
  std::vector<double> parts(at((n + kRun - 1) / kRun), 0.0);
  run_parts(n, kRun, rows.threads(), [&](Index from, Index to) {
    for (Index k = from; k < to; ++k) {
      const Vector pz = inverse.row_times(k);
      double sum = 0.0;
      for (Index i = 0; i <= k; ++i) {
        const double product = inverse.product_with(i, pz);
        sum += (i < k ? 2.0 : 1.0) * third[at(i)] * product * product * product;
      }
      parts[at(from / kRun)] += third[at(k)] * sum;
    }
  });
  return sum_of(parts);
}

}  // namespace

NextTerm next_term_of_rows(const WorkingRows& rows, const Sweeps& sweeps, const PatternBlocks& p,
                           const Effects& b) {
  const RowMap& map = rows.map();
  if (map.groups().size() <= 1) {
    const double fourth = fourth_part(rows, p, b, nullptr);
    return {map.groups().empty() ? fourth : fourth - levels_part(rows, sweeps, b) / 6.0, true};
  }
  Index effects = 0;
  for (const SortedGroup& group : map.groups()) effects += group.n_levels * group.q;
  const bool few = map.n() <= kMostRows && effects <= kMostEffects;
  std::vector<double> third(few ? at(map.n()) : 0);
  const double fourth = fourth_part(rows, p, b, few ? &third : nullptr);
  if (!few) return {fourth, false};
  return {fourth - pairs_part(rows, sweeps, third) / 6.0, true};
}

NextTerm Laplace::next_term() {
  NextTerm out = next_term_of_rows(rows_, sweeps_, p_, mode_.effects);
  out.value -= 0.25 * third_product_;
  return out;
}

}  // namespace ranef
