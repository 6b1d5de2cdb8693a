"""Columns within and between the levels of grouping factors, from sums over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ranef.formula.nodes import Expr, Name, walk
from ranef.formula.render import to_text
from ranef.frame import Table
from ranef.sums.contract import Contracted
from ranef.sums.fixed import gram
from ranef.sums.forms import Form, cross
from ranef.sums.inner import OfGroup
from ranef.sums.random import by_level
from ranef.types import Array

__all__ = ["SumLevels"]

CONSTANT = 1e-12
"""Share of a column's mean square; less variation within levels is rounding of the sums."""

BETWEEN = 1e-18
"""Of a column's variance: means whose variance is less are all the same."""

KNOWN_MEAN = 1e-3
"""Share of a group mean's variance that the fixed part has to leave."""

_ONE = Form({0: 1.0})


@dataclass(frozen=True, eq=False)
class SumLevels:
    """Answers about columns within and between the levels of grouping factors.

    Attributes
    ----------
    contracted : Contracted
    """

    contracted: Contracted = field(repr=False)

    def products(self) -> Array:
        """Sums of products of the columns of X, shifted and scaled, shape (p, p)."""
        columns = self.contracted.columns
        x = columns.x(columns.model.first)
        return gram(x, x, columns.model.first)

    def varying(self, factor: Expr, group: str) -> int:
        """In how many levels of a grouping factor a factor of a term varies."""
        at = self._at(group)
        model = self.contracted.columns.model
        categories = model.state.categories
        if to_text(factor) in categories:
            (name, *_) = (node.name for node in walk(factor) if isinstance(node, Name))
            if name not in at.cells.table:
                return 0
            pairs = np.unique(np.column_stack([at.codes, at.cells.table[name].values]), axis=0)
            met = np.bincount(pairs[:, 0].astype(np.int64), minlength=at.n_levels)
            return int(np.sum(met > 1))
        form = self._number(factor)
        if form is None:
            return 0
        within, _, size = self._parts(form, at)
        return int(np.sum(within > CONSTANT * size))

    def varies_within_and_between(self, expr: Expr, group: str) -> bool:
        """Whether a numeric expression varies within levels and between their means."""
        form = self._number(expr)
        if form is None:
            return False
        at = self._at(group)
        within, means, size = self._parts(form, at)
        weights = by_level(at.cells.sum(0, 0), at.codes, at.n_levels)
        between = float(weights @ (means - np.average(means, weights=weights)) ** 2)
        return bool(np.any(within > CONSTANT * size)) and between > BETWEEN * float(within.sum())

    def means_are_known(self, expr: Expr, group: str) -> bool:
        """Whether the fixed part has its group means already, under whatever name."""
        form, at = self._number(expr), self._at(group)
        assert form is not None
        _, means, _ = self._parts(form, at)
        columns = self.contracted.columns
        x = [_ONE, *columns.x(at.cells)]
        weights = by_level(at.cells.sum(0, 0), at.codes, at.n_levels)
        means = means - np.average(means, weights=weights)
        with_means = np.array([means @ self._sums(column, at) for column in x])
        left = means @ (weights * means)
        solved = np.linalg.lstsq(gram(x, x, at.cells), with_means, rcond=None)[0]
        return bool(left - with_means @ solved < KNOWN_MEAN * left)

    def is_constant(self, name: str, group: str) -> bool:
        """Whether a column of X does not vary within levels."""
        within, _, size = self._parts_of_column(name, self._at(group))
        return not np.any(within > CONSTANT * size)

    def is_centred(self, name: str) -> bool:
        """Whether a column of X has mean zero in every level of some factor."""
        columns = self.contracted.columns
        for g in range(len(columns.groups)):
            at = columns.of_group(g)
            within, means, _ = self._parts_of_column(name, at, raw=True)
            n = float(np.sum(at.cells.sum(0, 0)))
            if np.all(np.abs(means) < 1e-6 * np.sqrt(float(within.sum()) / n)):
                return True
        return False

    def mean_squares(self, k: int) -> Array:
        """Of the columns of Z of a term, shape (q,)."""
        columns = self.contracted.columns
        term = columns.terms[k]
        g = next(g for g, members in enumerate(columns.groups) if k in members)
        cells = columns.of_group(g).cells
        made = columns.model.z(term.bar, cells).columns
        n = float(np.sum(cells.sum(0, 0)))
        squares = [cross(made[j], made[j], cells) for j in term.columns]
        return np.array([float(np.sum(each)) / n for each in squares])

    def one_row(self) -> Table:
        """A row that shows kinds and levels of the predictors."""
        from ranef.frame import take_rows

        return take_rows(self.contracted.stand_in, np.zeros(1, dtype=np.int64))

    def _at(self, group: str) -> OfGroup:
        columns = self.contracted.columns
        return columns.of_group(
            [columns.factor(g) for g in range(len(columns.groups))].index(group)
        )

    def _number(self, expr: Expr) -> Form | None:
        """A numeric expression that was summed, in units of its scale."""
        plan = self.contracted.columns.model.moments.plan
        text = to_text(expr)
        k = next((k for k, own in enumerate(plan.columns[:-1]) if own.text == text), None)
        return None if k is None else Form({k: 1.0})

    def _sums(self, form: Form, at: OfGroup) -> Array:
        return by_level(cross(form, _ONE, at.cells), at.codes, at.n_levels)

    def _parts(self, form: Form, at: OfGroup) -> tuple[Array, Array, float]:
        """Squares within each level, its mean, and the mean square of all rows."""
        weights = by_level(at.cells.sum(0, 0), at.codes, at.n_levels)
        first = self._sums(form, at)
        second = by_level(cross(form, form, at.cells), at.codes, at.n_levels)
        return second - first**2 / weights, first / weights, float(second.sum())

    def _parts_of_column(
        self, name: str, at: OfGroup, raw: bool = False
    ) -> tuple[Array, Array, float]:
        columns = self.contracted.columns
        j = self.contracted.design.x_names.index(name)
        forms: Sequence[Form] = columns.x(at.cells)
        if raw:
            made = columns.model.x(at.cells).columns
            forms = [made[i] for i in columns.fixed.kept]
        return self._parts(forms[j], at)
