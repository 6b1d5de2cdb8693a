// The pass over the rows against plain sums, and the same bits on one, two and three threads.
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "rows/change_response.hpp"
#include "rows/cross_products.hpp"

namespace {

using ranef::at;
using ranef::Index;
using ranef::Matrix;

int failures = 0;

void expect(bool fine, const std::string& what) {
  if (fine) return;
  ++failures;
  std::printf("failed: %s\n", what.c_str());
}

struct Data {
  Index n = 0;
  std::vector<std::vector<std::int32_t>> codes;
  std::vector<Index> levels;
  std::vector<int> widths;
  std::vector<std::vector<double>> x;
  std::vector<double> y;
  std::vector<double> weights;

  ranef::RowsView view() const {
    ranef::RowsView rows;
    rows.n = n;
    rows.fixed = {{nullptr, 0.0, 1.0}};
    for (const auto& column : x) rows.fixed.push_back({column.data(), 0.5, 2.0});
    for (std::size_t g = 0; g < codes.size(); ++g) {
      ranef::GroupView group{codes[g].data(), levels[g], {{nullptr, 0.0, 1.0}}};
      // The same column as in X, and, for the widest, one with a shift of its own.
      for (int k = 1; k < widths[g]; ++k) {
        group.columns.push_back({x[at(k - 1) % x.size()].data(), k < 3 ? 0.5 : 0.1, 2.0});
      }
      rows.groups.push_back(group);
    }
    rows.response = {y.data(), 0.1, 1.5};
    if (!weights.empty()) rows.weights = weights.data();
    return rows;
  }
};

struct Layout {
  std::string name;
  std::vector<Index> levels;
  std::vector<int> widths;
  bool nested;
  int covariates;
};

Data make(const Layout& layout, Index n, bool weighted) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  Data data;
  data.n = n;
  data.levels = layout.levels;
  data.widths = layout.widths;
  for (std::size_t g = 0; g < layout.levels.size(); ++g) {
    std::vector<std::int32_t> codes;
    for (Index i = 0; i < n; ++i) {
      const auto levels = static_cast<std::uint32_t>(layout.levels[g]);
      const auto parent = g == 0 ? 0U : static_cast<std::uint32_t>(data.codes[g - 1][at(i)]);
      codes.push_back(static_cast<std::int32_t>(
          (layout.nested && g > 0 ? parent : static_cast<std::uint32_t>(random())) % levels));
    }
    data.codes.push_back(codes);
  }
  data.x.resize(at(layout.covariates));
  for (auto& column : data.x) {
    for (Index i = 0; i < n; ++i) column.push_back(normal(random));
  }
  for (Index i = 0; i < n; ++i) data.y.push_back(normal(random));
  for (Index i = 0; weighted && i < n; ++i) data.weights.push_back(0.5 + std::abs(normal(random)));
  return data;
}

// A, dense: columns of Z by factor and level, then X, then y.
struct Dense {
  std::vector<Index> offset;
  Index size = 0;
  Index m = 0;
};

Dense layout_of(const ranef::RowsView& rows) {
  Dense out;
  for (const ranef::GroupView& group : rows.groups) {
    out.offset.push_back(out.size);
    out.size += group.n_levels * static_cast<Index>(group.columns.size());
  }
  out.m = static_cast<Index>(rows.fixed.size()) + 1;
  return out;
}

Matrix plain_sums(const ranef::RowsView& rows) {
  const Dense layout = layout_of(rows);
  Matrix out = Matrix::Zero(layout.size + layout.m, layout.size + layout.m);
  std::vector<Index> where;
  std::vector<double> values;
  const auto put = [&](const ranef::ColumnView& column, Index position, Index row) {
    const double raw = column.values == nullptr ? 1.0 : column.values[row];
    where.push_back(position);
    values.push_back((raw - column.shift) / column.scale);
  };
  for (Index row = 0; row < rows.n; ++row) {
    where.clear();
    values.clear();
    for (std::size_t g = 0; g < rows.groups.size(); ++g) {
      const ranef::GroupView& group = rows.groups[g];
      const auto q = static_cast<Index>(group.columns.size());
      for (Index k = 0; k < q; ++k) {
        put(group.columns[at(k)], layout.offset[g] + group.codes[row] * q + k, row);
      }
    }
    for (Index j = 0; j + 1 < layout.m; ++j) put(rows.fixed[at(j)], layout.size + j, row);
    put(rows.response, layout.size + layout.m - 1, row);
    const double w = rows.weights == nullptr ? 1.0 : rows.weights[row];
    for (std::size_t a = 0; a < where.size(); ++a) {
      for (std::size_t b = 0; b < where.size(); ++b) {
        out(where[a], where[b]) += w * values[a] * values[b];
      }
    }
  }
  return out;
}

