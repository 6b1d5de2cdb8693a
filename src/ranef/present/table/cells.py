"""The numbers of a cell as text, the same in every format."""

from __future__ import annotations

import math

from ranef.present.table.record import Cell
from ranef.present.text.numbers import estimate_text, figure

__all__ = ["cell_text", "error_text"]


def cell_text(cell: Cell, decimals: int) -> str:
    """The number or word of a cell, without stars."""
    if cell.value is None:
        return ""
    if isinstance(cell.value, (int, str)):
        return str(cell.value)
    if math.isnan(cell.value):
        return "dropped"
    if cell.std_error is not None:
        return estimate_text(cell.value, cell.std_error, decimals)
    return figure(cell.value, decimals)


def error_text(cell: Cell, decimals: int) -> str:
    """The standard error of a cell without brackets, empty where it has none."""
    return "" if cell.std_error is None else figure(cell.std_error, decimals)
