"""What the first batch of rows tells: whether a category of the fixed part is one."""

from __future__ import annotations

import numpy as np

from ranef.formula.plain import plain_names
from ranef.frame import Table
from ranef.streams.checks import fixed_categories, place_of, too_many_levels
from ranef.streams.odd_cells import odd_in_texts
from ranef.streams.preflight import MANY_LEVELS, MOST_LEVELS
from ranef.streams.schema import ColumnType
from ranef.sums.plan import Plan

__all__ = ["check_first"]


def check_first(plan: Plan, table: Table) -> None:
    """Refuse a category of the fixed part that has a value of its own in most rows.

    Parameters
    ----------
    plan : Plan
    table : Table
        The complete rows of the first batch.

    Raises
    ------
    DataError
    """
    for name in fixed_categories(plan):
        column = table[name]
        levels = np.unique(column.values).size
        if levels <= MANY_LEVELS or (levels <= MOST_LEVELS and levels <= table.n_rows / 2):
            continue
        if column.kind == "factor" and name in plain_names(plan.formula):
            texts = np.asarray(column.levels, dtype=object)[column.values]
            kind = ColumnType("factor", column.source_type)
            odd = odd_in_texts(texts, name, kind, place_of(plan, name))
            if odd is not None:
                raise odd
        raise too_many_levels(plan, name, f"{levels:,} values in the first {table.n_rows:,} rows")
