// The rows of a model as Python passes them: one description for all that sums or visits them.
//
// Rows hold references to the NumPy arrays that they were made of, and the core reads the numbers
// where they are. Nothing else in this module views NumPy's memory: a function that keeps numbers
// of rows copies them.
#pragma once

#include <optional>
#include <vector>

#include "arrays.hpp"
#include "rows/cross_products.hpp"
#include "rows/scaling.hpp"

namespace ranef::binding {

// An array that stays in place as long as this object lives.
template <class Column>
struct Held {
  nb::object array;  // as given, or a contiguous copy with numbers of the right type
  Column numbers;
};

// The array as given, or a copy if its numbers are not contiguous. Columns may have another type;
// level codes may not.
Held<DoubleColumn> hold_numbers(nb::handle given);
Held<CodeColumn> hold_codes(nb::handle given);

using Scales = std::optional<std::vector<double>>;  // not given: shifts of 0, scales of 1

// Columns of a model matrix; None is the constant 1.
class HeldColumns {
 public:
  HeldColumns(const nb::object& columns, const Scales& shifts, const Scales& scales);

  const std::vector<ranef::ColumnView>& views() const { return views_; }
  void check_length(Index n) const;

  nb::tuple arrays() const { return arrays_; }
  nb::tuple shifts() const;
  nb::tuple scales() const;

 private:
  nb::tuple arrays_;
  std::vector<std::optional<DoubleColumn>> numbers_;
  std::vector<ranef::ColumnView> views_;
};

// All random-effects columns of one grouping factor.
class RowsGroup {
 public:
  RowsGroup(const nb::object& codes, Index n_levels, const nb::object& columns,
            const Scales& shifts, const Scales& scales);

  ranef::GroupView view() const;
  Index n() const { return static_cast<Index>(codes_.numbers.shape(0)); }

  nb::object codes() const { return codes_.array; }
  Index n_levels() const { return n_levels_; }
  const HeldColumns& columns() const { return columns_; }

 private:
  Held<CodeColumn> codes_;
  Index n_levels_;
  HeldColumns columns_;
};

// Z by grouping factor, X, y and prior weights (None: all 1).
class Rows {
 public:
  Rows(const nb::object& groups, const nb::object& x, const Scales& x_shifts,
       const Scales& x_scales, const nb::object& y, double y_shift, double y_scale,
       const nb::object& weights);

  const ranef::RowsView& view() const { return view_; }

  // The same arrays under a scaling of the columns.
  Rows scaled(const ranef::Scaling& scaling) const;

  nb::tuple groups() const { return groups_; }
  const HeldColumns& x() const { return x_; }
  nb::object y() const { return y_.array; }
  nb::object weights() const;

 private:
  nb::tuple groups_;
  HeldColumns x_;
  Held<DoubleColumn> y_;
  std::optional<Held<DoubleColumn>> weights_;
  ranef::RowsView view_;
};

}  // namespace ranef::binding
