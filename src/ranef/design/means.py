"""Group means that ``within()`` and ``between()`` remember from the training rows."""

from __future__ import annotations

from dataclasses import field

import numpy as np

from ranef.design.grouping import Grouping, learn_grouping
from ranef.frame.table import Table
from ranef.record import record
from ranef.types import Array, Codes

__all__ = ["GroupMeans", "learn_means"]


@record(frozen=True, slots=True)
class GroupMeans:
    """Means of one expression in each training group."""

    grouping: Grouping
    means: Array = field(repr=False)

    def of_rows(self, values: Array, table: Table) -> Array:
        """The mean of each row's group, shape (n,).

        A group that the training rows do not have gets its own mean within `table`.
        """
        codes = self.grouping.encode(table)
        known = codes >= 0
        if known.all():
            return self.means[codes]
        fresh, fresh_codes = learn_grouping(self.grouping.columns, table)
        own = _means(values, fresh_codes, len(fresh))
        of_rows = np.where(fresh_codes >= 0, own[fresh_codes], np.nan)
        return np.where(known, self.means[codes], of_rows)


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
