#include "rows/scaling.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <utility>

#include "linalg/products.hpp"

namespace ranef {

namespace {

using Columns = std::span<const ColumnView>;

bool has_constant(Columns columns) {
  return std::any_of(columns.begin(), columns.end(),
                     [](const ColumnView& column) { return column.values == nullptr; });
}

// Columns to measure, each once: a column has two sizes if only some of its users are centred.
class Measured {
 public:
  explicit Measured(Index n) : n_(n) {}

  // Positions of columns that stand beside each other in one matrix; -1 for the constant.
  std::vector<int> add(Columns columns) {
    const bool centred = has_constant(columns);
    std::vector<int> out;
    for (const ColumnView& column : columns) {
      out.push_back(column.values == nullptr ? -1 : add(column.values, centred));
    }
    return out;
  }

  int add(const double* values, bool centred) {
    const auto next = static_cast<int>(asked_.size());
    const auto [place, fresh] = places_.emplace(std::pair(values, centred), next);
    if (fresh) asked_.push_back({values, n_, centred});
    return place->second;
  }

  std::vector<ColumnScale> scales(int threads) const { return column_scales(asked_, threads); }

 private:
  Index n_;
  std::map<std::pair<const double*, bool>, int> places_;
  std::vector<ColumnToScale> asked_;
};

MatrixScaling pick(const std::vector<int>& columns, const std::vector<ColumnScale>& found) {
  MatrixScaling out;
  for (const int k : columns) {
    if (k < 0) out.intercept = out.size();
    const ColumnScale one = k < 0 ? ColumnScale{} : found[at(k)];
    out.shifts.push_back(one.shift);
    out.scales.push_back(one.scale);
  }
  return out;
}

void set_sizes(const MatrixScaling& scaling, std::span<ColumnView> columns) {
  for (std::size_t k = 0; k < columns.size(); ++k) {
    columns[k].shift = scaling.shifts[k];
    columns[k].scale = scaling.scales[k];
  }
}

bool can_be_squared(double size) { return size > kSmallestSize && size < kLargestSize; }

}  // namespace

MatrixScaling allowed(MatrixScaling scaling, Rescaling rescaling) {
  if (rescaling == Rescaling::kAny) return scaling;
  std::fill(scaling.shifts.begin(), scaling.shifts.end(), 0.0);
  scaling.intercept = -1;
  if (rescaling == Rescaling::kCommon) {
    const double log_size = -scaling.log_volume() / scaling.size();
    std::fill(scaling.scales.begin(), scaling.scales.end(), std::exp(log_size));
  }
  return scaling;
}

Matrix MatrixScaling::change() const {
  Matrix out = Matrix::Zero(size(), size());
  for (int j = 0; j < size(); ++j) {
    out(j, j) = 1.0 / scales[at(j)];
    if (intercept >= 0 && j != intercept) out(intercept, j) = -shifts[at(j)] / scales[at(j)];
  }
  return out;
}

double MatrixScaling::log_volume() const {
  double out = 0.0;
  for (const double scale : scales) out -= std::log(scale);
  return out;
}

Matrix Scaling::fixed_change() const {
  return orthogonal.size() > 0 ? times(x.change(), orthogonal) : x.change();
}

double Scaling::constant(double nu, bool reml) const {
  double out = 2.0 * nu * std::log(y.scale);
  if (!reml) return out;
  out -= 2.0 * x.log_volume();
  if (orthogonal.size() > 0) out -= 2.0 * orthogonal.diagonal().array().abs().log().sum();
  return out;
}

bool Scaling::representable() const {
  const auto fine = [](const MatrixScaling& matrix) {
    return std::all_of(matrix.scales.begin(), matrix.scales.end(), can_be_squared);
  };
  return fine(x) && can_be_squared(y.scale) && std::all_of(z.begin(), z.end(), fine);
}

Scaling scaling_of(const RowsView& rows, const std::vector<Term>& terms, int threads) {
  Measured measured(rows.n);
  const std::vector<int> fixed = measured.add(rows.fixed);
  std::vector<std::vector<int>> random;
  for (const Term& term : terms) {
    const Columns columns = rows.groups[at(term.group)].columns;
    random.push_back(measured.add(columns.subspan(at(term.offset), at(term.q))));
  }
  const int response = measured.add(rows.response.values, has_constant(rows.fixed));
  const std::vector<ColumnScale> found = measured.scales(threads);
  Scaling out;
  out.x = pick(fixed, found);
  out.y = found[at(response)];
  out.terms = terms;
  for (std::size_t k = 0; k < terms.size(); ++k) {
    out.z.push_back(allowed(pick(random[k], found), terms[k].structure.rescaling));
  }
  return out;
}

RowsView scaled_rows(RowsView rows, const Scaling& scaling) {
  for (std::size_t k = 0; k < scaling.terms.size(); ++k) {
    const Term& term = scaling.terms[k];
    const std::span<ColumnView> columns = rows.groups[at(term.group)].columns;
    set_sizes(scaling.z[k], columns.subspan(at(term.offset), at(term.q)));
  }
  if (scaling.orthogonal.size() == 0) set_sizes(scaling.x, rows.fixed);
  rows.response.shift = scaling.y.shift;
  rows.response.scale = scaling.y.scale;
  return rows;
}

}  // namespace ranef
