"""The random part from sums: its terms, levels, and blocks of cross-products by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ranef.core.given import ColumnsScaling, GroupSums, PairSums
from ranef.design.coding import Coded
from ranef.design.grouping import Grouping, learn_grouping
from ranef.formula import Bar
from ranef.frame import Table
from ranef.sums.cells import Cells
from ranef.sums.fixed import scaling_of_forms
from ranef.sums.forms import Coefficient, Form, Forms, cross, is_one
from ranef.types import Array, Codes

__all__ = ["RandomSums", "by_level", "group_sums", "pair_sums", "z_scaling"]

_CONSTANT = 1e-12
"""Share of a column's mean square; less variation within levels is rounding of the sums."""


class RandomSums:
    """The cells of each grouping factor, as random-effects terms are built from them.

    Parameters
    ----------
    cells : mapping of tuple of str to Cells
        By the columns of the factor.
    forms : callable
        The model matrix of a random part in cells.
    """

    def __init__(self, cells: Mapping[tuple[str, ...], Cells], forms: Any) -> None:
        self.cells = cells
        self._forms = forms
        self._groupings: dict[tuple[str, ...], tuple[Grouping, Codes]] = {}
        self._made: dict[tuple[tuple[str, ...], str], Forms] = {}

    def grouping(self, factors: tuple[str, ...]) -> tuple[Grouping, Codes]:
        """The levels of a grouping factor, and the level of each of its cells."""
        if factors not in self._groupings:
            self._groupings[factors] = learn_grouping(factors, self.cells[factors].table)
        return self._groupings[factors]

    def forms(self, bar: Bar) -> Forms:
        """Z of a random part, in the cells of its factor."""
        key = (bar.factors, bar.text)
        if key not in self._made:
            self._made[key] = self._forms(bar, self.cells[bar.factors])
        return self._made[key]

    def coded(self, bar: Bar) -> Coded:
        return self.forms(bar).coded

    def constant(self, bar: Bar, coded: Coded) -> frozenset[int]:
        """Columns besides the intercept that never vary within a level."""
        grouping, codes = self.grouping(bar.factors)
        cells, columns = self.cells[bar.factors], self.forms(bar).columns
        own = [j for part in coded.term_columns for j in part]
        weights = by_level(cells.sum(0, 0), codes, len(grouping))
        one, flat = Form({0: 1.0}), []
        for j in own:
            first = by_level(cross(columns[j], one, cells), codes, len(grouping))
            second = by_level(cross(columns[j], columns[j], cells), codes, len(grouping))
            if np.all(second - first**2 / weights <= _CONSTANT * max(float(second.sum()), 0.0)):
                flat.append(j)
        return frozenset(flat)

    def table(self, bar: Bar) -> Table:
        return self.cells[bar.factors].table


def z_scaling(forms: Sequence[Form], cells: Cells) -> ColumnsScaling:
    """Shifts and scales of the columns of a term; its intercept, if there is one, takes them up."""
    intercept = next((j for j, form in enumerate(forms) if is_one(form)), -1)
    return scaling_of_forms(forms, cells, intercept, float(np.sum(cells.sum(0, 0))))


def group_sums(
    z: Sequence[Form], x: Sequence[Form], cells: Cells, codes: Codes, n_levels: int
) -> GroupSums:
    """Z'WZ and Z'W[X y] of each level."""
    q = len(z)
    random = np.empty((n_levels, q, q))
    for i in range(q):
        for j in range(i + 1):
            random[:, i, j] = random[:, j, i] = by_level(cross(z[i], z[j], cells), codes, n_levels)
    fixed = np.empty((n_levels, q, len(x)))
    for i in range(q):
        for j, form in enumerate(x):
            fixed[:, i, j] = by_level(cross(z[i], form, cells), codes, n_levels)
    return GroupSums(random, fixed)


def pair_sums(
    first: tuple[int, Sequence[Form], Codes, int],
    second: tuple[int, Sequence[Form], Codes],
    cells: Cells,
) -> PairSums:
    """Z_1'W Z_2 where levels of two factors meet."""
    g, left, own, n_levels = first
    h, right, other = second
    order = np.lexsort((other, own))
    a, b = own[order], other[order]
    new = np.ones(a.size, dtype=np.bool_)
    new[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    starts = np.flatnonzero(new)
    values = np.empty((starts.size, len(left), len(right)))
    for i, z in enumerate(left):
        for j, w in enumerate(right):
            of_cells = np.broadcast_to(cross(z, w, cells), own.shape)[order]
            values[:, i, j] = np.add.reduceat(of_cells, starts)
    counts = np.bincount(a[starts], minlength=n_levels)
    return PairSums(
        g, h, np.concatenate([[0], np.cumsum(counts)]), b[starts].astype(np.int32), values
    )


def by_level(values: Coefficient, codes: Codes, n_levels: int) -> Array:
    """Sums over the cells of each level."""
    spread = np.broadcast_to(values, codes.shape)
    return np.bincount(codes, weights=spread, minlength=n_levels).astype(np.float64)
