"""The table as plain text: estimates over standard errors, decimal points in line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ranef.page import broken_name, cells, padded, page_width, paragraph
from ranef.present.table.align import ColumnShape, Placed, placed, plain, shapes
from ranef.present.table.panels import balanced, widened
from ranef.present.table.record import Row, TableRecord
from ranef.present.table.said import caption_lines, note_lines

__all__ = ["render_text"]

_NARROWEST_NOTE = 72
_NARROWEST_STUB = 20  # characters to which the column of names may shrink
_GAP = "  "


@dataclass(frozen=True, slots=True)
class _Layout:
    """Widths in characters, and the columns of each panel.

    Attributes
    ----------
    shapes : list of ColumnShape
    hangs : list of int
        Behind the numbers of each column.
    bodies, widths : list of int
        Of the numbers with what hangs behind them, and of the columns.
    heads : list of list of list of str
        The lines of the headings and of the responses, by column.
    stub : int
    panels : list of list of int
    """

    shapes: list[ColumnShape]
    hangs: list[int]
    bodies: list[int]
    widths: list[int]
    heads: list[list[list[str]]]
    stub: int
    panels: list[list[int]]

    @property
    def width(self) -> int:
        """Of the widest panel."""
        return max(self.stub + sum(len(_GAP) + self.widths[j] for j in p) for p in self.panels)


def render_text(table: TableRecord) -> str:
    """Lines no longer than the page: headings and names are broken, then columns stand below."""
    layout = _layout(table)
    number, title = caption_lines(table)
    lines = [line for text in (number, title) if text for line in paragraph(text)]
    lines += [""] if lines and number else []
    for k, columns in enumerate(layout.panels):
        lines += [""] if k else []
        lines += _panel(table, layout, columns)
    width = min(page_width(), max(layout.width, _NARROWEST_NOTE))
    for note in note_lines(table):
        lines += paragraph(plain(note), width=width)
    return "\n".join(lines)


def _layout(table: TableRecord) -> _Layout:
    made, page = shapes(table), page_width()
    hangs = _hangs(table, made)
    bodies = [_width(shape, hang) for shape, hang in zip(made, hangs, strict=True)]
    labels = [row.label for block in table.blocks for row in block.rows]
    stub = max(map(cells, [*labels, "Response" if table.responses else ""]), default=0)
    texts = [table.labels, *([table.responses] if table.responses else [])]
    for wrap in (False, True):
        heads = [
            [
                _wrapped(text, width) if wrap else [text]
                for text, width in zip(t, bodies, strict=True)
            ]
            for t in texts
        ]
        widths = [
            max([body, *(cells(line) for lines in heads for line in lines[j])])
            for j, body in enumerate(bodies)
        ]
        needs = [max(map(cells, spanner.text.split())) for spanner in table.spanners]
        widths = [round(w) for w in widened(widths, table.spanners, needs, len(_GAP))]
        spaced = [width + len(_GAP) for width in widths]
        if stub + sum(spaced) <= page:
            break
    least = min(stub, _NARROWEST_STUB)
    panels = balanced(spaced, page - least)
    widest = max(sum(spaced[j] for j in columns) for columns in panels)
    return _Layout(made, hangs, bodies, widths, heads, min(stub, max(least, page - widest)), panels)


def _hangs(table: TableRecord, made: Sequence[ColumnShape]) -> list[int]:
    """The space behind the numbers of each column: a blank before the stars is part of it."""
    marks = [
        cells(piece.text)
        for block in table.blocks
        for row in block.rows
        for cell in row.cells
        for line in cell.lines
        for piece in line
        if piece.kind == "stars"
    ]
    longest = max(marks, default=0)
    stars = 1 + max(longest, 3) if longest else 0
    return [max(shape.hang, stars) for shape in made]


def _width(shape: ColumnShape, hang: int) -> int:
    return max(shape.width, shape.numbers + hang)


def _wrapped(heading: str, width: int) -> list[str]:
    """The words of a heading in lines, if it is wider than its column."""
    return (
        paragraph(heading, width=width, whole_words=True) if cells(heading) > width else [heading]
    )


def _panel(table: TableRecord, layout: _Layout, columns: Sequence[int]) -> Iterator[str]:
    own, stub = [layout.widths[j] for j in columns], layout.stub
    width = stub + sum(own) + len(_GAP) * len(own)
    yield "=" * width
    yield from _spanners(table, columns, stub, own)
    for name, lines in zip(("", "Response"), layout.heads, strict=False):
        tallest = max((len(lines[j]) for j in columns), default=0)
        for k in range(tallest):
            texts = [[*[""] * (tallest - len(lines[j])), *lines[j]][k] for j in columns]
            said = [padded(t, w, "center") for t, w in zip(texts, own, strict=True)]
            yield _joined(name if k == tallest - 1 else "", said, stub)
    for block in table.blocks:
        rows = [row for row in block.rows if _shown(row, columns)]
        if rows:
            yield "-" * width
        for row in rows:
            yield from _row(row, layout, columns)
    yield "=" * width


def _row(row: Row, layout: _Layout, columns: Sequence[int]) -> Iterator[str]:
    """The lines of a row; a name that is broken ends where the numbers begin."""
    cells_of = [
        [_laid(p, layout.hangs[j], layout.bodies[j]) for p in placed(row, j, layout.shapes[j])]
        for j in columns
    ]
    *above, last = broken_name(row.label, layout.stub)
    yield from above
    for k in range(row.height):
        texts = [
            padded(
                lines[k] if k < len(lines) else " " * layout.bodies[j], layout.widths[j], "center"
            )
            for lines, j in zip(cells_of, columns, strict=True)
        ]
        yield _joined("" if k else last, texts, layout.stub)


def _shown(row: Row, columns: Sequence[int]) -> bool:
    """Whether a row says something in these columns, or nothing in any."""
    filled = [not cell.is_empty for cell in row.cells]
    return any(filled[j] for j in columns) or not any(filled)


def _joined(name: str, texts: Sequence[str], stub: int) -> str:
    return _GAP.join([padded(name, stub), *texts]).rstrip()


def _laid(p: Placed, hang: int, width: int) -> str:
    """A line as wide as the column of numbers, its number in line with those above."""
    if p.free:
        return padded(plain(p.head), width, "right")
    tail = plain(p.tail)
    if p.tail and p.tail[0].kind == "stars":
        tail = f" {tail}"
    return padded(plain(p.head) + padded(tail, p.blanks + hang), width, "right")


def _spanners(
    table: TableRecord, columns: Sequence[int], stub: int, widths: Sequence[int]
) -> Iterator[str]:
    """Headings over several columns, each with a rule of its own."""
    if not table.spanners:
        return
    starts = [stub + len(_GAP) * (k + 1) + sum(widths[:k]) for k in range(len(columns))]
    blocks = []
    for spanner in table.spanners:
        inside = [k for k, j in enumerate(columns) if spanner.first <= j <= spanner.last]
        if inside:
            start = starts[inside[0]]
            width = starts[inside[-1]] + widths[inside[-1]] - start
            blocks.append((start, width, _wrapped(spanner.text, width)))
    tallest = max((len(lines) for *_, lines in blocks), default=0)
    for k in range(tallest + 1):
        line = ""
        for start, width, lines in sorted(blocks):
            at = k - (tallest - len(lines))
            text = "-" * width if k == tallest else lines[at] if at >= 0 else ""
            line = padded(line, start) + padded(text, width, "center")
        if line:
            yield line.rstrip()
