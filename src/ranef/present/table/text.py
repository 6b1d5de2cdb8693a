"""The table as plain text: estimates over standard errors, decimal points in line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ranef.page import broken_name, cells, padded, page_width, paragraph
from ranef.present.table.align import ColumnShape, Placed, placed, plain, shapes
from ranef.present.table.panels import balanced
from ranef.present.table.record import Row, TableRecord
from ranef.present.table.said import caption_lines, note_lines

__all__ = ["render_text"]

_NARROWEST_NOTE = 72
_NARROWEST_STUB = 20  # characters to which the column of names may shrink
_GAP = "  "


def render_text(table: TableRecord) -> str:
    """Lines no longer than the page: names are broken, then columns stand below the others."""
    made = shapes(table)
    hangs = _hangs(table, made)
    bodies = [_width(shape, hang) for shape, hang in zip(made, hangs, strict=True)]
    heads = [_wrapped(text, width) for text, width in zip(table.labels, bodies, strict=True)]
    widths = [
        max(width, *map(cells, lines), *(cells(r) for r in table.responses[j : j + 1]))
        for j, (width, lines) in enumerate(zip(bodies, heads, strict=True))
    ]
    labels = [row.label for block in table.blocks for row in block.rows]
    stub = max(map(cells, [*labels, "Response" if table.responses else ""]), default=0)
    spaced = [width + len(_GAP) for width in widths]
    least = min(stub, _NARROWEST_STUB)
    panels = balanced(spaced, page_width() - least)
    widest = max((sum(spaced[j] for j in columns) for columns in panels), default=0)
    stub = min(stub, max(least, page_width() - widest))
    number, title = caption_lines(table)
    lines = [line for text in (number, title) if text for line in paragraph(text)]
    lines += [""] if lines and number else []
    width = stub + widest
    for k, columns in enumerate(panels):
        lines += [""] if k else []
        lines += _panel(table, columns, stub, widths, bodies, heads, made, hangs)
    for note in note_lines(table):
        lines += paragraph(plain(note), width=min(page_width(), max(width, _NARROWEST_NOTE)))
    return "\n".join(lines)


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


def _panel(
    table: TableRecord,
    columns: Sequence[int],
    stub: int,
    widths: Sequence[int],
    bodies: Sequence[int],
    heads: Sequence[Sequence[str]],
    made: Sequence[ColumnShape],
    hangs: Sequence[int],
) -> Iterator[str]:
    own = [widths[j] for j in columns]
    width = stub + sum(own) + len(_GAP) * len(own)
    yield "=" * width
    yield from _spanners(table, columns, stub, own)
    tallest = max((len(heads[j]) for j in columns), default=0)
    for k in range(tallest):
        texts = [[*[""] * (tallest - len(heads[j])), *heads[j]][k] for j in columns]
        yield _joined("", [padded(t, w, "center") for t, w in zip(texts, own, strict=True)], stub)
    if table.responses:
        texts = [padded(table.responses[j], widths[j], "center") for j in columns]
        yield _joined("Response", texts, stub)
    for block in table.blocks:
        rows = [row for row in block.rows if _shown(row, columns)]
        if not rows:
            continue
        yield "-" * width
        for row in rows:
            texts_of = [
                [
                    padded(_laid(p, hangs[j], bodies[j]), widths[j], "right")
                    for p in placed(row, j, made[j])
                ]
                for j in columns
            ]
            *above, last = broken_name(row.label, stub)
            yield from above
            for k in range(row.height):
                texts = [lines[k] if k < len(lines) else "" for lines in texts_of]
                filled = [padded(t, w) for t, w in zip(texts, own, strict=True)]
                yield _joined("" if k else last, filled, stub)
    yield "=" * width


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
    said, ruled = "", ""
    for spanner in table.spanners:
        inside = [k for k, j in enumerate(columns) if spanner.first <= j <= spanner.last]
        if not inside:
            continue
        start = starts[inside[0]]
        width = starts[inside[-1]] + widths[inside[-1]] - start
        said = padded(said, start) + padded(spanner.text, width, "center")
        ruled = padded(ruled, start) + "-" * width
    yield from (line.rstrip() for line in (said, ruled) if line)
