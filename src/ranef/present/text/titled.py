"""A small table of numbers with a heading and notes, as text and as HTML."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ranef.page import grid, paragraph
from ranef.page.html import code, escaped, html_table, notes_html

__all__ = ["table_width", "titled_html", "titled_text"]

_LEAST = 16
"""Cells of the first column, so that short tables of a page have their numbers in line."""


def titled_text(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str] = (),
    left: int | Collection[int] = 1,
) -> str:
    """Head lines, the rows (names flush left, numbers right), notes; as wide as the page.

    Head lines keep their indent.
    """
    wrapped = [line for text in head for line in paragraph(text, rest="    ")]
    sections = ["\n".join(wrapped), str(grid(rows, left, least=_LEAST, fold=True))]
    if notes:
        sections.append("\n".join(line for n in notes for line in paragraph(n)))
    return "\n\n".join(sections)


def table_width(rows: Sequence[Sequence[str]]) -> int:
    """Cells that the lines of `rows` need if no name is broken."""
    return grid(rows, 0, least=_LEAST, width=10_000).width


def titled_html(
    title: str,
    formula: str,
    rows: Sequence[Sequence[str]],
    notes: Sequence[str] = (),
    *,
    said: Sequence[str] = (),
    left: int | Collection[int] = 1,
) -> str:
    """The same for notebooks: a title, the formula if there is one, sentences, table and notes."""
    lines = [f"<b>{escaped(title)}</b>", code(formula) if formula else "", *map(escaped, said)]
    return (
        f'<div class="ranef-table"><p style="margin:0.4em 0;max-width:48em">'
        f"{'<br>'.join(line for line in lines if line)}</p>"
        f"{html_table(rows, left)}{notes_html(notes)}</div>"
    )
