"""The table as a Word document, in the three-line style of journals."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from ranef.errors import MissingLibraryError
from ranef.page.html import minus
from ranef.present.table.cells import cell_text, error_text
from ranef.present.table.record import Cell, TableRecord
from ranef.present.text.numbers import power_of_ten

if TYPE_CHECKING:
    from docx.table import _Cell

__all__ = ["render_docx"]


def render_docx(table: TableRecord, title: str = "") -> bytes:
    """The content of a ``.docx`` file.

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
    if title:
        document.add_paragraph().add_run(title).bold = True
    rows = [(row, i == 0) for block in table.blocks for i, row in enumerate(block.rows)]
    grid = document.add_table(rows=1 + len(rows), cols=1 + len(table.columns))
    for j, label in enumerate(table.labels, start=1):
        _write(grid.cell(0, j), [(label, False)], right=True, bold=True)
    for i, (row, first) in enumerate(rows, start=1):
        _write(grid.cell(i, 0), [(row.label, False)])
        for j, cell in enumerate(row.cells, start=1):
            _write(grid.cell(i, j), _pieces(cell, row.decimals), right=True)
        if first:
            _border(grid.rows[i].cells, "top", 4)
    _border(grid.rows[0].cells, "top", 12)
    _border(grid.rows[-1].cells, "bottom", 12)
    for note in (table.legend, *table.notes):
        if note:
            _small(document.add_paragraph(), note)
    content = BytesIO()
    document.save(content)
    return content.getvalue()


def _number(text: str) -> list[tuple[str, bool]]:
    """A number with its minus sign; of a power of ten the exponent is raised."""
    parts = power_of_ten(text)
    if parts is None:
        return [(minus(text), False)]
    return [
        (f"{minus(parts[0])}\N{MULTIPLICATION SIGN}10", False),
        (minus(str(parts[1])), True),
    ]


def _pieces(cell: Cell, decimals: int) -> list[tuple[str, bool]]:
    """Text and whether it is raised, in order."""
    pieces = [*_number(cell_text(cell, decimals)), (cell.stars, True)]
    error = error_text(cell, decimals)
    if error:
        pieces += [("\n(", False), *_number(error), (")", False)]
    return [piece for piece in pieces if piece[0]]


def _write(
    cell: _Cell, pieces: list[tuple[str, bool]], *, right: bool = False, bold: bool = False
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.space_before = Pt(1)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for text, raised in pieces:
        run = paragraph.add_run(text)
        run.font.size = Pt(10)
        run.font.superscript = raised or None
        run.bold = bold or None


def _small(paragraph: Any, text: str) -> None:
    from docx.shared import Pt

    paragraph.paragraph_format.space_after = Pt(2)
    paragraph.add_run(text).font.size = Pt(8.5)


def _border(cells: Any, edge: str, eighths: int) -> None:
    """A line of `eighths` of a point along one edge of every cell."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in cells:
        properties = cell._tc.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.append(borders)
        line = OxmlElement(f"w:{edge}")
        line.set(qn("w:val"), "single")
        line.set(qn("w:sz"), str(eighths))
        line.set(qn("w:color"), "000000")
        borders.append(line)
