"""The table as one HTML fragment: semantic, escaped, styled inline, no scripts.

Written by hand rather than through a table library because the decimal points of estimates,
standard errors and criteria line up only if stars and closing brackets hang out of the cell. It has
the colours of the page that it stands on, light or dark.
"""

from __future__ import annotations

from collections.abc import Sequence

from ranef.page.html import TABLE_STYLE, escaped, minus, rule
from ranef.present.table.align import ColumnShape, Placed, placed, shapes
from ranef.present.table.record import Line, Piece, Row, TableRecord
from ranef.present.table.said import caption_lines, label_line, note_lines
from ranef.present.text.numbers import power_of_ten

__all__ = ["render_html"]

_DIGIT = 0.55  # em that a digit takes, or a little more
_PAD = "padding:0.08em {right}em 0.08em 1.2em;"
_NUMBER = "text-align:right;white-space:nowrap;vertical-align:top;"
_STUB = (
    "text-align:left;font-weight:normal;vertical-align:top;padding:0.08em 1.2em 0.08em 0.4em;"
    "max-width:22em;"
)
_HEAD = "text-align:right;vertical-align:bottom;font-weight:600;max-width:12em;"
_CAPTION = "text-align:left;padding-bottom:0.4em"
_HANG = '<span style="display:inline-block;width:0;white-space:nowrap">{}</span>'
_FREE = '<span style="display:inline-block;margin-right:-{}em">{}</span>'
_DIGIT_BLANK, _POINT_BLANK = "\N{FIGURE SPACE}", "\N{PUNCTUATION SPACE}"


def render_html(table: TableRecord) -> str:
    """The fragment; put it in a page or a notebook cell."""
    made = shapes(table)
    bodies = "".join(
        "<tbody>"
        + "".join(_row(table, row, made, first=i == 0) for i, row in enumerate(block.rows))
        + "</tbody>"
        for block in table.blocks
    )
    return (
        '<div class="ranef-table" style="overflow-x:auto">'
        f'<table style="{TABLE_STYLE}">{_caption(table)}'
        f"<thead>{_heads(table, made)}</thead>{bodies}</table>{_notes(table)}</div>"
    )


def _caption(table: TableRecord) -> str:
    number, title = map(escaped, caption_lines(table))
    if number:
        text = f"<b>{number}</b>" + (f"<br><i>{title}</i>" if title else "")
    else:
        text = f"<b>{title}</b>" if title else ""
    return f'<caption style="{_CAPTION}">{text}</caption>' if text else ""


def _heads(table: TableRecord, made: Sequence[ColumnShape]) -> str:
    lines = [_spanners(table)] if table.spanners else []
    heads = "".join(
        f'<th scope="col" title="{escaped(column.formula)}" '
        f'style="{_HEAD}{_padding(shape)}padding-top:0.3em;padding-bottom:0.3em">'
        f"{escaped(column.label)}</th>"
        for column, shape in zip(table.columns, made, strict=True)
    )
    lines.append(f"<tr><td></td>{heads}</tr>")
    if table.responses:
        cells = "".join(
            f'<td style="{_HEAD}{_padding(shape)}font-weight:normal">{escaped(text)}</td>'
            for text, shape in zip(table.responses, made, strict=True)
        )
        lines.append(f'<tr><th scope="row" style="{_STUB}">Response</th>{cells}</tr>')
    return "".join(lines)


def _spanners(table: TableRecord) -> str:
    """The headings over several columns, with a rule under each."""
    cells, at = "<td></td>", 0
    for spanner in sorted(table.spanners, key=lambda s: s.first):
        cells += "<td></td>" * (spanner.first - at)
        cells += (
            f'<th scope="colgroup" colspan="{spanner.last - spanner.first + 1}" '
            'style="text-align:center;font-weight:600;padding:0.3em 0.6em 0">'
            '<span style="display:block;border-bottom:1px solid currentColor">'
            f"{escaped(spanner.text)}</span></th>"
        )
        at = spanner.last + 1
    return f"<tr>{cells}{'<td></td>' * (len(table.columns) - at)}</tr>"


def _hang(shape: ColumnShape) -> float:
    """Room for what hangs behind the numbers, in em."""
    return round(_DIGIT * shape.hang, 2)


def _padding(shape: ColumnShape) -> str:
    return _PAD.format(right=round(0.75 + _hang(shape), 2))


def _row(table: TableRecord, row: Row, made: Sequence[ColumnShape], *, first: bool) -> str:
    style = rule(first)
    above = "padding-top:0.3em;" if first else ""
    cells = "".join(
        f'<td style="{_NUMBER}{_padding(shape)}{style}{above}">'
        + "<br>".join(_line(p, shape) for p in placed(row, j, shape))
        + "</td>"
        for j, shape in enumerate(made)
    )
    label = _pieces(label_line(table, row.label))
    return f'<tr><th scope="row" style="{_STUB}{style}{above}">{label}</th>{cells}</tr>'


def _line(p: Placed, shape: ColumnShape) -> str:
    if p.free:
        return _FREE.format(_hang(shape), _pieces(p.head)) if shape.hang else _pieces(p.head)
    text = _pieces(p.head)
    if p.tail:
        text += _HANG.format(_pieces(p.tail))
    return text + (_POINT_BLANK if p.point else "") + _DIGIT_BLANK * p.pad


def _pieces(line: Line) -> str:
    return "".join(map(_piece, line))


def _piece(piece: Piece) -> str:
    if piece.kind == "number":
        return _number(piece.text)
    if piece.kind == "stars":
        return f'<sup style="line-height:0">{escaped(piece.text)}</sup>'
    return f"<i>{escaped(piece.text)}</i>" if piece.kind == "symbol" else escaped(piece.text)


def _number(text: str) -> str:
    """A number with its minus sign; a power of ten with its exponent raised."""
    parts = power_of_ten(text)
    if parts is None:
        return escaped(minus(text))
    raised = f'<sup style="line-height:0">{minus(str(parts[1]))}</sup>'
    return f"{minus(parts[0])}\N{MULTIPLICATION SIGN}10{raised}"


def _notes(table: TableRecord) -> str:
    lines = "".join(f'<p style="margin:0.25em 0">{_pieces(note)}</p>' for note in note_lines(table))
    return f'<div style="font-size:0.85em;max-width:44em">{lines}</div>' if lines else ""
