"""What all codings of a left side share: its place in the formula, its numbers, and its errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranef.design.coding import ends_of, report_not_finite
from ranef.design.evaluate import as_number, evaluate
from ranef.design.state import State
from ranef.errors import DataError
from ranef.family import Family
from ranef.formula.nodes import Expr, Name
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.frame.table import Column, Table
from ranef.page import phrases
from ranef.types import Array

__all__ = ["WHOLE", "Side", "first_of", "listed", "not_whole"]

WHOLE = 1e-6
"""How far a number may be from a whole one that rounding has moved."""


def not_whole(values: Array) -> NDArray[np.bool_]:
    """Where numbers are not whole."""
    return np.asarray(np.abs(values - np.rint(values)) > WHOLE)


def listed(names: Sequence[str], most: int = 5) -> str:
    """``'a', 'b', ...`` of some names."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (", ..." if len(names) > most else "")


def first_of(count: int) -> str:
    """How many rows are like the one that is named."""
    return f", the first of {count} such rows" if count > 1 else ""


@dataclass(frozen=True, slots=True)
class Side:
    """The left side of a formula, the rows, and the family that it is coded for.

    Attributes
    ----------
    expr : Expr
    table : Table
    state : State
    family : Family
    weights : ndarray or None, shape (n,)
    """

    expr: Expr
    table: Table
    state: State
    family: Family
    weights: Array | None = None

    @property
    def name(self) -> str:
        """The response as the formula has it."""
        return self.expr.name if isinstance(self.expr, Name) else to_text(self.expr)

    @property
    def column(self) -> Column | None:
        """The column, if the response is one by itself."""
        return self.table[self.expr.name] if isinstance(self.expr, Name) else None

    def error(self, what: str, found: str, fix: str, expr: Expr | None = None) -> DataError:
        """An error that points at the response."""
        at = self.expr if expr is None else expr
        return DataError(what, where=pointer(self.state.formula, at.span), found=found, fix=fix)

    def numbers(self, expr: Expr | None = None) -> Array:
        """The finite numbers of the response, or of a part of it."""
        at = self.expr if expr is None else expr
        values = evaluate(at, self.table, self.state)
        report_not_finite(values, ends_of(values, at, self.table), at, self.table, self.state)
        return values

    def refuse_category(self) -> None:
        """Raise if the response is text or a category, and numbers are needed."""
        column = self.column
        if column is None or column.kind == "number":
            return
        two = self.used(column)[0]
        if column.names_groups_only:
            fix = as_number(column)
        elif len(two) == 2:
            fix = 'family="binomial" takes two categories; otherwise convert it to numbers'
        else:
            fix = 'convert it to numbers; family="cumulative" takes ordered categories'
        raise self.error(
            f"the {self.family.name} family needs numbers, and the response '{self.name}' has none",
            f"{column.source_type or 'categories'} with the levels {listed(two)}",
            fix,
        )

    def used(self, column: Column) -> tuple[tuple[str, ...], Array]:
        """The levels that occur, in their order, and the code of each row among them."""
        there, codes = np.unique(column.values, return_inverse=True)
        return tuple(column.levels[i] for i in there), codes.astype(np.float64)

    def refuse_rows(
        self, bad: NDArray[np.bool_], values: Array, what: str, fix: str, expr: Expr | None = None
    ) -> None:
        """Raise if any row is bad, with the first of them and how many there are."""
        rows = np.flatnonzero(bad)
        if not rows.size:
            return
        found = f"{values[rows[0]]:.15g} in row {rows[0]} (counted from 0) of the rows used"
        found += first_of(rows.size)
        raise self.error(what, found, fix, expr)

    def refuse_constant(self, y: Array, fix: str) -> None:
        """Raise if all rows have one value."""
        if y.min() == y.max():
            raise self.error(
                f"the response '{self.name}' is constant",
                f"{y[0]:g} in all {phrases.count(y.size, 'row')} used",
                fix,
            )
