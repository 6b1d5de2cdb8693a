"""Properties of Word's tables that python-docx has no names for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = [
    "border",
    "caption_paragraph",
    "decimal_tab",
    "fixed_columns",
    "number_field",
    "repeated_head",
    "spaced",
    "styled",
    "text_style",
    "turned_page",
    "unbroken",
]

_BEHIND_BORDERS = (
    "w:shd",
    "w:noWrap",
    "w:tcMar",
    "w:textDirection",
    "w:tcFitText",
    "w:vAlign",
    "w:hideMark",
)
"""What follows the borders among the properties of a cell: Word wants this order."""


def text_style(document: Any, name: str, size: float, after: float = 0.0) -> str:
    """The id of a new style of paragraphs without space between them, `size` in points."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt

    made = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    made.base_style = document.styles["Normal"]
    made.font.size = Pt(size)
    form = made.paragraph_format
    form.space_before, form.space_after, form.line_spacing = Pt(0), Pt(after), 1.0
    return str(made.style_id)


def styled(paragraph: Any, style: str) -> Any:
    """The paragraph in the style of that id; by its name, each would be looked for anew."""
    paragraph._p.style = style
    return paragraph


def caption_paragraph(document: Any) -> Any:
    """A paragraph in Word's style of captions, in black, on one page with what follows."""
    from docx.shared import Pt, RGBColor

    style = document.styles["Caption"]
    style.font.size, style.font.color.rgb = Pt(11), RGBColor(0, 0, 0)
    style.font.bold = False
    paragraph = document.add_paragraph(style=style)
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_after = Pt(4)
    return paragraph


def fixed_columns(
    grid: Any, cells: Sequence[Sequence[Any]], points: Sequence[float], pad: float
) -> None:
    """Give the columns their widths, and the table no more than these.

    Parameters
    ----------
    grid : docx.table.Table
    cells : sequence of sequence of cell
        Those of the table, row by row: each access to them reads the whole of it.
    points : sequence of float
        Widths, with the space `pad` at both sides of a cell in them.
    pad : float
    """
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    grid.alignment = WD_TABLE_ALIGNMENT.CENTER
    grid.autofit = False
    properties = grid._tbl.tblPr
    total = properties.find(qn("w:tblW"))
    total.set(qn("w:type"), "dxa")
    total.set(qn("w:w"), str(round(20 * sum(points))))
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("top", 1.0), ("left", pad), ("bottom", 1.0), ("right", pad)):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(round(20 * width)))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    properties.insert_element_before(margins, "w:tblLook", "w:tblCaption", "w:tblDescription")
    for column, width in zip(grid.columns, points, strict=True):
        column.width = Pt(width)
    for row in cells:
        for cell, width in zip(row, points, strict=True):
            cell.width = Pt(width)


def decimal_tab(paragraph: Any, points: float) -> None:
    """Put the decimal point of the number there; in a table no tab sign is needed."""
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Pt

    paragraph.paragraph_format.tab_stops.add_tab_stop(Pt(points), WD_TAB_ALIGNMENT.DECIMAL)


def spaced(cells: Iterable[Any], before: float = 0.0, after: float = 0.0) -> None:
    """Points of space above and below what stands in cells."""
    from docx.shared import Pt

    for cell in cells:
        if before:
            cell.paragraphs[0].paragraph_format.space_before = Pt(before)
        if after:
            cell.paragraphs[-1].paragraph_format.space_after = Pt(after)


def repeated_head(row: Any) -> None:
    """Print the row again at the top of each page."""
    _flag(row, "w:tblHeader")
    unbroken(row)


def unbroken(row: Any) -> None:
    """Keep the lines of a row on one page."""
    _flag(row, "w:cantSplit")


def _flag(row: Any, name: str) -> None:
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement(name))


def turned_page(section: Any) -> None:
    """Turn the page on its side."""
    from docx.enum.section import WD_ORIENT

    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width


def number_field(paragraph: Any, count: str) -> Any:
    """The number of a table as a field, which Word counts itself; `count` stands there until then.

    A number that is not counted, as ``A1``, is text.
    """
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run = paragraph.add_run(count)
    if count.isdigit():
        field = OxmlElement("w:fldSimple")
        again = f" \\r {count}" if count != "1" else ""
        field.set(qn("w:instr"), f" SEQ Table \\* ARABIC{again} ")
        run._r.addprevious(field)
        field.append(run._r)
    return run


def border(cells: Iterable[Any], edge: str, eighths: int) -> None:
    """A line of `eighths` of a point along one edge of every cell."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in cells:
        properties = cell._tc.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.insert_element_before(borders, *_BEHIND_BORDERS)
        line = OxmlElement(f"w:{edge}")
        line.set(qn("w:val"), "single")
        line.set(qn("w:sz"), str(eighths))
        line.set(qn("w:color"), "000000")
        borders.insert(0 if edge == "top" else len(borders), line)
