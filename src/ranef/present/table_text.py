"""The table as plain text: estimates over standard errors, decimal points in line."""

from __future__ import annotations

import math

from ..page import broken_name, page_width, paragraph
from .numbers import estimate_text, figure
from .table import Cell, ComparisonTable

__all__ = ["cell_text", "error_text", "render_text"]

_GAP = 2
_NARROWEST_NOTE = 72
_NARROWEST_STUB = 16


def cell_text(cell: Cell, decimals: int) -> str:
    """The number of a cell, without stars."""
    if cell.value is None:
        return ""
    if isinstance(cell.value, int):
        return str(cell.value)
    if math.isnan(cell.value):
        return "dropped"
    if cell.std_error is not None:
        return estimate_text(cell.value, cell.std_error, decimals)
    return figure(cell.value, decimals)


def error_text(cell: Cell, decimals: int) -> str:
    """The standard error of a cell without brackets, empty where it has none."""
    return "" if cell.std_error is None else figure(cell.std_error, decimals)


def render_text(table: ComparisonTable) -> str:
    """Lines as long as the numbers need; labels and notes wrapped to the page's width."""
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
    numbers = sum(w + _GAP for w in widths)
    stub = min(stub, max(_NARROWEST_STUB, page_width() - numbers))
    total = stub + sum(w + _GAP for w in widths)
    heads = [label.center(w) for label, w in zip(table.labels, widths, strict=True)]
    lines = ["=" * total, _line("", heads, stub)]
    for line in body:
        if line is None:
            lines.append("-" * total)
        else:
            cells = [text.rjust(w) for text, w in zip(line[1], widths, strict=True)]
            *above, last = broken_name(line[0], stub)
            lines += [*above, _line(last, cells, stub)]
    lines.append("=" * total)
    for note in (table.legend, *table.notes):
        lines.extend(paragraph(note, width=min(page_width(), max(total, _NARROWEST_NOTE))))
    return "\n".join(lines)


def _aligned(number: str, stars: str) -> str:
    return f"{number} {stars:<3}" if number else ""


def _under(cell: Cell, decimals: int) -> str:
    if cell.std_error is None:
        return ""
    return f"({error_text(cell, decimals)})   "


def _line(label: str, cells: list[str], stub: int) -> str:
    gap = " " * _GAP
    return (label.ljust(stub) + "".join(gap + cell for cell in cells)).rstrip()
