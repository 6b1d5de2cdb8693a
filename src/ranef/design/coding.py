"""Model matrices: terms to named columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranef.core.columns import Ends, ends, row_threads
from ranef.design.evaluate import evaluate_factor
from ranef.design.fixed import category, code_terms, column_values
from ranef.design.hierarchical import Levels, code_hierarchical, is_hierarchical
from ranef.design.matrix import Cells, ModelColumns
from ranef.design.spelling import level_marks, marked, spelt
from ranef.design.state import Category, State
from ranef.errors import DataError, DesignError
from ranef.formula.nodes import Expr, Name, walk
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.formula.terms import Term
from ranef.frame.factors import level_name
from ranef.frame.table import Column, Table
from ranef.page import phrases
from ranef.types import INTERCEPT, Array, Codes

__all__ = ["Coded", "all_levels", "code", "ends_of", "report_not_finite"]

_MANY_ROWS = 4096
"""From here on equal rows are coded once."""

_MOST_CELLS = 512
"""Combinations of levels up to which that is less work, whatever the number of rows."""

_ROWS_OF_A_CELL = 4
"""Where there are more combinations: rows for each, from which on it is less work."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A model matrix.

    Attributes
    ----------
    columns : ModelColumns
    names : tuple of str
    term_columns : tuple of tuple of int
        Columns of each term, in the order of the terms.
    cells : Cells or None
        Which rows are equal, where many rows of categories were coded.
    ends : tuple of tuple of float, or None
        Smallest and largest of each column, where they were found on the way.
    """

    columns: ModelColumns
    names: tuple[str, ...]
    term_columns: tuple[tuple[int, ...], ...]
    cells: Cells | None = None
    ends: tuple[Ends, ...] | None = None


def code(
    intercept: bool,
    terms: Sequence[Term],
    table: Table,
    state: State,
    instead: Mapping[str, Any] | None = None,
) -> Coded:
    """Code terms on the rows of a table.

    Missing values give NaN in their rows. Terms of plain numbers are multiplied here, and so are
    hierarchical ones of categories with treatment contrasts; other categories and bases of several
    columns are coded by formulaic. `instead` has values of some factors, by their text, that take
    the place of those in the table.

    Raises
    ------
    DataError
        A level that the training rows do not have, or a value that is not finite.
    """
    values: dict[str, Any] = {}
    coded: dict[str, tuple[Category, Codes]] = {}
    found: dict[str, Ends] = {}
    plain = True
    for term in terms:
        for factor in term.factors:
            key = to_text(factor)
            if key in values or key in coded:
                continue
            if key in state.categories:
                plain = False
                known = state.categories[key]
                coded[key] = (known, _codes(factor, known, table, state))
            else:
                given = None if instead is None else instead.get(key)
                values[key] = evaluate_factor(factor, table, state) if given is None else given
                if not isinstance(values[key], np.ndarray) or values[key].ndim != 1:
                    plain = False
                else:
                    found[key] = ends_of(values[key], factor, table)
                    report_not_finite(values[key], found[key], factor, table, state)
    if plain:
        return _products(intercept, terms, values, found, table)
    keys = {key: f"v{k}" for k, key in enumerate([*values, *coded])}
    names = [[keys[to_text(factor)] for factor in term.factors] for term in terms]
    cells = None if values else _equal_rows(coded, table.n_rows)
    if cells is not None:
        which, coded = cells
    n_rows = table.n_rows if cells is None else next(iter(coded.values()))[1].size
    absent = np.zeros(n_rows, dtype=bool)
    for _, codes in coded.values():
        absent |= codes < 0
    by_mark = {keys[key]: value for key, value in values.items()}
    plain = all(isinstance(value, np.ndarray) and value.ndim == 1 for value in values.values())
    treated = all(known.contrast.kind == "treatment" for known, _ in coded.values())
    if intercept and plain and treated and is_hierarchical(names):
        by_mark |= {keys[key]: _levels(known, codes) for key, (known, codes) in coded.items()}
        matrix, columns, term_columns = code_hierarchical(names, by_mark, n_rows)
    else:
        by_mark |= {keys[key]: _category(known, codes) for key, (known, codes) in coded.items()}
        matrix, columns, term_columns = code_terms(intercept, names, by_mark, n_rows)
    for term, own in zip(terms, term_columns, strict=True):
        if not own:
            raise DesignError(
                f"the term '{term.name}' makes no columns",
                where=pointer(state.formula, term.factors[0].span),
                found="0 columns of the model matrix",
                fix="check the arguments of its functions: poly() needs a degree of 1 or more",
            )
    of_marks = {mark: (key, state.categories.get(key)) for key, mark in keys.items()}
    columns = tuple(spelt(column, of_marks) for column in columns)
    made = ModelColumns.of(matrix)
    if absent.any():
        matrix[absent] = np.nan
    elif intercept:
        made = ModelColumns((None, *made.columns[1:]), made.n_rows)
    if cells is None:
        return Coded(made, columns, term_columns)
    return Coded(_spread(made, which), columns, term_columns, Cells(which, made))


def _levels(known: Category, codes: Codes) -> Levels:
    base = known.contrast.base
    return Levels(codes, len(known.levels), 0 if base is None else known.levels.names.index(base))


def _category(known: Category, codes: Codes) -> Any:
    marks = level_marks(len(known.levels))
    return category(codes, marks, marked(known, marks))


def _equal_rows(
    coded: dict[str, tuple[Category, Codes]], n_rows: int
) -> tuple[Codes, dict[str, tuple[Category, Codes]]] | None:
    """The cell of each row, and the codes of the cells that occur; None where they are many."""
    sizes = [len(known.levels.names) + 1 for known, _ in coded.values()]  # and one for missing
    total = math.prod(sizes)
    if n_rows < _MANY_ROWS or total > max(_MOST_CELLS, n_rows // _ROWS_OF_A_CELL):
        return None
    joint = np.zeros(n_rows, dtype=np.int32)
    for size, (_, codes) in zip(sizes, coded.values(), strict=True):
        joint *= size
        joint += codes
        joint += 1
    cells = np.flatnonzero(np.bincount(joint, minlength=total))
    place = np.zeros(total, dtype=np.int32)
    place[cells] = np.arange(cells.size)
    which = place[joint]
    occurring: dict[str, tuple[Category, Codes]] = {}
    for size, (key, (known, _)) in zip(reversed(sizes), reversed(coded.items()), strict=True):
        occurring[key] = (known, (cells % size - 1).astype(np.int32))
        cells //= size
    return which, occurring


def _spread(columns: ModelColumns, which: Codes) -> ModelColumns:
    """The columns of all rows from those of the cells."""
    out = np.empty((which.size, len(columns)), order="F")
    for j, column in enumerate(columns.columns):
        if column is not None:
            np.take(column, which, out=out[:, j], mode="clip")
    return ModelColumns(
        tuple(None if c is None else out[:, j] for j, c in enumerate(columns.columns)), which.size
    )


def _products(
    intercept: bool,
    terms: Sequence[Term],
    values: dict[str, Array],
    found: dict[str, Ends],
    table: Table,
) -> Coded:
    first = 1 if intercept else 0
    columns: list[Array | None] = [None] * first
    of_columns = [(1.0, 1.0)] * first
    for term in terms:
        product = values[to_text(term.factors[0])]
        for factor in term.factors[1:]:
            product = product * values[to_text(factor)]
        columns.append(product)
        if len(term.factors) == 1:
            of_columns.append(found[to_text(term.factors[0])])
        else:
            of_columns.append(ends_of(product, None, table))
    names = (INTERCEPT,) * first + tuple(term.name for term in terms)
    return Coded(
        ModelColumns(tuple(columns), table.n_rows),
        names,
        tuple((j,) for j in range(first, len(names))),
        ends=tuple(of_columns),
    )


def all_levels(term: Term, table: Table, state: State) -> Array:
    """A column for each combination of levels of a term's categories, times its numbers.

    In the order of :func:`code` without an intercept and with the term alone.

    Returns
    -------
    ndarray, shape (n, columns)
    """
    made = np.ones((table.n_rows, 1))
    for factor in term.factors:
        known = state.categories.get(to_text(factor))
        if known is None:
            own = column_values(evaluate_factor(factor, table, state))
        else:
            codes = _codes(factor, known, table, state)
            own = (codes[:, None] == np.arange(len(known.levels))).astype(np.float64)
        # The first factor moves fastest.
        made = (own[:, :, None] * made[:, None, :]).reshape(table.n_rows, -1)
    return made


def _codes(factor: Expr, known: Category, table: Table, state: State) -> Codes:
    column = table[known.column]
    if known.cuts is not None:
        return known.cuts.encode(column.values)
    codes = known.levels.encode(column)
    missing = column.values < 0 if column.kind == "factor" else np.isnan(column.values)
    unknown = (codes < 0) & ~missing
    if unknown.any():
        row = int(np.flatnonzero(unknown)[0])
        raise DataError(
            f"unknown level '{_level(column, row)}' of '{known.column}'",
            where=pointer(state.formula, factor.span),
            found="levels " + ", ".join(known.levels.names),
            fix="predict for levels that the model was fitted with, or fit it with these rows",
        )
    return codes


def _level(column: Column, row: int) -> str:
    if column.kind == "factor":
        return column.levels[int(column.values[row])]
    return level_name(float(column.values[row]))


def ends_of(values: Array, expr: Expr | None, table: Table) -> Ends:
    """Smallest and largest value of an expression, both NaN where one is."""
    if isinstance(expr, Name) and expr.name in table and values is table[expr.name].values:
        return table.ends(expr.name)
    return ends(values, row_threads(values.size, table.threads)) if values.size else (0.0, 0.0)


def report_not_finite(
    values: Array,
    found: Ends,
    expr: Expr,
    table: Table,
    state: State,
    rows_of: str = "rows used",
) -> None:
    """Raise where an expression is infinite, or undefined although its columns are known.

    Parameters
    ----------
    values : ndarray, shape (n,)
    found : tuple of float
        Their :func:`ends_of`.
    expr : Expr
    table : Table
    state : State
    rows_of : str
        Which rows `table` has, for the message.

    Raises
    ------
    DataError
        With the count and the first row.
    """
    if math.isfinite(found[0]) and math.isfinite(found[1]):
        return
    bad = np.isinf(values) | (np.isnan(values) & ~_missing(expr, table, state))
    if not bad.any():
        return
    rows = np.flatnonzero(bad)
    infinite = bool(np.isinf(values[rows[0]]))
    count = phrases.count(rows.size, "row")
    raise DataError(
        f"'{to_text(expr)}' is {'infinite' if infinite else 'not defined'} in {count}",
        where=pointer(state.formula, expr.span),
        found=f"{values[rows[0]]} first in row {rows[0]} (counted from 0) of the {rows_of}",
        fix="correct these values, or make them missing so that their rows are left out",
    )


def _missing(expr: Expr, table: Table, state: State) -> Any:
    absent = np.zeros(table.n_rows, dtype=bool)
    for node in walk(expr):
        if isinstance(node, Name) and node.name in table and node.name in state.kinds:
            column = table[node.name]
            absent |= column.values < 0 if column.kind == "factor" else np.isnan(column.values)
    return absent
