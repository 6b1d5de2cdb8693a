"""The table in Markdown (the pipe tables of GitHub, Quarto and pandoc)."""

from __future__ import annotations

from ranef.page import cells, padded
from ranef.present.table.record import Cell, Line, Piece, TableRecord
from ranef.present.table.said import caption_lines, label_line, note_lines

__all__ = ["render_markdown"]

_SPECIAL = "\\`*_[]<>|~#"


def render_markdown(table: TableRecord) -> str:
    """Pipe table with columns padded, then the notes, one paragraph each."""
    grid = [["", *_heads(table)]]
    if table.responses:
        grid.append(["Response", *map(escape_markdown, table.responses)])
    for block in table.blocks:
        for row in block.rows:
            grid.append([_said(label_line(table, row.label)), *map(_cell, row.cells)])
    widths = [max(4, *(cells(line[j]) for line in grid)) for j in range(len(grid[0]))]
    rules = [":" + "-" * (widths[0] - 1), *("-" * (w - 1) + ":" for w in widths[1:])]
    number, title = (escape_markdown(text) for text in caption_lines(table))
    above = [f"**{number}**\n"] if number else []
    above += [f"*{title}*\n" if number else f"{title}\n"] if title else []
    lines = [_line(grid[0], widths), _line(rules, widths)]
    lines += [_line(line, widths) for line in grid[1:]]
    notes = [_said(note) for note in note_lines(table)]
    return "\n".join([*above, *lines]) + "".join(f"\n\n{note}" for note in notes) + "\n"


def escape_markdown(text: str) -> str:
    """`text` without any character that Markdown would act on.

    >>> escape_markdown("a|b_c")
    'a\\\\|b\\\\_c'
    """
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in " ".join(text.split("\n")))


def _heads(table: TableRecord) -> list[str]:
    """The headings; a pipe table has one line for them, so that those above come first."""
    heads = [escape_markdown(label) for label in table.labels]
    for spanner in table.spanners:
        for j in range(spanner.first, spanner.last + 1):
            heads[j] = f"{escape_markdown(spanner.text)}: {heads[j]}"
    return heads


def _cell(cell: Cell) -> str:
    """The lines of a cell beside each other."""
    return " ".join(map(_said, cell.lines))


def _said(line: Line) -> str:
    return "".join(map(_piece, line))


def _piece(piece: Piece) -> str:
    if piece.kind == "symbol":
        return f"*{escape_markdown(piece.text)}*"
    return piece.text if piece.kind == "number" else escape_markdown(piece.text)


def _line(row: list[str], widths: list[int]) -> str:
    first, *rest = (
        padded(text, w) if j == 0 else padded(text, w, "right")
        for j, (text, w) in enumerate(zip(row, widths, strict=True))
    )
    return "| " + " | ".join((first, *rest)) + " |"
