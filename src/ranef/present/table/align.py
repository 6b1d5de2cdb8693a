"""How the lines of a column stand under each other, in widths of a digit, for every format.

Decimal points stand in line: a number with fewer decimals than the column has is followed by
blanks. Stars and closing brackets hang to the right of their number, over these blanks and into the
space behind them. A whole number ends where a number with the row's decimals ends. A line that is
not one number (an interval, a template, a word longer than the numbers) is free: it ends where the
hanging space ends, and that is made wide enough for the numbers to stand over its middle. A shorter
word ends where the numbers end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ranef.page import cells
from ranef.present.table.record import Line, Piece, Row, TableRecord
from ranef.present.text.numbers import power_of_ten

__all__ = ["ColumnShape", "Placed", "placed", "plain", "shapes"]


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """The space of one column in widths of a digit.

    Attributes
    ----------
    decimals : int
        The most of any number.
    numbers : int
        The widest number, with the bracket before it and the blanks behind it.
    marks : int
        The widest text that hangs behind a number's blanks.
    intervals, words : int
        The widest free lines, with numbers in them and without.
    before : int
        The most that stands before a decimal point, if whole numbers end there.
    """

    decimals: int
    numbers: int
    marks: int
    intervals: int
    words: int
    before: int = 0

    @property
    def excess(self) -> int:
        """Half of what intervals are wider than the numbers."""
        return max(0, (self.intervals - self.numbers) // 2)

    @property
    def hang(self) -> int:
        """Behind the numbers: for marks, and so that the numbers are in the middle of intervals."""
        return max(self.marks, self.excess)

    @property
    def width(self) -> int:
        return max(self.numbers + self.hang, self.intervals, self.words)


@dataclass(frozen=True, slots=True)
class Placed:
    """A line in its column.

    Attributes
    ----------
    head : tuple of Piece
        What ends at the number; the whole line if it is free.
    tail : tuple of Piece
        What hangs behind it.
    pad : int
        Decimals that are missing.
    point : bool
        Whether the decimal point is missing too.
    free : bool
    """

    head: Line
    tail: Line
    pad: int
    point: bool
    free: bool

    @property
    def blanks(self) -> int:
        return self.pad + self.point


def plain(line: Line) -> str:
    """The line as text."""
    return "".join(piece.text for piece in line)


def shapes(table: TableRecord) -> list[ColumnShape]:
    """The shape of each column of models."""
    return [_shape(table, j) for j in range(len(table.columns))]


def placed(row: Row, j: int, shape: ColumnShape) -> list[Placed]:
    """The lines of a cell."""
    return [_place(line, row, j, shape) for line in row.cells[j].lines]


def _shape(table: TableRecord, j: int) -> ColumnShape:
    lines = [(row, line) for row in _rows(table) for line in row.cells[j].lines]
    decimals = max((_decimals(_head(line)) for _, line in lines if not _is_free(line)), default=0)
    first = ColumnShape(decimals, 0, 0, 0, 0)
    found = [_place(line, row, j, first) for row, line in lines]
    numbers = max((cells(plain(p.head)) + p.blanks for p in found if not p.free), default=0)
    marks = max((cells(plain(p.tail)) - p.blanks for p in found), default=0)
    free = [
        (cells(plain(p.head)), any(x.kind == "number" for x in p.head)) for p in found if p.free
    ]
    intervals = max((width for width, number in free if number), default=0)
    words = max((width for width, number in free if not number and width > numbers), default=0)
    wholes = (cells(plain(p.head).partition(".")[0]) for p in found if not p.free)
    before = max(wholes, default=0)
    return ColumnShape(decimals, numbers, max(marks, 0), intervals, words, before)


def _rows(table: TableRecord) -> Iterator[Row]:
    for block in table.blocks:
        yield from block.rows


def _place(line: Line, row: Row, j: int, shape: ColumnShape) -> Placed:
    if _is_free(line):
        word = not any(piece.kind == "number" for piece in line)
        fits = word and cells(plain(line)) <= shape.numbers
        return Placed(line, (), 0, False, not fits)
    head = _head(line)
    tail = line[len(head) :]
    number = head[-1].text
    if isinstance(row.cells[j].value, int):
        return Placed(head, tail, max(shape.decimals - row.decimals, 0), False, False)
    if power_of_ten(number) is not None:
        return Placed(head, tail, 0, False, False)
    point = shape.decimals > 0 and "." not in number
    return Placed(head, tail, shape.decimals - _decimals(head), point, False)


def _is_free(line: Line) -> bool:
    """Whether a line is anything but a number, perhaps behind a bracket and before marks."""
    at = [k for k, piece in enumerate(line) if piece.kind == "number"]
    return len(at) != 1 or len(plain(line[: at[0]])) > 1


def _head(line: Line) -> Line:
    at = next(k for k, piece in enumerate(line) if piece.kind == "number")
    return line[: at + 1]


def _decimals(head: Line) -> int:
    text: Piece = head[-1]
    return len(text.text.partition(".")[2]) if power_of_ten(text.text) is None else 0
