// Centring and scaling of the columns inside, so that units never matter.
//
// X = X_inner R^-1, Z_k = Z_inner B_k^-1 and y = y_shift + y_scale y_inner. With an intercept at
// hand, other columns are shifted by their means: a change of basis that the intercept absorbs.
#pragma once

#include <vector>

#include "rows/columns.hpp"
#include "rows/cross_products.hpp"
#include "rows/term.hpp"

namespace ranef {

// How the inner columns of one model matrix are made: (column - shift) / scale.
struct MatrixScaling {
  std::vector<double> shifts;
  std::vector<double> scales;
  int intercept = -1;

  int size() const { return static_cast<int>(shifts.size()); }
  // R with X = X_inner R^-1; the intercept takes up the shifts.
  Matrix change() const;
  double log_volume() const;  // log |det R|
};

// The part of a term's scaling that its structure allows: no shifts, which would mix columns, and
// one factor for all columns if their variances are bound to each other.
MatrixScaling allowed(MatrixScaling scaling, Rescaling rescaling);

// Variances of slopes are squares of ratios of sizes: they must fit into double precision.
inline constexpr double kSmallestSize = 1e-70;
inline constexpr double kLargestSize = 1e70;

struct Scaling {
  MatrixScaling x;
  ColumnScale y;
  std::vector<Term> terms;
  std::vector<MatrixScaling> z;  // by term
  // Where the inner X is the orthogonal factor of the scaled one: inverse of the other factor.
  Matrix orthogonal;

  Matrix fixed_change() const;  // R
  // What the criterion on the data's scale has on top of the inner one.
  double constant(double nu, bool reml) const;
  // Whether all sizes lie between the limits.
  bool representable() const;
};

// Of rows as the data have them, without shifts and scales, and the terms of their factors: those
// of one factor side by side, in this order. A column that several of them use is measured once.
Scaling scaling_of(const RowsView& rows, const std::vector<Term>& terms, int threads);

// The same rows under a scaling of their columns. If the scaling has an orthogonal part, X is not
// changed: its columns are then those of the orthogonal factor.
RowsView scaled_rows(RowsView rows, const Scaling& scaling);

}  // namespace ranef
