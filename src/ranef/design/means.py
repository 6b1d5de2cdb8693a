"""Group means that ``within()`` and ``between()`` remember.

They are over all rows of the data that have the variable and the group, also those that the fit
leaves out because something else is missing there: the mean of a predictor in a school does not
depend on who answered (Enders and Tofighi 2007). ``ranef.center`` takes the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ranef.design.grouping import Grouping, learn_grouping
from ranef.formula.nodes import Call
from ranef.formula.render import to_text
from ranef.frame.missing import missing_in
from ranef.frame.table import Table
from ranef.types import Array, Codes

__all__ = ["GroupMeans", "learn_means", "mean_column"]


def mean_column(call: Call) -> str:
    """The column of new data that holds the means of groups that the fit does not know.

    It is called as the coefficient of that mean is, ``"between(ses, sch.id)"``, for
    ``within(ses, sch.id)`` too.
    """
    return to_text(replace(call, function="between"))


@dataclass(frozen=True, slots=True)
class GroupMeans:
    """Means of one expression in each group."""

    grouping: Grouping
    means: Array = field(repr=False)

    def of_rows(self, table: Table, given: Array | None) -> tuple[Array, NDArray[np.bool_]]:
        """The mean of each row's group, and the rows whose mean is not known.

        Parameters
        ----------
        table : Table
            It may lack the grouping columns where means are given.
        given : ndarray or None, shape (n,)
            Means for groups that the fit does not know.

        Returns
        -------
        means : ndarray, shape (n,)
            NaN where the group is missing or its mean not known.
        unknown : ndarray of bool, shape (n,)
            Rows of a group whose mean is neither known nor given.
        """
        columns = self.grouping.columns
        if given is not None and not all(name in table for name in columns):
            return np.array(given), np.zeros(table.n_rows, dtype=np.bool_)
        codes = self.grouping.encode(table)
        of_rows = np.where(codes >= 0, self.means[codes], np.nan)
        absent = np.isnan(of_rows)
        if not absent.any():
            return of_rows, absent
        if given is not None:
            return np.where(absent, given, of_rows), np.zeros_like(absent)
        for name in columns:
            absent &= ~missing_in(table[name])
        return of_rows, absent


def learn_means(values: Array, columns: tuple[str, ...], table: Table) -> GroupMeans:
    """Means of `values` over the groups that `columns` form in `table`."""
    grouping, codes = learn_grouping(columns, table)
    return GroupMeans(grouping, _means(values, codes, len(grouping)))


def _means(values: Array, codes: Codes, n_levels: int) -> Array:
    """Mean of each level over its non-missing values, in two passes against cancellation."""
    if n_levels == 0:
        return np.full(1, np.nan)
    use = (codes >= 0) & ~np.isnan(values)
    if not use.all():
        values, codes = values[use], codes[use]
    count = np.bincount(codes, minlength=n_levels)
    with np.errstate(invalid="ignore"):
        rough = np.bincount(codes, weights=values, minlength=n_levels) / count
        rest = np.bincount(codes, weights=values - rough[codes], minlength=n_levels) / count
    return rough + rest
