"""The table as one HTML fragment: semantic, escaped, styled inline, no scripts.

Written by hand rather than through a table library because the decimal points of estimates,
standard errors and criteria line up only if stars and closing brackets hang out of the cell.
"""

from __future__ import annotations

from ranef.page.html import TABLE_STYLE, escaped, minus, notes_html, rule
from ranef.present.table.cells import cell_text, error_text
from ranef.present.table.record import Cell, Row, TableRecord
from ranef.present.text.numbers import power_of_ten

__all__ = ["render_html"]

_NUMBER = "text-align:right;white-space:nowrap;padding:0.08em 2.4em 0.08em 1.2em;"
_STUB = "text-align:left;font-weight:normal;padding:0.08em 1.2em 0.08em 0.4em;"
_HANG = '<span style="display:inline-block;width:0;white-space:nowrap">{}</span>'


def render_html(table: TableRecord) -> str:
    """The fragment; put it in a page or a notebook cell."""
    heads = "".join(
        f'<th scope="col" title="{escaped(column.formula)}" '
        f'style="{_NUMBER}padding-top:0.3em;padding-bottom:0.3em;font-weight:600">'
        f"{escaped(column.label)}</th>"
        for column in table.columns
    )
    bodies = "".join(
        "<tbody>"
        + "".join(_row(row, first=i == 0) for i, row in enumerate(block.rows))
        + "</tbody>"
        for block in table.blocks
    )
    return (
        '<div class="ranef-table">'
        f'<table style="{TABLE_STYLE}"><thead><tr><td></td>{heads}</tr></thead>{bodies}</table>'
        f"{notes_html((table.legend, *table.notes))}</div>"
    )


def _row(row: Row, *, first: bool) -> str:
    style = rule(first) + ("padding-top:0.3em;" if first else "")
    cells = "".join(
        f'<td style="{_NUMBER}vertical-align:top;{style}">{_cell(cell, row.decimals)}</td>'
        for cell in row.cells
    )
    stub = f'<th scope="row" style="{_STUB}vertical-align:top;{style}">{escaped(row.label)}</th>'
    return f"<tr>{stub}{cells}</tr>"


def _cell(cell: Cell, decimals: int) -> str:
    text = cell_text(cell, decimals)
    text = escaped(text) if isinstance(cell.value, str) else _number(text)
    if cell.stars:
        text += _HANG.format(f'<sup style="line-height:0">{cell.stars}</sup>')
    error = error_text(cell, decimals)
    if error:
        text += f"<br>({_number(error)}{_HANG.format(')')}"
    return text


def _number(text: str) -> str:
    """A number with its minus sign; a power of ten with its exponent raised."""
    parts = power_of_ten(text)
    if parts is None:
        return minus(text)
    raised = f'<sup style="line-height:0">{minus(str(parts[1]))}</sup>'
    return f"{minus(parts[0])}\N{MULTIPLICATION SIGN}10{raised}"
