"""What is asked of a database before any long query: whether the sums can be made at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ranef.errors import DataError
from ranef.formula.nodes import Name
from ranef.formula.plain import plain_names
from ranef.page.phrases import count, share
from ranef.streams.checks import beyond, fixed_categories, place_of, too_many_levels
from ranef.streams.dialect import Dialect
from ranef.streams.growing import MOST_CELLS
from ranef.streams.odd_cells import odd_in_query
from ranef.streams.schema import Schema
from ranef.sums.plan import Plan
from ranef.sums.products import Product
from ranef.types import Array

__all__ = ["Checked", "Statistics", "check", "finite", "value_of", "values_of"]

Statistics = Callable[[Sequence[str]], Mapping[str, tuple[float, float]] | None]
"""The ends of columns as files state them; None unless they are known for every column."""

MOST_LEVELS = 10_000
"""Levels of a category in the fixed part: each is a column of X, and X'X is dense."""

MANY_LEVELS = 1_000
"""From so many levels on a category with fewer than ten rows each is a number or a group."""

MANY_CELLS = 2_000_000
"""From so many cells on it is checked that they hold more than a few rows each."""


class _Asked(Protocol):
    @property
    def dialect(self) -> Dialect: ...
    @property
    def types(self) -> Schema: ...
    @property
    def table(self) -> str: ...
    @property
    def statistics(self) -> Statistics | None: ...
    def row(self, query: str) -> list[Any]: ...
    def complete(self, names: Sequence[str]) -> str: ...


@dataclass(frozen=True, slots=True)
class Checked:
    """Ends of the summed columns.

    Attributes
    ----------
    low, high : ndarray, shape (c,)
        NaN if there are no rows.
    every_row : bool
        Whether they are of all rows, and not only of complete ones.
    """

    low: Array
    high: Array
    every_row: bool = False


def check(plan: Plan, source: _Asked, quickly: bool = True) -> Checked:
    """Refuse rows whose sums would be worthless, or too large for memory.

    Parameters
    ----------
    plan : Plan
    source : Queries
    quickly : bool
        Whether what files say of their columns may stand for a look at all rows.

    Raises
    ------
    DataError
        Values that are infinite or not defined, weights that are not positive, categories with too
        many values, more cells than there is room for.
    """
    d = source.dialect
    found = _of_files(plan, source) if quickly else None
    values: list[str] = []
    if found is None:
        values = values_of(plan, d)
        values += [] if plan.weights is None else [d.number_of(plan.weights)]
    keys = tuple(dict.fromkeys((*(n for f in plan.factors for n in f), *plan.keys)))
    listed = [f"{value} AS v{k}" for k, value in enumerate(values)]
    listed += [f"{d.name(name)} AS k{k}" for k, name in enumerate(keys)]
    asked = ["count(*) AS n"]
    for k in range(1, len(values)):
        asked += [f"min(v{k}) AS a{k}", f"max(v{k}) AS b{k}"]
    asked += [f"approx_count_distinct(k{k}) AS d{k}" for k in range(len(keys))]
    complete = source.complete(plan.reads() if found is None else keys)
    inside = f"(SELECT {', '.join(listed) or '1 AS one'} FROM {source.table} WHERE {complete})"
    n, *rest = source.row(f"SELECT {', '.join(asked)} FROM {inside} AS used")
    distinct = dict(zip(keys, map(int, rest[len(rest) - len(keys) :]), strict=True))
    if found is None:
        ends = np.array([np.nan if v is None else float(v) for v in rest[: len(rest) - len(keys)]])
        ends = np.concatenate([[1.0, 1.0], ends]).reshape(-1, 2)
        made = Checked(ends[: len(plan.columns), 0], ends[: len(plan.columns), 1])
        if not n:
            return made
        for bad in np.flatnonzero(~np.isfinite(ends).all(axis=1)).tolist():
            if bad < len(plan.columns):
                raise _infinite(plan, source, plan.columns[bad], inside, bad, int(n))
        if plan.weights is not None:
            _check_weights(plan.weights, *ends[-1])
    else:
        made = found
    _check_whole(plan, source.types, made)
    _check_categories(plan, source, distinct, int(n))
    _check_cells(plan, source, distinct, int(n))
    return made


