"""Tables of sums by cell: added up, and brought to other shifts and scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.types import Array

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "COUNT",
    "added",
    "column_of_sums",
    "key_column",
    "key_name",
    "rebased",
    "sum_name",
    "sum_of",
]

COUNT = "n"
_KEY = "key "


def key_name(column: str) -> str:
    """The column of a table of sums that holds the keys of a column of the data."""
    return f"{_KEY}{column}"


def key_column(name: str) -> str | None:
    """The column of the data whose keys stand in a column of a table of sums, None for sums."""
    return name.removeprefix(_KEY) if name.startswith(_KEY) else None


def sum_name(i: int, j: int) -> str:
    """The column that holds the sum of the product of two columns, by position."""
    return f"s {i} {j}" if i <= j else f"s {j} {i}"


def column_of_sums(table: pa.Table, i: int, j: int) -> Array | None:
    """A column of sums, None if they were not asked for."""
    name = sum_name(i, j)
    if name not in table.column_names:
        return None
    return np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)


def sum_of(table: pa.Table, i: int, j: int) -> float:
    """The sum over all cells of a product that was asked for."""
    found = column_of_sums(table, i, j)
    assert found is not None
    return float(found.sum())


def added(tables: Sequence[pa.Table]) -> pa.Table:
    """The sum of tables with the same columns: one row for each combination of keys, in order."""
    import pyarrow as pa

    together = pa.concat_tables(tables, promote_options="permissive")
    keys = [name for name in together.column_names if name.startswith(_KEY)]
    sums = [name for name in together.column_names if not name.startswith(_KEY)]
    made = together.group_by(keys, use_threads=False).aggregate([(name, "sum") for name in sums])
    plain = [n if n.startswith(_KEY) else n.removesuffix("_sum") for n in made.column_names]
    made = made.rename_columns(plain)
    made = made.select([*keys, *sums])
    return made.sort_by([(key, "ascending") for key in keys]) if keys else made


def rebased(table: pa.Table, change: Array) -> pa.Table:
    """Sums of columns u become those of change @ u.

    Parameters
    ----------
    table : Table
        The constant is column 0.
    change : ndarray, shape (c, c)
        Row k has the coefficients of what takes the place of column k.
    """
    if np.array_equal(change, np.eye(change.shape[0])):
        return table
    out = table
    for name in table.column_names:
        if not name.startswith("s "):
            continue
        i, j = map(int, name.split()[1:])
        total: Any = 0.0
        for a in np.flatnonzero(change[i]):
            for b in np.flatnonzero(change[j]):
                own = column_of_sums(table, int(a), int(b))
                assert own is not None, "every table has the sums that a shift needs"
                total = total + change[i, a] * change[j, b] * own
        out = _with(out, name, total)
    return out


def _with(table: pa.Table, name: str, values: Array) -> pa.Table:
    import pyarrow as pa

    return table.set_column(table.column_names.index(name), name, pa.array(values))
