"""The table as a Word document, in the three-line style of journals.

The columns are as wide as what stands in them, with numbers at a decimal tab; a table that is too
wide has smaller letters, then a turned page, then its columns in panels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ranef.errors import MissingLibraryError
from ranef.page.html import minus
from ranef.present.table.align import ColumnShape, Placed, placed, shapes
from ranef.present.table.measure import DIGIT, heading_em, stub_em
from ranef.present.table.panels import balanced, widened
from ranef.present.table.record import Line, Piece, Row, TableRecord
from ranef.present.table.said import caption_lines, label_line, note_lines
from ranef.present.table.word import (
    border,
    caption_paragraph,
    decimal_tab,
    fixed_columns,
    number_field,
    repeated_head,
    spaced,
    styled,
    text_style,
    turned_page,
    unbroken,
)
from ranef.present.text.numbers import power_of_ten

if TYPE_CHECKING:
    from docx.table import _Cell

__all__ = ["render_docx"]

_SIZES = (10.0, 9.0, 8.0, 7.0)  # points of the letters
_PAD = 0.45  # em on both sides of a cell
_WIDEST_STUB = 18.0
_LINES = 45  # of a table that is kept on one page
_OF_NOTES = 0.85  # of the size of the letters
_BROAD = (1.2, 1.1)  # of text in broad letters, and in Cambria, to text in Times
_TEXT, _NOTE = "Table text", "Table note"
"""Styles, by which the letters of all tables can be changed."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Letters in points and how broad they may be, columns in em, and those of each panel."""

    size: float
    turned: bool
    broad: float
    stub: float
    widths: list[float]
    panels: list[list[int]]


def render_docx(table: TableRecord, title: str = "") -> bytes:
    """The content of a ``.docx`` file.

    Parameters
    ----------
    table : TableRecord
    title : str
        In place of the caption of the table.

    Raises
    ------
    MissingLibraryError
        python-docx is not installed.
    """
    try:
        import docx
    except ImportError as error:
        raise MissingLibraryError(
            "Word documents need the library python-docx", fix="pip install python-docx"
        ) from error
    document = docx.Document()
    made = shapes(table)
    section = document.sections[0]
    sides = _points(section.left_margin) + _points(section.right_margin)
    upright, turned = _points(section.page_width) - sides, _points(section.page_height) - sides
    layout = _layout(table, made, upright, turned)
    if layout.turned:
        turned_page(section)
    style = text_style(document, _TEXT, layout.size)
    of_notes = text_style(document, _NOTE, layout.size * _OF_NOTES, after=2)
    _caption(document, table, title)
    for k, columns in enumerate(layout.panels):
        if k:
            styled(document.add_paragraph(), style)
        _grid(document, table, made, layout, columns, style)
    for k, note in enumerate(note_lines(table)):
        paragraph = styled(document.add_paragraph(), of_notes)
        paragraph.paragraph_format.space_before = None if k else docx.shared.Pt(4)
        _fill(paragraph, note)
    content = BytesIO()
    document.save(content)
    return content.getvalue()


def _points(length: Any) -> float:
    return float(length.pt)


def _layout(
    table: TableRecord, made: Sequence[ColumnShape], upright: float, turned: float
) -> _Layout:
    stub = min(stub_em(table), _WIDEST_STUB)
    widths = [
        max(_body(shape), *map(heading_em, (text, *table.responses[j : j + 1])))
        for j, (shape, text) in enumerate(zip(made, table.labels, strict=True))
    ]
    needs = [heading_em(spanner.text) for spanner in table.spanners]
    widths = widened(widths, table.spanners, needs)

    def laid(size: float, turned: bool, broad: float) -> _Layout:
        own = [broad * width + 2 * _PAD for width in widths]
        return _Layout(size, turned, broad, broad * stub + 2 * _PAD, own, [[*range(len(own))]])

    for room, sizes in ((upright, _SIZES[:3]), (turned, _SIZES)):
        for size in sizes:
            for broad in _BROAD:
                made_of = laid(size, room == turned, broad)
                if (made_of.stub + sum(made_of.widths)) * size <= room:
                    return made_of
    made_of = laid(_SIZES[2], True, _BROAD[-1])
    room = turned / made_of.size - made_of.stub
    return replace(made_of, panels=balanced(made_of.widths, room))


def _behind(shape: ColumnShape) -> float:
    """Digits behind the decimal tab: the point takes half of one."""
    return shape.decimals + (0.5 if shape.decimals else 0.0)


def _body(shape: ColumnShape) -> float:
    """What numbers need in em, with what hangs behind them; whole numbers end at the tab."""
    numbers = shape.before + _behind(shape) + shape.marks
    return DIGIT * max(numbers, shape.intervals, shape.words)


def _caption(document: Any, table: TableRecord, title: str) -> None:
    """Paragraphs of the style Caption, on the page of the table."""
    number, own = caption_lines(table)
    for part, is_number in ((number, True), (title or own, False)):
        if not part:
            continue
        paragraph = caption_paragraph(document)
        if is_number:
            word, _, count = part.partition(" ")
            runs = [paragraph.add_run(f"{word} "), number_field(paragraph, count)]
        else:
            runs = [paragraph.add_run(part)]
        for run in runs:
            run.bold, run.italic = is_number or not number, bool(number) and not is_number


