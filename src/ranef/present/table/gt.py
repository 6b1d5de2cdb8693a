"""The table as one of great-tables, for those who go on working with it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.errors import MissingLibraryError
from ranef.page.html import minus
from ranef.present.table.record import Line, Piece, TableRecord
from ranef.present.table.said import caption_lines, note_lines
from ranef.present.text.numbers import power_of_ten

if TYPE_CHECKING:
    from great_tables import GT

__all__ = ["render_gt"]

_RAISED = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)


def render_gt(table: TableRecord) -> GT:
    """A table of texts: a row for each printed line, groups of rows for the blocks.

    Raises
    ------
    MissingLibraryError
        great-tables is not installed.
    """
    try:
        from great_tables import GT
    except ImportError as error:
        raise MissingLibraryError(
            "tables of this kind need the library great-tables", fix="pip install great-tables"
        ) from error
    import pandas as pd

    names = [f"m{column.number}" for column in table.columns]
    rows: list[list[str]] = []
    if table.responses:
        rows.append(["Response", *table.responses])
    blocks = []  # the first row of each block
    for block in table.blocks:
        blocks.append(len(rows))
        for row in block.rows:
            for k in range(row.height):
                cells = [_text(c.lines[k]) if k < len(c.lines) else "" for c in row.cells]
                rows.append(["" if k else row.label, *cells])
    frame = pd.DataFrame(rows, columns=["row", *names])
    made = GT(frame, rowname_col="row")
    made = made.cols_label({n: c.label for n, c in zip(names, table.columns, strict=True)})
    made = made.cols_align("right", columns=names)
    for k, spanner in enumerate(table.spanners):
        below = names[spanner.first : spanner.last + 1]
        made = made.tab_spanner(label=spanner.text, columns=below, id=f"spanner{k}")
    number, title = caption_lines(table)
    if number or title:
        made = made.tab_header(title=number or title, subtitle=title if number else None)
    for note in note_lines(table):
        made = made.tab_source_note("".join(piece.text for piece in note))
    return _ruled(made, blocks)


def _ruled(made: GT, blocks: list[int]) -> GT:
    """With a rule above each block but the first, and none between the lines of one row."""
    from great_tables import loc, style

    made = made.tab_options(
        table_body_hlines_style="none", stub_border_style="none", data_row_padding="2px"
    )
    for first in blocks[1:]:
        rule = style.borders(sides="top", color="#000000", weight="1px")
        made = made.tab_style(
            style=rule, locations=[loc.body(rows=[first]), loc.stub(rows=[first])]
        )
    return made


def _text(line: Line) -> str:
    return "".join(map(_piece, line))


def _piece(piece: Piece) -> str:
    if piece.kind != "number":
        return piece.text
    parts = power_of_ten(piece.text)
    if parts is None:
        return minus(piece.text)
    return f"{minus(parts[0])}\N{MULTIPLICATION SIGN}10{str(parts[1]).translate(_RAISED)}"
