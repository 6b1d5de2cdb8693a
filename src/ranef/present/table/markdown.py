"""The table in Markdown (the pipe tables of GitHub, Quarto and pandoc)."""

from __future__ import annotations

from ranef.page import cells, padded
from ranef.present.table.cells import cell_text, error_text
from ranef.present.table.record import Cell, TableRecord

__all__ = ["render_markdown"]

_SPECIAL = "\\`*_[]<>|~#"


def render_markdown(table: TableRecord) -> str:
    """Pipe table with columns padded, then the notes, one paragraph each."""
    grid = [["", *(escape_markdown(label) for label in table.labels)]]
    for block in table.blocks:
        for row in block.rows:
            grid.append(
                [escape_markdown(row.label), *(_cell(cell, row.decimals) for cell in row.cells)]
            )
    widths = [max(4, *(cells(line[j]) for line in grid)) for j in range(len(grid[0]))]
    rules = [":" + "-" * (widths[0] - 1), *("-" * (w - 1) + ":" for w in widths[1:])]
    lines = [_line(grid[0], widths), _line(rules, widths)]
    lines += [_line(line, widths) for line in grid[1:]]
    notes = [escape_markdown(note) for note in (table.legend, *table.notes) if note]
    return "\n".join(lines) + "".join(f"\n\n{note}" for note in notes) + "\n"


def escape_markdown(text: str) -> str:
    """`text` without any character that Markdown would act on.

    >>> escape_markdown("a|b_c")
    'a\\\\|b\\\\_c'
    """
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in text)


def _cell(cell: Cell, decimals: int) -> str:
    text = cell_text(cell, decimals)
    text = escape_markdown(text) if isinstance(cell.value, str) else text
    text += escape_markdown(cell.stars)
    error = error_text(cell, decimals)
    return f"{text} ({error})" if error else text


def _line(row: list[str], widths: list[int]) -> str:
    first, *rest = (
        padded(text, width, "left" if j == 0 else "right")
        for j, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "| " + " | ".join((first, *rest)) + " |"
