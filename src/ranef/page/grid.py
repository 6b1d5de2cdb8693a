"""Rows of cells laid out in columns of text, for every table that ranef prints."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain

from ranef.page.lines import broken_name, page_width

__all__ = ["Grid", "grid"]

NARROWEST = 16
"""Characters to which a column of names may shrink."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows laid out. ``str()`` is the text.

    Attributes
    ----------
    rows : tuple of tuple of str
        The lines of each row: more than one if a name is broken.
    width : int
        Characters of a full line, its indent included.
    """

    rows: tuple[tuple[str, ...], ...]
    width: int

    @property
    def lines(self) -> list[str]:
        return list(chain.from_iterable(self.rows))

    def __str__(self) -> str:
        return "\n".join(self.lines)


def grid(
    rows: Sequence[Sequence[str]],
    left: int | Collection[int] = 1,
    *,
    indent: str = "  ",
    width: int = 0,
) -> Grid:
    """Rows of cells in columns two spaces apart, as wide as the page at most.

    Parameters
    ----------
    rows : sequence of sequence of str
        Each of the same length; the head line, if there is one, is a row like the others.
    left : int or collection of int
        The number of columns from the first that hold names, or just these columns. They are flush
        left; the other columns hold numbers, are flush right and keep their width.
    indent : str
        The start of each line.
    width : int
        The width of the page, if not the default one.

    Notes
    -----
    If a row is too long, the widest column of names shrinks, down to 16 characters, then the
    next one. A name that no longer fits is broken over several lines; the numbers stand beside the
    last of them.

    Examples
    --------
    >>> print(grid([["", "n"], ["boys", "5"], ["girls", "12"]], indent=""))
            n
    boys    5
    girls  12
    >>> print(grid([["time:condition[T.late]", "0.25"]], indent="", width=25))
    time:
      condition[T.late]  0.25
    """
    names = set(range(left) if isinstance(left, int) else left)
    widths = _widths(rows, names, (width or page_width()) - len(indent))
    laid = tuple(_row(row, widths, names, indent) for row in rows)
    return Grid(laid, len(indent) + sum(widths) + 2 * (len(widths) - 1))


def _widths(rows: Sequence[Sequence[str]], names: set[int], room: int) -> list[int]:
    """The width of each column; names shrink, the widest first, if the sum is too large."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    over = sum(widths) + 2 * (len(widths) - 1) - room
    while over > 0 and (wide := [j for j in names if widths[j] > NARROWEST]):
        widths[max(wide, key=widths.__getitem__)] -= 1
        over -= 1
    return widths


def _row(
    row: Sequence[str], widths: Sequence[int], names: set[int], indent: str
) -> tuple[str, ...]:
    """The lines of one row. Broken names end on the last line, where the numbers stand."""
    stacks = [broken_name(text, widths[j]) if j in names else [text] for j, text in enumerate(row)]
    tallest = max(map(len, stacks))
    lines = []
    for line in zip(*([""] * (tallest - len(stack)) + stack for stack in stacks), strict=True):
        cells = (
            text.ljust(width) if j in names else text.rjust(width)
            for j, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        lines.append((indent + "  ".join(cells)).rstrip())
    return tuple(lines)