def _grid(
    document: Any,
    table: TableRecord,
    made: Sequence[ColumnShape],
    layout: _Layout,
    columns: Sequence[int],
    style: str,
) -> None:
    rows = [
        (row, i == 0)
        for block in table.blocks
        for i, row in enumerate(r for r in block.rows if _shown(r, columns))
    ]
    heads = 1 + bool(table.spanners) + bool(table.responses)
    grid = document.add_table(rows=heads + len(rows), cols=1 + len(columns))
    points = [layout.size * em for em in (layout.stub, *(layout.widths[j] for j in columns))]
    cells = [list(row.cells) for row in grid.rows]
    fixed_columns(grid, cells, points, _PAD * layout.size)
    for line in cells:
        for cell in line:
            styled(cell.paragraphs[0], style)
    _heads(table, cells, columns)
    for line in grid.rows[:heads]:
        repeated_head(line)
    for k, (row, first) in enumerate(rows, start=heads):
        unbroken(grid.rows[k])
        _label(cells[k][0], label_line(table, row.label), layout.size)
        for i, j in enumerate(columns, start=1):
            _numbers(cells[k][i], placed(row, j, made[j]), made[j], layout, j, style)
        if first:
            border(cells[k], "top", 4)
            spaced(cells[k], before=2)
            spaced(cells[k - 1], after=2)
    border(cells[0], "top", 12)
    border(cells[-1], "bottom", 12)
    spaced(cells[0], before=2)
    spaced(cells[-1], after=2)
    if sum(row.height for row, _ in rows) < _LINES:  # on one page, and with its notes
        for line in cells:
            for paragraph in line[0].paragraphs:
                paragraph.paragraph_format.keep_with_next = True


def _shown(row: Row, columns: Sequence[int]) -> bool:
    return any(not row.cells[j].is_empty for j in columns) or all(c.is_empty for c in row.cells)


def _heads(table: TableRecord, cells: Sequence[Sequence[_Cell]], columns: Sequence[int]) -> None:
    at = 0
    if table.spanners:
        for spanner in table.spanners:
            inside = [k for k, j in enumerate(columns, 1) if spanner.first <= j <= spanner.last]
            if inside:
                border([cells[0][k] for k in inside], "bottom", 4)
                merged = cells[0][inside[0]].merge(cells[0][inside[-1]])
                _heading(merged, spanner.text, bold=True)
        at = 1
    for k, j in enumerate(columns, start=1):
        _heading(cells[at][k], table.labels[j], bold=True)
    if table.responses:
        _fill(cells[at + 1][0].paragraphs[0], (Piece("Response"),))
        for k, j in enumerate(columns, start=1):
            _heading(cells[at + 1][k], table.responses[j], bold=False)


def _heading(cell: _Cell, text: str, *, bold: bool) -> None:
    from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT

    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.BOTTOM
    _fill(cell.paragraphs[0], (Piece(text),), centred=True, bold=bold)


def _label(cell: _Cell, line: Line, size: float) -> None:
    """A name, whose further lines are indented."""
    from docx.shared import Pt

    form = cell.paragraphs[0].paragraph_format
    form.left_indent, form.first_line_indent = Pt(size), Pt(-size)
    _fill(cell.paragraphs[0], line)


def _numbers(
    cell: _Cell,
    lines: Sequence[Placed],
    shape: ColumnShape,
    layout: _Layout,
    j: int,
    style: str,
) -> None:
    """Lines at the decimal tab of their column, each a paragraph; others in the middle."""
    digit, room = layout.broad * DIGIT, layout.widths[j] - 2 * _PAD
    # The numbers, without what hangs, stand in the middle of the column.
    tab = (room + digit * (shape.before - _behind(shape))) / 2
    tab = max(min(tab, room - digit * (_behind(shape) + shape.marks)), digit * shape.before)
    for k, p in enumerate(lines):
        paragraph = cell.paragraphs[0] if k == 0 else styled(cell.add_paragraph(), style)
        aligned = not p.free and any(piece.kind == "number" for piece in p.head)
        if aligned:
            decimal_tab(paragraph, tab * layout.size)
        _fill(paragraph, (*p.head, *p.tail), centred=not aligned)


def _fill(paragraph: Any, line: Line, *, centred: bool = False, bold: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for piece in line:
        for text, raised in _runs(piece):
            run = paragraph.add_run(text)
            run.font.superscript = raised or None
            run.bold = bold or None
            run.italic = piece.kind == "symbol" or None


def _runs(piece: Piece) -> list[tuple[str, bool]]:
    """Text and whether it is raised, in order."""
    if piece.kind != "number":
        text = "".join(c if c.isprintable() else " " for c in piece.text)
        return [(text, piece.kind == "stars")]
    parts = power_of_ten(piece.text)
    if parts is None:
        return [(minus(piece.text), False)]
    return [
        (f"{minus(parts[0])}\N{MULTIPLICATION SIGN}10", False),
        (minus(str(parts[1])), True),
    ]
