"""The part of a design that replays on other rows and holds no data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

import numpy as np

from ranef.design.coding import code, ends_of, report_not_finite
from ranef.design.evaluate import evaluate
from ranef.design.random import TermCoding
from ranef.design.state import State
from ranef.errors import UnknownColumnError, suggestion
from ranef.formula.nodes import Expr
from ranef.formula.terms import Term
from ranef.frame.table import Table
from ranef.record import record
from ranef.types import Array, Codes, ModelColumns

__all__ = ["Encoding"]


@record(frozen=True, slots=True)
class Encoding:
    """How the columns of a fitted model are made from data.

    Attributes
    ----------
    variables : tuple of str
        Columns that a table must have; the response is not among them.
    fixed_variables : tuple of str
        Those of them that the fixed part and offsets use.
    fixed_names : tuple of str
        Columns of X.
    fixed_terms : mapping of str to tuple of int
        Columns of X that belong to each term of the fixed part, the intercept left out. A term
        whose columns were all dropped has none.
    """

    variables: tuple[str, ...]
    fixed_variables: tuple[str, ...]
    fixed_names: tuple[str, ...]
    fixed_terms: Mapping[str, tuple[int, ...]]
    state: State = field(repr=False)
    intercept: bool = field(repr=False)
    terms: tuple[Term, ...] = field(repr=False)
    kept: tuple[int, ...] = field(repr=False)
    random_codings: tuple[TermCoding, ...] = field(repr=False)
    offsets: tuple[Expr, ...] = field(repr=False)

    def fixed(self, table: Table) -> Array:
        """X for the rows of a table, shape (n, p); NaN where a variable is missing.

        Raises
        ------
        UnknownColumnError
            A variable is not in the table.
        DataError
            A level of a category that the training rows do not have.
        """
        self._check(table, self.fixed_variables)
        columns = code(self.intercept, self.terms, table, self.state).columns
        return columns.take(self.kept).matrix()

    def random(self, table: Table) -> tuple[tuple[Codes, Array], ...]:
        """Codes, shape (n,), and Z, shape (n, q), of each random-effects term.

        A level that the training rows do not have, or a missing one, has code -1.
        """
        self._check(table, self.variables)
        codes: dict[tuple[str, ...], Codes] = {}
        coded: dict[tuple[bool, tuple[str, ...]], ModelColumns] = {}
        made: list[tuple[Codes, Array]] = []
        for coding in self.random_codings:
            columns = coding.grouping.columns
            if columns not in codes:
                codes[columns] = coding.grouping.encode(table)
            key = (coding.intercept, tuple(term.name for term in coding.terms))
            if key not in coded:
                coded[key] = code(coding.intercept, coding.terms, table, self.state).columns
            made.append((codes[columns], coded[key].take(coding.columns).matrix()))
        return tuple(made)

    def offset(self, table: Table) -> Array | None:
        """Sum of the ``offset()`` terms, shape (n,), or None where there is none."""
        if not self.offsets:
            return None
        self._check(table, self.fixed_variables)
        total = np.zeros(table.n_rows)
        for expr in self.offsets:
            values = evaluate(expr, table, self.state)
            report_not_finite(values, ends_of(values, expr, table), expr, table, self.state)
            total += values
        return total

    def _check(self, table: Table, variables: tuple[str, ...]) -> None:
        for name in variables:
            if name not in table:
                raise UnknownColumnError(
                    f"the new data have no column '{name}'",
                    where=self.state.formula,
                    found="columns " + ", ".join(table.names),
                    fix=suggestion(name, table.names) or f"add the column '{name}'",
                )
