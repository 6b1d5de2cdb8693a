"""Whether the tables of sums are of the same rows, which one query after the other has read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranef.errors import DataError
from ranef.page.phrases import count
from ranef.streams.source import RawSums
from ranef.sums.plan import Plan
from ranef.sums.sums import COUNT, column_of_sums

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["check_same_rows"]

SAME = 1e-8
"""Of the size of a sum: what two ways of adding the same rows may differ by."""


def check_same_rows(plan: Plan, raw: RawSums, used: int) -> None:
    """Refuse tables of other rows: a query that draws at random, or a file that was replaced.

    Parameters
    ----------
    plan : Plan
    raw : RawSums
    used : int
        Rows of the first table.

    Raises
    ------
    DataError
    """
    if used > raw.n_total:
        raise _changed(f"{count(raw.n_total, 'row')} in all, and then {used:,} complete ones")
    first = raw.cells[0]
    for table in (*raw.cells[1:], *raw.pairs):
        rows = int(np.sum(np.asarray(table.column(COUNT).to_numpy(zero_copy_only=False))))
        if rows != used:
            raise _changed(f"{count(used, 'row')}, and then {rows:,}")
        for i in range(len(plan.columns)):
            for j in range(i, len(plan.columns)):
                if not _agree(first, table, i, j):
                    raise _changed(f"two sums of {plan.columns[i].text} * {plan.columns[j].text}")


def _agree(one: pa.Table, other: pa.Table, i: int, j: int) -> bool:
    """Whether two tables have the same sum of a product, if both have one."""
    here, there = column_of_sums(one, i, j), column_of_sums(other, i, j)
    left, right = column_of_sums(one, i, i), column_of_sums(one, j, j)
    if here is None or there is None or left is None or right is None:
        return True
    size = float(np.sqrt(left.sum() * right.sum()))
    return abs(float(here.sum()) - float(there.sum())) <= SAME * size


def _changed(found: str) -> DataError:
    return DataError(
        "the rows were not the same from one query to the next",
        found=found,
        fix="do not change the data while they are summed; if rows are drawn at random, write them "
        "to a file or a table first, and scan that",
    )
