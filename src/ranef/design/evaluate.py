"""Expressions to arrays: one number a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.design.fixed import transform
from ranef.design.grouping import level_of_row
from ranef.design.means import mean_column
from ranef.design.state import State
from ranef.errors import DataError
from ranef.formula.functions import ARITHMETIC, CENTRING, INDICATOR, TRANSFORMS
from ranef.formula.literals import literal
from ranef.formula.nodes import (
    Binary,
    Call,
    Constant,
    Expr,
    Name,
    Negative,
    Number,
    String,
    Sum,
)
from ranef.formula.position import pointer
from ranef.formula.render import to_source, to_text
from ranef.frame.factors import as_factor, level_name
from ranef.frame.table import Column, Table
from ranef.page.phrases import share
from ranef.types import Array

__all__ = [
    "as_number",
    "column_of",
    "evaluate",
    "evaluate_factor",
    "refuse_names_of_groups",
]

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    name: getattr(np, {"abs": "absolute", "ceiling": "ceil", "round": "rint"}.get(name, name))
    for name in ARITHMETIC
    if name != "I"
}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "*": np.multiply,
    "/": np.true_divide,
    "^": np.power,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
}


def evaluate(expr: Expr, table: Table, state: State) -> Array:
    """One number a row, shape (n,).

    Raises
    ------
    DataError
        A category or a basis of several columns where a number is needed.
    """
    with np.errstate(all="ignore"):
        values = _values(expr, table, state)
    if np.ndim(values) == 0:
        return np.full(table.n_rows, float(values))
    return np.asarray(values, dtype=np.float64)


def evaluate_factor(expr: Expr, table: Table, state: State) -> Any:
    """Like :func:`evaluate`, but a basis of several columns may come back as it is."""
    if isinstance(expr, Call) and expr.function in TRANSFORMS:
        return _transform(expr, table, state)
    return evaluate(expr, table, state)


def column_of(name: Name, table: Table, state: State) -> Column:
    """A column that must be there and of the kind it had when the model was fitted."""
    column = table[name.name]
    kind = state.kinds.get(name.name, column.kind)
    if column.kind == "factor" and kind == "number":
        raise DataError(
            f"column '{name.name}' is not numeric",
            where=pointer(state.formula, name.span),
            found=_described(column),
            fix="convert it to numbers",
        )
    return column


def refuse_names_of_groups(name: Name, column: Column, formula: str) -> None:
    """Raise where values that only name groups, dates say, stand where a predictor does.

    A trend along them and one coefficient for each are different models.

    Raises
    ------
    DataError
    """
    if not column.names_groups_only:
        return
    number = as_number(column)
    raise DataError(
        f"the predictor '{name.name}' holds {column.holds}, not numbers or categories",
        where=pointer(formula, name.span),
        found=_described(column),
        fix=f"for a trend, {number}; factor({to_source(name)}) gives each its own coefficient, "
        f"and (1 | {to_source(name)}) its own random effect",
    )


def as_number(column: Column) -> str:
    """How values that only name groups become numbers, as a request."""
    return _AS_NUMBERS.get(column.holds, "make it a column of floats")


_AS_NUMBERS = {
    "dates": "use a number such as the days since a start",
    "time stamps": "use a number such as the days or hours since a start",
    "periods": "use a number such as the years since a start",
    "times of day": "use a number such as the hours since midnight",
    "durations": "use a number such as their length in days",
}


def _described(column: Column) -> str:
    shown = ", ".join(repr(level) for level in column.levels[:4])
    more = ", ..." if len(column.levels) > 4 else ""
    return f"{column.source_type or 'text'} with the values {shown}{more}"


def _values(expr: Expr, table: Table, state: State) -> Any:
    match expr:
        case Name():
            return _number(expr, table, state)
        case Number() | Constant():
            return float(expr.value or 0)
        case Negative():
            return -_values(expr.operand, table, state)
        case Sum():
            total = expr.items[0][0] * _values(expr.items[0][1], table, state)
            for sign, item in expr.items[1:]:
                total = total + sign * _values(item, table, state)
            return total
        case Binary():
            return _binary(expr, table, state)
        case Call(function="I", args=(Call() as inner,)) if inner.function in TRANSFORMS:
            return _one_column(expr, _transform(inner, table, state), state)
        case Call(function="I"):
            return _values(expr.args[0], table, state)
        case Call() if expr.function == INDICATOR:
            return _indicator(expr, table, state)
        case Call() if expr.function in CENTRING:
            return _centred(expr, table, state)
        case Call() if expr.function in TRANSFORMS:
            return _one_column(expr, _transform(expr, table, state), state)
        case Call():
            return _FUNCTIONS[expr.function](_values(expr.args[0], table, state))
    raise AssertionError(f"{to_text(expr)} has no value")


def _number(name: Name, table: Table, state: State) -> Array:
    column = column_of(name, table, state)
    refuse_names_of_groups(name, column, state.formula)
    if column.kind == "factor":
        raise DataError(
            f"'{name.name}' is a category, and a number is needed here",
            where=pointer(state.formula, name.span),
            found=_described(column),
            fix="use the category as a term of its own, or convert it to numbers",
        )
    values: Array = column.values
    return values


def _binary(expr: Binary, table: Table, state: State) -> Any:
    for text, name in ((expr.left, expr.right), (expr.right, expr.left)):
        if isinstance(text, String) and isinstance(name, Name):
            return _equals(expr.operator, name, text.value, table, state)
    left, right = _values(expr.left, table, state), _values(expr.right, table, state)
    made = _OPERATORS[expr.operator](left, right)
    if made.dtype == np.bool_:
        return np.where(np.isnan(left) | np.isnan(right), np.nan, made)
    return made


def _equals(operator: str, name: Name, level: str, table: Table, state: State) -> Array:
    column = table[name.name]
    if column.kind != "factor":
        raise DataError(
            f"'{name.name}' is a number and is compared with a text",
            where=pointer(state.formula, name.span),
            fix="compare it with a number, without quotes",
        )
    code = column.levels.index(level) if level in column.levels else -2
    same = (column.values == code) == (operator == "==")
    return np.where(column.values < 0, np.nan, same.astype(np.float64))


def _indicator(call: Call, table: Table, state: State) -> Array:
    """``dummy(f, 'level')``."""
    name = call.args[0]
    assert isinstance(name, Name)
    values = [*call.args[1:], *(value for _, value in call.keywords)]
    level = level_name(literal(values[0]))
    column = table[name.name]
    if column.kind == "factor":
        return np.asarray(_equals("==", name, level, table, state))
    return _equals("==", name, level, Table({name.name: as_factor(column)}, table.n_rows), state)


def _centred(call: Call, table: Table, state: State) -> Array:
    name = mean_column(call)
    given = table.columns.get(name)
    if given is not None and given.kind == "factor":
        raise DataError(
            f"column '{name}' is not numeric",
            found=_described(given),
            fix=f"give the mean of '{to_text(call.args[0])}' in each row's group",
        )
    known = state.means[to_text(call)]
    means, unknown = known.of_rows(table, None if given is None else given.values)
    if unknown.any():
        raise _unknown_mean(call, np.flatnonzero(unknown), known.grouping.columns, table, state)
    if call.function == "between":
        return means
    return evaluate(call.args[0], table, state) - means


def _unknown_mean(
    call: Call, rows: NDArray[np.intp], columns: tuple[str, ...], table: Table, state: State
) -> DataError:
    level = ":".join(level_of_row(columns, table, int(rows[0])))
    return DataError(
        f"the mean of '{to_text(call.args[0])}' is not known in new levels of "
        f"'{to_text(call.args[1])}'",
        where=pointer(state.formula, call.span),
        found=f"'{level}' in row {rows[0]} (from 0)"
        + (f", new levels in {share(rows.size, table.n_rows, 'row')}" if rows.size > 1 else ""),
        fix=f"add a column '{mean_column(call)}' to the new data: the mean of each row's group",
    )


def _one_column(call: Call, made: Any, state: State) -> Array:
    """What a transformation gives where a number a row is needed: a basis is none."""
    if isinstance(made, np.ndarray) and made.ndim == 1:
        return made
    raise DataError(
        f"{to_text(call)} has several columns where one is needed",
        where=pointer(state.formula, call.span),
        found="a basis of several columns, for which no arithmetic is defined",
        fix="use the basis as a term of its own",
    )


def _transform(call: Call, table: Table, state: State) -> Any:
    values = evaluate(call.args[0], table, state)
    return transform(
        call.function,
        values,
        [literal(arg) for arg in call.args[1:]],
        {key: literal(value) for key, value in call.keywords},
        state.transforms[to_text(call)],
        pointer(state.formula, call.span),
    )
