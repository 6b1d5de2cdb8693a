#include "rows.hpp"

#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>

#include "checks.hpp"
#include "module.hpp"

namespace ranef::binding {

using namespace nb::literals;

namespace {

template <class Column>
Held<Column> hold(nb::handle given) {
  Held<Column> out{nb::borrow(given), {}};
  if (nb::try_cast(out.array, out.numbers, false)) return out;
  nb::object type = nb::none();
  if constexpr (std::is_same_v<Column, DoubleColumn>) type = nb::str("float64");
  out.array = nb::module_::import_("numpy").attr("ascontiguousarray")(given, type);
  if (nb::try_cast(out.array, out.numbers, false)) return out;
  throw nb::type_error("neither a column of numbers nor one of 32-bit level codes");
}

nb::tuple held(const std::vector<ranef::ColumnView>& views, double ranef::ColumnView::* what) {
  nb::list out;
  for (const ranef::ColumnView& view : views) out.append(view.*what);
  return nb::tuple(out);
}

Scales shifts_of(std::span<const ranef::ColumnView> views) {
  std::vector<double> out;
  for (const ranef::ColumnView& view : views) out.push_back(view.shift);
  return out;
}

Scales scales_of(std::span<const ranef::ColumnView> views) {
  std::vector<double> out;
  for (const ranef::ColumnView& view : views) out.push_back(view.scale);
  return out;
}

// An object of the same class with some parts changed.
nb::object replaced(const nb::object& self, const nb::kwargs& changes,
                    std::initializer_list<const char*> names) {
  nb::dict parts;
  for (const char* name : names) parts[name] = self.attr(name);
  parts.update(changes);
  return self.type()(**parts);
}

nb::tuple state_of(const RowsGroup& group) {
  const HeldColumns& columns = group.columns();
  return nb::make_tuple(group.codes(), group.n_levels(), columns.arrays(), columns.shifts(),
                        columns.scales());
}

void restore(RowsGroup* self, const nb::tuple& state) {
  check_state(state, 5);
  new (self) RowsGroup(state[0], nb::cast<Index>(state[1]), nb::cast<nb::object>(state[2]),
                       nb::cast<Scales>(state[3]), nb::cast<Scales>(state[4]));
}

nb::tuple state_of(const Rows& rows) {
  const ranef::ColumnView& y = rows.view().response;
  return nb::make_tuple(rows.groups(), rows.x().arrays(), rows.x().shifts(), rows.x().scales(),
                        rows.y(), y.shift, y.scale, rows.weights());
}

void restore(Rows* self, const nb::tuple& state) {
  check_state(state, 8);
  new (self) Rows(nb::cast<nb::object>(state[0]), nb::cast<nb::object>(state[1]),
                  nb::cast<Scales>(state[2]), nb::cast<Scales>(state[3]), state[4],
                  nb::cast<double>(state[5]), nb::cast<double>(state[6]), state[7]);
}

}  // namespace

Held<DoubleColumn> hold_numbers(nb::handle given) { return hold<DoubleColumn>(given); }
Held<CodeColumn> hold_codes(nb::handle given) { return hold<CodeColumn>(given); }

HeldColumns::HeldColumns(const nb::object& columns, const Scales& shifts, const Scales& scales) {
  nb::list arrays;
  for (nb::handle column : columns) {
    if (column.is_none()) {
      arrays.append(nb::none());
      numbers_.emplace_back();
    } else {
      Held<DoubleColumn> one = hold_numbers(column);
      arrays.append(one.array);
      numbers_.emplace_back(std::move(one.numbers));
    }
  }
  arrays_ = nb::tuple(arrays);
  if (shifts) check_scales(shifts->size(), numbers_.size());
  if (scales) check_scales(scales->size(), numbers_.size());
  for (std::size_t k = 0; k < numbers_.size(); ++k) {
    views_.push_back({numbers_[k] ? numbers_[k]->data() : nullptr, shifts ? (*shifts)[k] : 0.0,
                      scales ? (*scales)[k] : 1.0});
  }
}

void HeldColumns::check_length(Index n) const {
  for (const std::optional<DoubleColumn>& column : numbers_) {
    if (column) binding::check_length(static_cast<Index>(column->shape(0)), n);
  }
}

nb::tuple HeldColumns::shifts() const { return held(views_, &ranef::ColumnView::shift); }
nb::tuple HeldColumns::scales() const { return held(views_, &ranef::ColumnView::scale); }

RowsGroup::RowsGroup(const nb::object& codes, Index n_levels, const nb::object& columns,
                     const Scales& shifts, const Scales& scales)
    : codes_(hold_codes(codes)), n_levels_(n_levels), columns_(columns, shifts, scales) {
  check_factor(n_levels, columns_.views().size());
  columns_.check_length(n());
}

ranef::GroupView RowsGroup::view() const {
  return {codes_.numbers.data(), n_levels_, columns_.views()};
}

Rows::Rows(const nb::object& groups, const nb::object& x, const Scales& x_shifts,
           const Scales& x_scales, const nb::object& y, double y_shift, double y_scale,
           const nb::object& weights)
    : groups_(groups), x_(x, x_shifts, x_scales), y_(hold_numbers(y)) {
  view_.n = static_cast<Index>(y_.numbers.shape(0));
  for (nb::handle item : groups_) {
    const auto& group = nb::cast<const RowsGroup&>(item, false);
    check_length(group.n(), view_.n);
    view_.groups.push_back(group.view());
  }
  x_.check_length(view_.n);
  view_.fixed = x_.views();
  view_.response = {y_.numbers.data(), y_shift, y_scale};
  if (!weights.is_none()) {
    weights_ = hold_numbers(weights);
    check_length(static_cast<Index>(weights_->numbers.shape(0)), view_.n);
    view_.weights = weights_->numbers.data();
  }
}

Rows Rows::scaled(const ranef::Scaling& scaling) const {
  check_scaled(view_, scaling);
  const ranef::RowsView view = ranef::scaled_rows(view_, scaling);
  nb::list groups;
  for (std::size_t g = 0; g < view.groups.size(); ++g) {
    const auto& group = nb::cast<const RowsGroup&>(groups_[g], false);
    const std::vector<ranef::ColumnView>& columns = view.groups[g].columns;
    groups.append(nb::cast(RowsGroup(group.codes(), group.n_levels(), group.columns().arrays(),
                                     shifts_of(columns), scales_of(columns))));
  }
  return Rows(groups, x_.arrays(), shifts_of(view.fixed), scales_of(view.fixed), y_.array,
              view.response.shift, view.response.scale, weights());
}

nb::object Rows::weights() const { return weights_ ? weights_->array : nb::none(); }

void bind_rows(nb::module_& m) {
  nb::class_<RowsGroup>(m, "RowsGroup",
                        "The random-effects columns of one grouping factor, row by row.\n\n"
                        "Column k is read as ``(columns[k] - shifts[k]) / scales[k]``; None is the "
                        "constant 1.")
      .def(nb::init<const nb::object&, Index, const nb::object&, const Scales&, const Scales&>(),
           "codes"_a, "n_levels"_a, "columns"_a, "shifts"_a.none() = nb::none(),
           "scales"_a.none() = nb::none(),
           nb::sig("def __init__(self, codes: numpy.typing.NDArray[numpy.int32], n_levels: int, "
                   "columns: Sequence[numpy.typing.NDArray[numpy.float64] | None], "
                   "shifts: Sequence[float] | None = None, "
                   "scales: Sequence[float] | None = None) -> None"))
      .def_prop_ro("codes", &RowsGroup::codes,
                   nb::sig("def codes(self) -> numpy.typing.NDArray[numpy.int32]"))
      .def_prop_ro("n_levels", &RowsGroup::n_levels)
      .def_prop_ro(
          "columns", [](const RowsGroup& g) { return g.columns().arrays(); },
          nb::sig("def columns(self) -> tuple[numpy.typing.NDArray[numpy.float64] | None, ...]"))
      .def_prop_ro(
          "shifts", [](const RowsGroup& g) { return g.columns().shifts(); },
          nb::sig("def shifts(self) -> tuple[float, ...]"))
      .def_prop_ro(
          "scales", [](const RowsGroup& g) { return g.columns().scales(); },
          nb::sig("def scales(self) -> tuple[float, ...]"))
      .def(
          "replace",
          [](const nb::object& self, const nb::kwargs& changes) {
            return replaced(self, changes, {"codes", "n_levels", "columns", "shifts", "scales"});
          },
          nb::sig("def replace(self, **changes: object) -> RowsGroup"),
          "The same but for some parts.")
      .def("__getstate__", [](const RowsGroup& g) { return state_of(g); })
      .def("__setstate__", [](RowsGroup& g, const nb::tuple& state) { restore(&g, state); });

  nb::class_<Rows>(m, "Rows",
                   "All rows of a model: Z by grouping factor, X, y and prior weights (None: all "
                   "1).\n\nThe arrays are held, and read where they are; numbers of another type "
                   "are copied.")
      .def(nb::init<const nb::object&, const nb::object&, const Scales&, const Scales&,
                    const nb::object&, double, double, const nb::object&>(),
           "groups"_a, "x"_a, "x_shifts"_a.none() = nb::none(), "x_scales"_a.none() = nb::none(),
           nb::kw_only(), "y"_a, "y_shift"_a = 0.0, "y_scale"_a = 1.0,
           "weights"_a.none() = nb::none(),
           nb::sig("def __init__(self, groups: Sequence[RowsGroup], "
                   "x: Sequence[numpy.typing.NDArray[numpy.float64] | None], "
                   "x_shifts: Sequence[float] | None = None, "
                   "x_scales: Sequence[float] | None = None, *, "
                   "y: numpy.typing.NDArray[numpy.float64], y_shift: float = 0.0, "
                   "y_scale: float = 1.0, "
                   "weights: numpy.typing.NDArray[numpy.float64] | None = None) -> None"))
      .def("scaled", &Rows::scaled, "scaling"_a, "The same arrays under a scaling of the columns.")
      .def_prop_ro("groups", &Rows::groups, nb::sig("def groups(self) -> tuple[RowsGroup, ...]"))
      .def_prop_ro(
          "x", [](const Rows& r) { return r.x().arrays(); },
          nb::sig("def x(self) -> tuple[numpy.typing.NDArray[numpy.float64] | None, ...]"))
      .def_prop_ro(
          "x_shifts", [](const Rows& r) { return r.x().shifts(); },
          nb::sig("def x_shifts(self) -> tuple[float, ...]"))
      .def_prop_ro(
          "x_scales", [](const Rows& r) { return r.x().scales(); },
          nb::sig("def x_scales(self) -> tuple[float, ...]"))
      .def_prop_ro("y", &Rows::y, nb::sig("def y(self) -> numpy.typing.NDArray[numpy.float64]"))
      .def_prop_ro("y_shift", [](const Rows& r) { return r.view().response.shift; })
      .def_prop_ro("y_scale", [](const Rows& r) { return r.view().response.scale; })
      .def_prop_ro("weights", &Rows::weights,
                   nb::sig("def weights(self) -> numpy.typing.NDArray[numpy.float64] | None"))
      .def(
          "replace",
          [](const nb::object& self, const nb::kwargs& changes) {
            return replaced(
                self, changes,
                {"groups", "x", "x_shifts", "x_scales", "y", "y_shift", "y_scale", "weights"});
          },
          nb::sig("def replace(self, **changes: object) -> Rows"), "The same but for some parts.")
      .def("__getstate__", [](const Rows& r) { return state_of(r); })
      .def("__setstate__", [](Rows& r, const nb::tuple& state) { restore(&r, state); });
}

}  // namespace ranef::binding
