#include "marginal/tail_traces.hpp"

#include <algorithm>

#include "curvature/tangent.hpp"
#include "linalg/parallel.hpp"
#include "linalg/products.hpp"
#include "linalg/small.hpp"

namespace ranef {

namespace {

using ConstMap = Eigen::Map<const Matrix>;

// The part of the levels from `first` to `last`.
Matrix level_part(const Sweeps& sweeps, const std::vector<Numbers>& changes, Index first,
                  Index last) {
  const Pattern& pattern = sweeps.pattern();
  const Stage& stage = pattern.chain[0];
  const StageState& state = sweeps.stage(0);
  const Index q = stage.q;
  const auto count = static_cast<Index>(changes.size());
  const Matrix top = Matrix::Zero(pattern.m, pattern.m);
  Matrix out = Matrix::Zero(count, count);
  Matrix w;
  Matrix root(q, q);
  Matrix own(q * q, count);  // R A_d,jj R' with p = R'R
  Matrix rows;               // R a_d, a column for each change
  Matrix products;
  Matrix change;
  for (Index level = first; level < last; ++level) {
    const Index width = stage.rest_columns(level);
    const Index used = width - pattern.m;
    const std::size_t block = at(level * q * q);
    const std::size_t from = at(stage.rest_start[at(level)]) * at(q);
    w.resize(width, width);
    sweeps.gather_w(0, level, top, w);
    root_of_psd(&state.p[block], static_cast<int>(q), root);
    rows.resize(used, q * count);
    const double* h = &state.h[from];
    for (Index d = 0; d < count; ++d) {
      const double* a = &changes[at(d)].chain[0].diagonal[block];
      const double* rest = &changes[at(d)].chain[0].rest[from];
      if (q == 1) {
        const double r = root(0, 0);
        own(0, d) = r * r * a[0];
        double* to = rows.col(d).data();
        for (Index t = 0; t < used; ++t) to[t] = r * (rest[t] - a[0] * h[t]);
        continue;
      }
      const ConstMap square(a, q, q);
      change = ConstMap(rest, q, used);
      change.noalias() -= square.lazyProduct(ConstMap(h, q, used));
      rows.middleCols(d * q, q).noalias() = change.transpose().lazyProduct(root.transpose());
      Eigen::Map<Matrix>(own.col(d).data(), q, q) = root * square * root.transpose();
    }
    add(1.0, own, Form::kTransposed, own, Form::kPlain, out);
    products.resize(used, q * count);
    product(2.0, w.topLeftCorner(used, used), Form::kPlain, rows, Form::kPlain, 0.0, products);
    const ConstMap left(rows.data(), used * q, count);
    const ConstMap right(products.data(), used * q, count);
    product(1.0, left, Form::kTransposed, right, Form::kPlain, 1.0, out);
  }
  return out;
}

// L^-1 Lambda' G Lambda L^-T over the tail, as one column.
Matrix tail_column(const Sweeps& sweeps, const Numbers& change) {
  Tangent t = tangent_of(sweeps.pattern(), change);
  forward_tangent(sweeps, nullptr, t);
  const Matrix half = sweeps.tail_half(t.tail_dense).transpose();
  return sweeps.tail_half(half);
}

}  // namespace

bool has_tail_traces(const Pattern& pattern) {
  return pattern.chain.size() == 1 && pattern.tail_columns > 0;
}

Matrix tail_traces(const Sweeps& sweeps, const std::vector<Numbers>& changes, int threads) {
  const Pattern& pattern = sweeps.pattern();
  const auto count = static_cast<Index>(changes.size());
  constexpr Index kRun = 256;
  const Index levels = pattern.chain[0].n_levels;
  std::vector<Matrix> parts(at((levels + kRun - 1) / kRun));
  std::vector<Matrix> tails(at(count));
  const auto n_parts = static_cast<Index>(parts.size());
  run_tasks(n_parts + count, threads, [&](Index task) {
    if (task < count) {
      tails[at(task)] = tail_column(sweeps, changes[at(task)]);
      return;
    }
    const Index first = (task - count) * kRun;
    parts[at(task - count)] = level_part(sweeps, changes, first, std::min(levels, first + kRun));
  });
  Matrix out = Matrix::Zero(count, count);
  for (const Matrix& part : parts) out += part;
  for (Index d = 0; d < count; ++d) {
    for (Index c = 0; c <= d; ++c) {
      const double sum = tails[at(d)].cwiseProduct(tails[at(c)]).sum();
      out(d, c) += sum;
      if (c < d) out(c, d) += sum;
    }
  }
  return out;
}

}  // namespace ranef
