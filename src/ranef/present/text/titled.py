"""A small table of numbers with a heading and notes, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.page import grid, paragraph
from ranef.page.html import escaped, html_table, notes_html

__all__ = ["table_width", "titled_html", "titled_text"]

_LEAST = 16
"""Characters of the first column, so that short tables of a page have their numbers in line."""


def titled_text(
    head: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> str:
    """Head lines, the rows (names flush left, numbers right), notes; as wide as the page."""
    wrapped = [line for text in head for line in paragraph(text, rest="    ")]
    sections = ["\n".join(wrapped), str(grid(_padded(rows)))]
    if notes:
        sections.append("\n".join(line for n in notes for line in paragraph(n)))
    return "\n\n".join(sections)


def table_width(rows: Sequence[Sequence[str]]) -> int:
    """Characters that the lines of `rows` need if no name is broken."""
    return grid(_padded(rows), 0).width


def titled_html(
    title: str, formula: str, rows: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> str:
    """The same for notebooks."""
    return (
        f"<div><p><b>{escaped(title)}</b><br><code>{escaped(formula)}</code></p>"
        f"{html_table(rows)}{notes_html(notes)}</div>"
    )


def _padded(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[row[0].ljust(_LEAST), *row[1:]] for row in rows]