def _of_files(plan: Plan, source: _Asked) -> Checked | None:
    """What the files say, if they say it of every column and no value is to be refused."""
    if plan.weights is not None or source.statistics is None:
        return None
    singles = [column.factors[0] for column in plan.columns if len(column.factors) == 1]
    names = [expr.name for expr in singles if isinstance(expr, Name)]
    known = source.statistics(names) if len(names) == len(singles) else None
    if known is None:
        return None
    ends = np.ones((len(plan.columns), 2))
    for k, column in enumerate(plan.columns):
        if len(column.factors) == 1:
            (name,) = column.factors
            ends[k] = known[name.name] if isinstance(name, Name) else np.nan
    return Checked(ends[:, 0], ends[:, 1], True) if np.isfinite(ends).all() else None


def _check_weights(name: str, low: float, high: float) -> None:
    if not (low > 0.0 and np.isfinite(high)):
        raise DataError(
            "weights must be positive and finite",
            where=f"column '{name}'",
            found=f"weights from {low:g} to {high:g}",
            fix="leave such rows out of the data",
        )


def _infinite(
    plan: Plan, source: _Asked, column: Product, inside: str, k: int, n: int
) -> DataError:
    d = source.dialect
    counted = f"sum(CASE WHEN abs(v{k}) < {d.number(_INFINITY)} THEN 0 ELSE 1 END) AS n"
    bad = int(source.row(f"SELECT {counted} FROM {inside} AS used")[0])
    return DataError(
        f"'{column.text}' is infinite or not defined in {count(bad, 'row')}",
        where=place_of(plan, column.text),
        found=f"{share(bad, n, 'row')} used",
        fix="correct these values, or make them missing so that their rows are left out",
    )


def _check_whole(plan: Plan, types: Schema, ends: Checked) -> None:
    for column, low, high in zip(plan.columns, ends.low, ends.high, strict=True):
        name = column.factors[0] if len(column.factors) == 1 else None
        if not isinstance(name, Name):
            continue
        kind = types[name.name]
        decimals = kind.floating or "DEC" in kind.text.upper()
        if not decimals and max(-low, high) > _EXACT_WHOLE:
            raise beyond(name, kind, plan.formula.text)


def _check_categories(plan: Plan, source: _Asked, distinct: dict[str, int], n: int) -> None:
    for name in fixed_categories(plan):
        kind, levels = source.types[name], distinct[name]
        many = levels > MOST_LEVELS or (levels > MANY_LEVELS and levels > n / 10)
        plain = kind.kind == "factor" and not kind.instants and name in plain_names(plan.formula)
        if plain and (many or kind.mostly_numbers):
            odd = odd_in_query(source, name, kind, place_of(plan, name))
            if odd is not None:
                raise odd
        if many:
            raise too_many_levels(plan, name, f"some {levels:,} values in {n:,} rows")


def _check_cells(plan: Plan, source: _Asked, distinct: dict[str, int], n: int) -> None:
    d = source.dialect
    asked = [plan.cell_keys(k) for k in range(len(plan.factors))]
    asked += [plan.cell_keys(*pair) for pair in plan.pairs]
    for keys in asked:
        most = min(float(np.prod([float(distinct[name]) for name in keys])), n)
        if most > MANY_CELLS and len(keys) > 1:
            text = " || '|' || ".join(f"CAST({d.name(name)} AS {d.text})" for name in keys)
            most = source.row(
                f"SELECT approx_count_distinct({text}) AS n FROM {source.table} "
                f"WHERE {source.complete(plan.reads())}"
            )[0]
        if most > MOST_CELLS or (most > MANY_CELLS and most > n / 4):
            raise DataError(
                f"there are nearly as many cells of {' and '.join(keys)} as rows, so sums by cell "
                "do not save memory"
                if most <= MOST_CELLS
                else f"there are too many cells of {' and '.join(keys)} to keep their sums",
                where=plan.formula.text,
                found=f"some {int(most):,} cells, {n:,} rows",
                fix="use a grouping factor or categories with fewer values, or read the rows into "
                "memory: rn.lmm(formula, data)",
            )


_INFINITY = 1.7e308

_EXACT_WHOLE = 2.0**53


def value_of(column: Product, plan: Plan, dialect: Dialect) -> str:
    """A column of a single factor."""
    (factor,) = column.factors
    return dialect.expression(factor, plan.formula.text)


def values_of(plan: Plan, dialect: Dialect) -> list[str]:
    """The columns of single factors; 1 in place of the constant and of products."""
    return [
        value_of(column, plan, dialect) if len(column.factors) == 1 else dialect.number(1.0)
        for column in plan.columns
    ]


def finite(value: str, dialect: Dialect) -> str:
    """The value, NULL if it is not finite: a sample is to have a middle all the same."""
    return f"CASE WHEN abs({value}) < {dialect.number(1e300)} THEN {value} END"
