"""Tables of sums by cell: added up, and brought to other shifts and scales."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    made = made.rename_columns([name.removesuffix("_sum") for name in made.column_names])
    made = made.select([*keys, *sums])
    return made.sort_by([(key, "ascending") for key in keys]) if keys else made


def rebased(table: pa.Table, ratios: Array, moves: Array) -> pa.Table:
    """Sums of columns u become those of ratio * u + move * 1.

    Parameters
    ----------
    table : Table
        The constant is column 0.
    ratios, moves : ndarray, shape (c,)
        1 and 0 for the constant.
    """
    if np.all(ratios == 1.0) and np.all(moves == 0.0):
        return table
    out = table
    for name in table.column_names:
        if not name.startswith("s "):
            continue
        i, j = map(int, name.split()[1:])
        total: Any = 0.0
        for a, b, factor in _terms(i, j, ratios, moves):
            if factor != 0.0:
                own = column_of_sums(table, a, b)
                assert own is not None, "every table has the sums with the constant"
                total = total + factor * own
        out = _with(out, name, total)
    return out


def _terms(i: int, j: int, ratios: Array, moves: Array) -> Iterable[tuple[int, int, float]]:
    """The sums that make up that of a product of two changed columns."""
    yield i, j, float(ratios[i] * ratios[j])
    yield i, 0, float(ratios[i] * moves[j])
    yield 0, j, float(moves[i] * ratios[j])
    yield 0, 0, float(moves[i] * moves[j])


def _with(table: pa.Table, name: str, values: Array) -> pa.Table:
    import pyarrow as pa

    return table.set_column(table.column_names.index(name), name, pa.array(values))
