"""What a diagnosis asks about columns within the levels of grouping factors.

The rows of a fit answer, or, if they are elsewhere, their sums.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol, cast

import numpy as np

from ranef.design.evaluate import evaluate_factor
from ranef.design.fixed import column_values
from ranef.design.terms import RandomTerm
from ranef.diagnose.subject import AnySubject
from ranef.formula import to_text
from ranef.formula.nodes import Expr, Name, walk
from ranef.frame import Column, Table
from ranef.frame.grouping import group_means, is_constant_within
from ranef.types import Array

__all__ = ["Levels", "levels_of"]

CONSTANT = 1e-9  # of the standard deviation
KNOWN_MEAN = 1e-3  # share of a group mean's variance that the fixed part has to leave


class Levels(Protocol):
    """Answers about columns within and between the levels of grouping factors."""

    def varying(self, factor: Expr, group: str) -> int:
        """In how many levels of a grouping factor a factor of a term varies."""
        ...

    def varies_within_and_between(self, expr: Expr, group: str) -> bool:
        """Whether a numeric expression varies within levels and between their means."""
        ...

    def means_are_known(self, expr: Expr, group: str) -> bool:
        """Whether the fixed part has its group means already, under whatever name."""
        ...

    def is_constant(self, name: str, group: str) -> bool:
        """Whether a column of X does not vary within levels."""
        ...

    def is_centred(self, name: str) -> bool:
        """Whether a column of X has mean zero in every level of some factor."""
        ...

    def mean_squares(self, k: int) -> Array:
        """Of the columns of Z of a term, shape (q,)."""
        ...

    def one_row(self) -> Table:
        """A row that shows kinds and levels of the predictors."""
        ...


def levels_of(subject: AnySubject) -> Levels:
    """Who answers for a fit."""
    elsewhere = subject.data.elsewhere
    return _OfRows(subject) if elsewhere is None else cast(Levels, elsewhere.levels)


@dataclass(frozen=True, slots=True)
class _OfRows:
    """The rows answer."""

    subject: AnySubject = field(repr=False)

    def varying(self, factor: Expr, group: str) -> int:
        subject, term = self.subject, self._term(group)
        if to_text(factor) in subject.design.encoding.state.categories:
            (name, *_) = (node.name for node in walk(factor) if isinstance(node, Name))
            columns = [subject.table[name]]
        else:
            state = subject.design.encoding.state
            values = column_values(evaluate_factor(factor, subject.table, state))
            columns = [Column(to_text(factor), "number", column) for column in values.T]
        constant = (is_constant_within(c, term.codes, term.n_levels) for c in columns)
        return max((int(np.sum(~each)) for each in constant), default=0)

    def varies_within_and_between(self, expr: Expr, group: str) -> bool:
        values = self._values(expr)
        if values is None:
            return False
        means = self._means(values, group)
        return _varies(values - means, values) and _varies(means, values)

    def means_are_known(self, expr: Expr, group: str) -> bool:
        values = self._values(expr)
        assert values is not None
        means, x = self._means(values, group), self.subject.design.X
        centred = means - means.mean()
        left = means - x @ np.linalg.lstsq(x, means, rcond=None)[0]
        return float(left @ left) < KNOWN_MEAN * float(centred @ centred)

    def is_constant(self, name: str, group: str) -> bool:
        term, x = self._term(group), self._column(name)
        some = np.empty(term.n_levels)
        some[term.codes] = x
        return bool(np.all(some[term.codes] == x))

    def is_centred(self, name: str) -> bool:
        x = self._column(name)
        size = float(np.std(x))
        return any(
            bool(np.all(np.abs(group_means(x, term.codes, term.n_levels)) < 1e-6 * size))
            for term in self.subject.design.terms
        )

    def mean_squares(self, k: int) -> Array:
        return np.asarray(np.mean(np.square(self.subject.design.terms[k].Z), axis=0))

    def one_row(self) -> Table:
        columns = {
            name: replace(column, values=column.values[:1])
            for name, column in self.subject.table.columns.items()
        }
        return Table(columns, 1)

    def _term(self, group: str) -> RandomTerm:
        return next(term for term in self.subject.design.terms if term.factor == group)

    def _column(self, name: str) -> Array:
        design = self.subject.design
        return np.asarray(design.X[:, design.x_names.index(name)])

    def _values(self, expr: Expr) -> Array | None:
        subject = self.subject
        values = evaluate_factor(expr, subject.table, subject.design.encoding.state)
        return values if isinstance(values, np.ndarray) and values.ndim == 1 else None

    def _means(self, values: Array, group: str) -> Array:
        term = self._term(group)
        return np.asarray(group_means(values, term.codes, term.n_levels)[term.codes])


def _varies(values: Array, scale: Array) -> bool:
    return float(np.std(values)) > CONSTANT * max(float(np.std(scale)), 1e-300)
