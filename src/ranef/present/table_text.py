"""The table as plain text: estimates over standard errors, decimal points in line."""

from __future__ import annotations

import math
import textwrap

from .numbers import fixed
from .table import Cell, ComparisonTable

__all__ = ["render_text"]

_GAP = 2
_NARROWEST_NOTE = 72


def cell_text(cell: Cell, decimals: int) -> str:
    """The number of a cell, without stars."""
    if cell.value is None:
        return ""
    if isinstance(cell.value, int):
        return str(cell.value)
    return "dropped" if math.isnan(cell.value) else fixed(cell.value, decimals)


def render_text(table: ComparisonTable) -> str:
    """Lines as long as the table needs; notes wrapped to its width (72 at least)."""
    body: list[tuple[str, list[str]] | None] = []
    for block in table.blocks:
        body.append(None)
        for row in block.rows:
            tops = [_aligned(cell_text(c, row.decimals), c.stars) for c in row.cells]
            body.append((row.label, tops))
            if any(c.std_error is not None for c in row.cells):
                body.append(("", [_under(c, row.decimals) for c in row.cells]))
    stub = max((len(line[0]) for line in body if line), default=0)
    widths = [
        max([len(label), *(len(line[1][j]) for line in body if line)])
        for j, label in enumerate(table.labels)
    ]
    total = stub + sum(w + _GAP for w in widths)
    heads = [label.center(w) for label, w in zip(table.labels, widths, strict=True)]
    lines = ["=" * total, _line("", heads, stub)]
    for line in body:
        if line is None:
            lines.append("-" * total)
        else:
            cells = [text.rjust(w) for text, w in zip(line[1], widths, strict=True)]
            lines.append(_line(line[0], cells, stub))
    lines.append("=" * total)
    for note in (table.legend, *table.notes):
        lines.extend(textwrap.wrap(note, max(total, _NARROWEST_NOTE)))
    return "\n".join(lines)


def _aligned(number: str, stars: str) -> str:
    return f"{number} {stars:<3}" if number else ""


def _under(cell: Cell, decimals: int) -> str:
    if cell.std_error is None:
        return ""
    return f"({fixed(cell.std_error, decimals)})   "


def _line(label: str, cells: list[str], stub: int) -> str:
    gap = " " * _GAP
    return (label.ljust(stub) + "".join(gap + cell for cell in cells)).rstrip()