Matrix dense(const ranef::CrossProducts& a, const ranef::RowsView& rows) {
  const Dense layout = layout_of(rows);
  Matrix out = Matrix::Zero(layout.size + layout.m, layout.size + layout.m);
  for (std::size_t g = 0; g < a.groups.size(); ++g) {
    const ranef::GroupBlocks& blocks = a.groups[g];
    const Index q = blocks.q;
    for (Index level = 0; level < blocks.n_levels; ++level) {
      const Index from = layout.offset[g] + level * q;
      out.block(from, from, q, q) =
          Eigen::Map<const Matrix>(&blocks.diagonal[at(level * q * q)], q, q);
      out.block(from, layout.size, q, layout.m) =
          Eigen::Map<const Matrix>(&blocks.fixed[at(level * q * layout.m)], q, layout.m);
    }
  }
  for (const ranef::PairBlocks& pair : a.pairs) {
    const Index qa = a.groups[at(pair.first)].q;
    const Index qb = a.groups[at(pair.second)].q;
    for (std::size_t row = 0; row + 1 < pair.start.size(); ++row) {
      for (std::size_t k = at(pair.start[row]); k < at(pair.start[row + 1]); ++k) {
        out.block(layout.offset[at(pair.first)] + static_cast<Index>(row) * qa,
                  layout.offset[at(pair.second)] + pair.level[k] * qb, qa, qb) =
            Eigen::Map<const Matrix>(&pair.values[k * at(qa * qb)], qa, qb);
      }
    }
  }
  out.bottomRightCorner(layout.m, layout.m) = a.fixed;
  return out.selfadjointView<Eigen::Upper>();
}

ranef::CrossProducts on_threads(const ranef::RowsView& rows, int threads) {
  ranef::PassOptions options;
  options.threads = threads;
  options.strip_rows = 1500;
  return ranef::cross_products(rows, options);
}

bool same_pairs(const ranef::CrossProducts& a, const ranef::CrossProducts& b) {
  for (std::size_t k = 0; k < a.pairs.size(); ++k) {
    if (a.pairs[k].start != b.pairs[k].start || a.pairs[k].level != b.pairs[k].level ||
        a.pairs[k].values != b.pairs[k].values) {
      return false;
    }
  }
  return true;
}

void check(const Layout& layout, bool weighted) {
  const Data data = make(layout, 12'345, weighted);
  const ranef::RowsView rows = data.view();
  const std::string name = layout.name + (weighted ? ", weighted" : "");

  const ranef::CrossProducts one = on_threads(rows, 1);
  const Matrix expected = plain_sums(rows);
  const double error = (dense(one, rows) - expected).cwiseAbs().maxCoeff();
  expect(error <= 1e-12 * expected.cwiseAbs().maxCoeff(), name + ": sums");
  double logs = 0.0;
  for (const double w : data.weights) logs += std::log(w);
  expect(std::abs(one.sum_log_weights - logs) <= 1e-9, name + ": logarithms of the weights");

  for (const int threads : {2, 3}) {
    const ranef::CrossProducts several = on_threads(rows, threads);
    bool same = several.fixed == one.fixed && same_pairs(several, one) &&
                several.sum_log_weights == one.sum_log_weights;
    for (std::size_t g = 0; g < one.groups.size(); ++g) {
      same = same && several.groups[g].diagonal == one.groups[g].diagonal &&
             several.groups[g].fixed == one.groups[g].fixed;
    }
    expect(same, name + ": the same bits on " + std::to_string(threads) + " threads");
  }
}

// Another response for the same rows, against sums formed anew.
void check_response(const Layout& layout, bool weighted) {
  const Data data = make(layout, 12'345, weighted);
  const std::string name = layout.name + (weighted ? ", weighted" : "") + ": another response";
  ranef::RowsView rows = data.view();
  const ranef::CrossProducts before = on_threads(rows, 1);
  std::vector<double> y(at(rows.n));
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::cos(0.37 * static_cast<double>(i));
  rows.response = {y.data(), 0.3, 1.7};
  const Matrix expected = dense(on_threads(rows, 1), rows);
  ranef::PassOptions options;
  options.strip_rows = 1500;
  const Matrix one = dense(ranef::change_response(before, rows, options), rows);
  const double error = (one - expected).cwiseAbs().maxCoeff();
  expect(error <= 1e-13 * expected.cwiseAbs().maxCoeff(), name);
  options.threads = 3;
  expect(dense(ranef::change_response(before, rows, options), rows) == one, name + " on threads");
  rows.n -= 1;
  bool refused = false;
  try {
    ranef::change_response(before, rows, options);
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  expect(refused, name + " of fewer rows");
}

void check_codes() {
  Data data = make({"codes", {7}, {1}, false, 1}, 100, false);
  for (const std::int32_t wrong : {-1, 7}) {
    data.codes[0][50] = wrong;
    bool refused = false;
    try {
      ranef::cross_products(data.view());
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    expect(refused, "a code outside of the levels");
  }
}

}  // namespace

int main() {
  const std::vector<Layout> layouts = {{"one factor", {200}, {2}, false, 1},
                                       {"few levels", {3}, {3}, false, 2},
                                       {"wide", {50}, {5}, false, 6},
                                       {"nested", {300, 40, 6}, {2, 1, 1}, true, 1},
                                       {"nested slopes", {300, 40}, {1, 3}, true, 2},
                                       {"crossed", {200, 30}, {1, 1}, false, 1},
                                       {"crossed slopes", {60, 40}, {2, 3}, false, 3}};
  for (const Layout& layout : layouts) {
    for (const bool weighted : {false, true}) {
      check(layout, weighted);
      check_response(layout, weighted);
    }
  }
  check_codes();
  if (failures == 0) std::printf("all fine\n");
  return failures == 0 ? 0 : 1;
}
