#include "rows/scaling.hpp"

#include <algorithm>
#include <cmath>

#include "linalg/products.hpp"

namespace ranef {

namespace {

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

// The scaling that a structure allows: no shifts, which would mix columns, and where it asks for
// one factor, the geometric mean.
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

bool can_be_squared(double size) { return size > kSmallestSize && size < kLargestSize; }

void append(const ModelView& model, const std::vector<int>& columns, const MatrixScaling& scaling,
            std::vector<ColumnView>& out) {
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const double* values = columns[k] < 0 ? nullptr : model.columns[at(columns[k])].values;
    out.push_back({values, scaling.shifts[k], scaling.scales[k]});
  }
}

}  // namespace

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

Scaling scaling_of(const ModelView& model, int threads) {
  std::vector<ColumnToScale> asked = model.columns;
  const bool centred = std::find(model.fixed.begin(), model.fixed.end(), -1) != model.fixed.end();
  asked.push_back({model.response, model.n, centred});
  const std::vector<ColumnScale> found = column_scales(asked, threads);
  Scaling out;
  out.x = pick(model.fixed, found);
  out.y = found.back();
  std::vector<int> widths(model.groups.size(), 0);
  for (const ModelView::Random& term : model.random) {
    int& width = widths[at(term.group)];
    out.terms.emplace_back(term.group, width, static_cast<int>(term.columns.size()),
                           term.structure);
    out.z.push_back(allowed(pick(term.columns, found), term.rescaling));
    width += out.terms.back().q;
  }
  return out;
}

RowsView scaled_rows(const ModelView& model, const Scaling& scaling) {
  RowsView rows;
  rows.n = model.n;
  for (const ModelView::Codes& group : model.groups) {
    rows.groups.push_back({group.values, group.n_levels, {}});
  }
  for (std::size_t k = 0; k < model.random.size(); ++k) {
    const ModelView::Random& term = model.random[k];
    append(model, term.columns, scaling.z[k], rows.groups[at(term.group)].columns);
  }
  append(model, model.fixed, scaling.x, rows.fixed);
  rows.response = {model.response, scaling.y.shift, scaling.y.scale};
  rows.weights = model.weights;
  return rows;
}

void gather(const ModelView& model, int threads, Scaling& scaling, CrossProducts& products) {
  scaling = scaling_of(model, threads);
  PassOptions options;
  options.threads = threads;
  products = cross_products(scaled_rows(model, scaling), options);
}

}  // namespace ranef
