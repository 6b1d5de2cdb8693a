"""A chapter of the study as text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from ranef.page import page_width, paragraph

__all__ = ["Chapter", "cited", "grid", "prose", "shown"]

_WIDEST = 92


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading and blocks of text with empty lines between them; ``str()`` is the page."""

    title: str
    blocks: tuple[str, ...]

    def __str__(self) -> str:
        heading = f"{self.title}\n{'=' * len(self.title)}"
        return "\n\n".join((heading, *self.blocks)) + "\n"


def _width() -> int:
    return min(_WIDEST, page_width())


def prose(text: str) -> str:
    """`text` as one paragraph, whatever its line breaks."""
    return "\n".join(paragraph(" ".join(text.split()), width=_width()))


def cited(formula: str, verdict: str) -> str:
    """A formula and, under it, the verdict on its fit."""
    margin = " " * 8
    lines = paragraph(verdict, margin, margin, width=_width())
    return "\n".join((f"    {formula}", *lines))


def shown(text: str) -> str:
    """Output of a program, set in by four columns."""
    return textwrap.indent(text, "    ", lambda line: bool(line.strip()))


def grid(rows: Sequence[Sequence[str]]) -> str:
    """Rows of a table, head line first: the first column flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if j else cell.ljust(width)
            for j, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return shown("\n".join((lines[0], "-" * (sum(widths) + 2 * len(widths) - 2), *lines[1:])))
