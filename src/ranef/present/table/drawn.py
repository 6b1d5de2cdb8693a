"""The coefficients of a table as its picture takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranef.present.table.record import Cell, Coefficient, ModelColumn, TableRecord

if TYPE_CHECKING:
    from ranef.present.plots.coefficients import Estimates

__all__ = ["drawn_coefficients"]


def drawn_coefficients(table: TableRecord) -> list[Estimates]:
    """The rows of coefficients that a model has an estimate of, in their order."""
    from ranef.present.plots.coefficients import Estimates

    found = []
    rows = [row for block in table.blocks if block.name == "coefficients" for row in block.rows]
    for row in rows:
        own = [_of(cell, column) for cell, column in zip(row.cells, table.columns, strict=True)]
        numbers = [(np.nan,) * 3 if c is None else (c.estimate, c.std_error, c.df) for c in own]
        estimate, error, df = np.array(numbers, dtype=np.float64).T
        if np.isfinite(estimate).any():
            name = getattr(row, "name", "") or row.label
            found.append(Estimates(name, row.label, estimate, error, df))
    return found


def _of(cell: Cell, column: ModelColumn) -> Coefficient | None:
    """The coefficient that a cell shows."""
    for found in (*column.coefficients.values(), *column.parts.values()):
        if found.estimate == cell.value and found.std_error == cell.std_error:
            return found
    return None
