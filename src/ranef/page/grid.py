"""Rows of cells laid out in columns of text, for every table that ranef prints."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain

from ranef.page.cells import cells, padded
from ranef.page.lines import broken_name, page_width, pieces

__all__ = ["Grid", "grid"]

NARROWEST = 16
"""Cells to which a column of names may shrink."""
NARROWER = 8
"""The same in a table that would be folded otherwise."""

_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), " ")


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows laid out. ``str()`` is the text.

    Attributes
    ----------
    rows : tuple of tuple of str
        The lines of each row: more than one if a name is broken.
    width : int
        Cells of a full line, its indent included.
    blocks : tuple of Grid
        The columns in several tables, one below the other, if all of them are wider than the page;
        else empty.
    """

    rows: tuple[tuple[str, ...], ...]
    width: int
    blocks: tuple[Grid, ...] = ()

    @property
    def lines(self) -> list[str]:
        if not self.blocks:
            return list(chain.from_iterable(self.rows))
        first, *others = (block.lines for block in self.blocks)
        return [*first, *chain.from_iterable(["", *lines] for lines in others)]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def grid(
    rows: Sequence[Sequence[str]],
    left: int | Collection[int] = 1,
    *,
    indent: str = "  ",
    width: int = 0,
    least: int = 0,
    fold: bool = False,
    stub: int | None = None,
) -> Grid:
    """Rows of cells in columns two spaces apart, as wide as the page at most.

    Parameters
    ----------
    rows : sequence of sequence of str
        Each of the same length; the head line, if there is one, is the first of them.
    left : int or collection of int
        The number of columns from the first that hold names, or just these columns. They are flush
        left; the other columns hold numbers, are flush right and keep their width.
    indent : str
        The start of each line.
    width : int
        The width of the page, if not the default one.
    least : int
        Cells of the first column where there is room, so that short tables of a page have their
        numbers in line.
    fold : bool
        Whether columns of numbers move below the others if the table is wider than the page.
    stub : int, optional
        Columns that each block of a folded table begins with; by default those from the first that
        hold names.

    Notes
    -----
    If a row is too long, heads of numbers are broken where names are; then the widest column of
    names shrinks, down to 16 cells, then the next one. A name that no longer fits is broken over
    several lines; the numbers stand beside the last of them. A folded table then has its columns in
    several blocks, each beginning with the names.

    Examples
    --------
    >>> print(grid([["", "n"], ["boys", "5"], ["girls", "12"]], indent=""))
            n
    boys    5
    girls  12
    >>> print(grid([["time:condition[T.late]", "0.25"]], indent="", width=25))
    time:
      condition[T.late]  0.25
    >>> print(grid([["", "n", "mean"], ["girls", "12", "1.5"]], indent="", width=11, fold=True))
            n
    girls  12
    <BLANKLINE>
           mean
    girls   1.5
    """
    names = set(range(left) if isinstance(left, int) else left)
    clean = [[text.translate(_CONTROLS) for text in row] for row in rows]
    room = (width or page_width()) - len(indent)
    widths = _widths(clean, names, room, least, NARROWEST)
    laid = _laid(clean, widths, names, indent)
    if not fold or laid.width - len(indent) <= room:
        return laid
    narrow = _laid(clean, _widths(clean, names, room, least, NARROWER), names, indent)
    if narrow.width - len(indent) <= room:
        return narrow
    kept = _leading(names) if stub is None else stub
    blocks = _folded(widths, kept, room)
    if len(blocks) < 2:
        return laid
    parts = tuple(_part(clean, columns, names, indent, room) for columns in blocks)
    return Grid(laid.rows, max(part.width for part in parts), parts)


def _widths(
    rows: Sequence[Sequence[str]], names: set[int], room: int, least: int, limit: int
) -> list[int]:
    """The width of each column: heads and names give way, the widest first, if the sum is large."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(cells, column)) for column in columns]
    own = widths[0]
    widths[0] = max(own, least)
    over = sum(widths) + 2 * (len(widths) - 1) - room
    if over > 0:
        over -= widths[0] - own
        widths[0] = own
    narrow = {j: _without_head(column) for j, column in enumerate(columns) if j not in names}
    while over > 0 and (wide := [j for j in narrow if widths[j] > narrow[j]]):
        widths[max(wide, key=lambda j: widths[j] - narrow[j])] -= 1
        over -= 1
    while over > 0 and (wide := [j for j in names if widths[j] > limit]):
        widths[max(wide, key=widths.__getitem__)] -= 1
        over -= 1
    return widths


def _without_head(column: Sequence[str]) -> int:
    """The width of a column of numbers if its head is broken where names are."""
    head, *body = column
    return max(map(cells, [*body, *(piece.rstrip() for piece in pieces(head)), ""]))


def _leading(names: set[int]) -> int:
    """Columns of names from the first."""
    return next(j for j in range(len(names) + 1) if j not in names)


def _folded(widths: Sequence[int], kept: int, room: int) -> list[list[int]]:
    """Columns of each block, so that none is wider than the page if that can be."""
    start = sum(widths[:kept]) + 2 * (kept - 1)
    blocks: list[list[int]] = []
    used = 0
    for j in range(kept, len(widths)):
        if not blocks or used + 2 + widths[j] > room:
            blocks.append(list(range(kept)))
            used = start
        blocks[-1].append(j)
        used += 2 + widths[j]
    return blocks


def _part(
    rows: Sequence[Sequence[str]], columns: Sequence[int], names: set[int], indent: str, room: int
) -> Grid:
    """Some of the columns as a table, with names as wide as there is room."""
    own = {k for k, j in enumerate(columns) if j in names}
    shown = [[row[j] for j in columns] for row in rows]
    return _laid(shown, _widths(shown, own, room, 0, NARROWEST), own, indent)


def _laid(
    rows: Sequence[Sequence[str]], widths: Sequence[int], names: set[int], indent: str
) -> Grid:
    laid = tuple(_row(row, widths, names, indent) for row in rows)
    return Grid(laid, len(indent) + sum(widths) + 2 * (len(widths) - 1))


def _row(
    row: Sequence[str], widths: Sequence[int], names: set[int], indent: str
) -> tuple[str, ...]:
    """The lines of one row. What is broken ends on the last line, where the numbers stand."""
    stacks = [
        broken_name(text, widths[j]) if j in names else _broken_head(text, widths[j])
        for j, text in enumerate(row)
    ]
    tallest = max(map(len, stacks))
    lines = []
    for line in zip(*([""] * (tallest - len(stack)) + stack for stack in stacks), strict=True):
        fields = (
            padded(text, width, "left" if j in names else "right")
            for j, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        lines.append((indent + "  ".join(fields)).rstrip())
    return tuple(lines)


def _broken_head(text: str, width: int) -> list[str]:
    """The pieces of a head that is wider than its column, in lines."""
    if cells(text) <= width:
        return [text]
    lines = [""]
    for piece in pieces(text):
        if lines[-1] and cells(lines[-1]) + cells(piece.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece
    return lines
