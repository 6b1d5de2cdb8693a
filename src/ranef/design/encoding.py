"""The part of a design that replays on other rows and holds no data."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranef.design.aliased import Aliases
from ranef.design.coding import code, ends_of, report_not_finite
from ranef.design.derivative import design_slopes, expression_slope
from ranef.design.evaluate import evaluate
from ranef.design.matrix import ModelColumns
from ranef.design.means import mean_column
from ranef.design.random import TermCoding
from ranef.design.reads import reads
from ranef.design.state import State
from ranef.errors import UnknownColumnError, suggestion
from ranef.formula.functions import CENTRING
from ranef.formula.nodes import Call, Expr, walk
from ranef.formula.render import to_text
from ranef.formula.terms import Term
from ranef.frame.table import Table
from ranef.types import Array, Codes

__all__ = ["Encoding"]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the columns of a fitted model are made from data.

    Attributes
    ----------
    variables : tuple of str
        Columns that the formula names; the response is not among them.
    fixed_names : tuple of str
        Columns of X.
    fixed_terms : mapping of str to tuple of int
        Columns of X that belong to each term of the fixed part, the intercept left out. A term
        whose columns were all dropped has none.
    aliases : Aliases or None
        What the columns that were left out of X equal in the training rows.
    """

    variables: tuple[str, ...]
    fixed_names: tuple[str, ...]
    fixed_terms: Mapping[str, tuple[int, ...]]
    state: State = field(repr=False)
    intercept: bool = field(repr=False)
    terms: tuple[Term, ...] = field(repr=False)
    kept: tuple[int, ...] = field(repr=False)
    random_codings: tuple[TermCoding, ...] = field(repr=False)
    offsets: tuple[Expr, ...] = field(repr=False)
    aliases: Aliases | None = field(default=None, repr=False)

    def reads(
        self,
        available: Container[str],
        *,
        random: bool,
        groups: bool | Collection[int] = True,
    ) -> tuple[str, ...]:
        """Columns of new data that predictions read, optional ones if they are available.

        Parameters
        ----------
        available : container of str
            Columns of the new data.
        random : bool
            Whether the random part is read too.
        groups : bool or collection of int
            Whether its grouping factors are, or those of which terms.
        """
        found = [n for expr in self._expressions(random=random) for n in reads(expr, available)]
        if random:
            for k, coding in enumerate(self.random_codings):
                found += coding.grouping.columns if _among(k, groups) else ()
        return tuple(dict.fromkeys(found))

    def fixed(self, table: Table) -> Array:
        """X for the rows of a table, shape (n, p); NaN where a variable is missing.

        Raises
        ------
        UnknownColumnError
            A variable is not in the table.
        DataError
            A level of a category that the training rows do not have.
        """
        return self._coded(table).take(self.kept).matrix()

    def fixed_and_broken(self, table: Table) -> tuple[Array, NDArray[np.bool_]]:
        """X, and in which rows a column that was left out is not the combination it was.

        Returns
        -------
        X : ndarray, shape (n, p)
        broken : ndarray of bool, shape (n, columns left out)
            x'beta is not estimable in a row with any True.
        """
        columns = self._coded(table)
        x = columns.take(self.kept).matrix()
        if self.aliases is None:
            return x, np.zeros((table.n_rows, 0), dtype=np.bool_)
        return x, self.aliases.broken(columns)

    def whole(self, table: Table) -> Array:
        """X with the columns that were left out, shape (n, columns)."""
        return self._coded(table).matrix()

    def slopes(self, table: Table, name: str, training: Table) -> Array:
        """The derivative of :meth:`whole` along a variable of numbers, shape (n, columns).

        Group means stay as they are: ``within(x, g)`` moves with x, ``between(x, g)`` does not.

        Parameters
        ----------
        table : Table
        name : str
            The column.
        training : Table
            The rows of the fit, for the natural size of a step.
        """
        self._check(table, random=False)
        return design_slopes(self.intercept, self.terms, table, self.state, name, training)

    def offset_slope(self, table: Table, name: str, training: Table) -> Array:
        """The derivative of :meth:`offset` along a variable of numbers, shape (n,)."""
        total = np.zeros(table.n_rows)
        for expr in self.offsets:
            total += expression_slope(expr, table, self.state, name, training)
        return total

    def fixed_variables(self, table: Table) -> tuple[str, ...]:
        """Columns that the fixed part and its offsets are functions of.

        Group means do not count, nor does a group that is only there for its means.
        """
        means = self.average_means(table)
        found = [n for expr in self._expressions(random=False) for n in reads(expr, means)]
        return tuple(dict.fromkeys(name for name in found if name not in means))

    def average_means(self, table: Table) -> dict[str, float]:
        """The mean over rows of each group mean, by the name of its column in new data."""
        calls = {
            mean_column(node): node
            for expr in self._expressions(random=False)
            for node in walk(expr)
            if isinstance(node, Call) and node.function in CENTRING
        }
        known = {name: self.state.means[to_text(call)] for name, call in calls.items()}
        return {
            name: float(
                np.nanmean(table[name].values if name in table else means.of_rows(table, None)[0])
            )
            for name, means in known.items()
        }

    def _expressions(self, *, random: bool) -> list[Expr]:
        exprs = [*(f for term in self.terms for f in term.factors), *self.offsets]
        if random:
            exprs += [f for c in self.random_codings for term in c.terms for f in term.factors]
        return exprs

    def _coded(self, table: Table) -> ModelColumns:
        self._check(table, random=False)
        return code(self.intercept, self.terms, table, self.state).columns

    def random(
        self, table: Table, *, groups: bool | Collection[int] = True
    ) -> tuple[tuple[Codes, Array], ...]:
        """Codes, shape (n,), and Z, shape (n, q), of each random-effects term.

        A level that the training rows do not have, or a missing one, has code -1. So has every
        row in the terms that are not among `groups`: the table need not have their factors.
        """
        self._check(table, random=True, groups=groups)
        codes: dict[tuple[str, ...] | None, Codes] = {}
        coded: dict[tuple[bool, tuple[str, ...]], ModelColumns] = {}
        made: list[tuple[Codes, Array]] = []
        for k, coding in enumerate(self.random_codings):
            columns = coding.grouping.columns if _among(k, groups) else None
            if columns not in codes:
                codes[columns] = (
                    np.full(table.n_rows, -1, dtype=np.int32)
                    if columns is None
                    else coding.grouping.encode(table)
                )
            key = (coding.intercept, tuple(term.name for term in coding.terms))
            if key not in coded:
                coded[key] = code(coding.intercept, coding.terms, table, self.state).columns
            made.append((codes[columns], coded[key].take(coding.columns).matrix()))
        return tuple(made)

    def offset(self, table: Table) -> Array | None:
        """Sum of the ``offset()`` terms, shape (n,), or None where there is none."""
        if not self.offsets:
            return None
        self._check(table, random=False)
        total = np.zeros(table.n_rows)
        for expr in self.offsets:
            values = evaluate(expr, table, self.state)
            report_not_finite(values, ends_of(values, expr, table), expr, table, self.state)
            total += values
        return total

    def _check(self, table: Table, *, random: bool, groups: bool | Collection[int] = True) -> None:
        for name in self.reads(table.names, random=random, groups=groups):
            if name not in table:
                raise UnknownColumnError(
                    f"the new data have no column '{name}'",
                    where=self.state.formula,
                    found="columns " + ", ".join(table.names),
                    fix=suggestion(name, table.names) or f"add the column '{name}'",
                )


def _among(k: int, groups: bool | Collection[int]) -> bool:
    return groups if isinstance(groups, bool) else k in groups
