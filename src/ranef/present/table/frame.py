"""The numbers of a table as a frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ranef.present.table.record import Cell, TableRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["render_frame"]


def render_frame(table: TableRecord) -> pd.DataFrame:
    """One row a row of the table, the numbers of each model unrounded."""
    import pandas as pd

    rows = [(block.name, row) for block in table.blocks for row in block.rows]
    more = dict.fromkeys(name for _, row in rows for cell in row.cells for name in cell.more)
    parts = ["estimate", "std_error", *more]
    index = pd.MultiIndex.from_tuples(
        [(block, row.name or row.label) for block, row in rows], names=["block", "row"]
    )
    columns = pd.MultiIndex.from_tuples(
        [(label, part) for label in _names(table) for part in parts], names=["model", "part"]
    )
    numbers = [[_number(cell, part) for cell in row.cells for part in parts] for _, row in rows]
    return pd.DataFrame(numbers, index=index, columns=columns, dtype=float)


def _names(table: TableRecord) -> list[str]:
    """The headings; with those above them if they repeat."""
    names = list(table.labels)
    if len(set(names)) == len(names):
        return names
    for spanner in table.spanners:
        for j in range(spanner.first, spanner.last + 1):
            names[j] = f"{spanner.text}: {names[j]}"
    return names


def _number(cell: Cell, part: str) -> float:
    value = {"estimate": cell.value, "std_error": cell.std_error}.get(part, cell.more.get(part))
    return math.nan if value is None or isinstance(value, str) else float(value)
