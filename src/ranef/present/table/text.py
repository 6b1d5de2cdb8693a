"""The table as plain text: estimates over standard errors, decimal points in line."""

from __future__ import annotations

from ranef.page import cells, grid, padded, page_width, paragraph
from ranef.present.table.cells import cell_text, error_text
from ranef.present.table.record import Cell, TableRecord

__all__ = ["render_text"]

_NARROWEST_NOTE = 72


def render_text(table: TableRecord) -> str:
    """Lines as long as the numbers need; labels and notes wrapped to the page's width."""
    body: list[list[str]] = []
    starts = []  # of the blocks, in rows of `body`
    for block in table.blocks:
        starts.append(len(body))
        for row in block.rows:
            tops = [_aligned(cell_text(c, row.decimals), c.stars) for c in row.cells]
            body.append([row.label, *tops])
            if any(c.std_error is not None for c in row.cells):
                body.append(["", *(_under(c, row.decimals) for c in row.cells)])
    widths = [max(map(cells, column)) for column in zip(*body, strict=True)]
    heads = [padded(label, w, "center") for label, w in zip(table.labels, widths[1:], strict=True)]
    laid = grid([["", *heads], *body], indent="")
    head, *rows = laid.rows
    lines = ["=" * laid.width, *head]
    for k, printed in enumerate(rows):
        lines += ["-" * laid.width, *printed] if k in starts else printed
    lines.append("=" * laid.width)
    for note in (table.legend, *table.notes):
        lines.extend(paragraph(note, width=min(page_width(), max(laid.width, _NARROWEST_NOTE))))
    return "\n".join(lines)


def _aligned(number: str, stars: str) -> str:
    return f"{number} {padded(stars, 3)}" if number else ""


def _under(cell: Cell, decimals: int) -> str:
    text = error_text(cell, decimals)
    return f"({text})   " if text else ""
