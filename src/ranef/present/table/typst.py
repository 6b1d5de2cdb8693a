"""The table in Typst: a figure whose texts are strings, so that no character of them is markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ranef.errors import OptionError
from ranef.page.html import minus
from ranef.present.table.align import ColumnShape, Placed, placed, shapes
from ranef.present.table.measure import DIGIT, body_em, heading_em, stub_em
from ranef.present.table.panels import balanced, widened
from ranef.present.table.record import Line, Piece, Row, TableRecord
from ranef.present.table.said import caption_lines, label_line, note_lines
from ranef.present.text.numbers import power_of_ten

__all__ = ["escape_typst", "render_typst"]

# em of the default page with letters of 11 points, upright and turned; its lines of text.
_PORTRAIT, _LANDSCAPE = 41.0, 63.0
_LINES = 42
_SIZES = (1.0, 0.9, 0.8, 0.7)
_WIDEST_STUB = 20.0
_NARROWEST_NOTES = 22.0
_GAP = 1.2

_HELPERS = (
    "let hang(it) = box(width: 0pt, align(left, box(it)))",
    "let blank(it) = hide(it)",
)


def render_typst(table: TableRecord, caption: str = "", label: str = "") -> str:
    """A figure; `caption` is taken as Typst markup, everything else is escaped.

    Parameters
    ----------
    table : TableRecord
    caption, label : str
        Left out if empty; without a caption, that of the table.

    Raises
    ------
    OptionError
        A label that is not one of Typst.
    """
    if label and not all(c.isalnum() or c in "-_:." for c in label):
        raise OptionError(
            "a label of Typst has letters, digits, and - _ : . alone",
            found=f"label={label!r}",
            fix='as in label="tab:hsb"',
        )
    made = shapes(table)
    names = min(stub_em(table), _WIDEST_STUB)
    inner = [
        max(body_em(shape), *map(heading_em, (text, *table.responses[j : j + 1])))
        for j, (shape, text) in enumerate(zip(made, table.labels, strict=True))
    ]
    needs = [heading_em(spanner.text) for spanner in table.spanners]
    inner = widened(inner, table.spanners, needs, _GAP)
    widths = [width + _GAP for width in inner]
    total = names + _GAP + sum(widths)
    turned = total * _SIZES[-1] > _PORTRAIT
    page = _LANDSCAPE if turned else _PORTRAIT
    size = next((s for s in _SIZES if total * s <= page), _SIZES[-1])
    panels = balanced(widths, page / size - names - _GAP)
    widest = names + _GAP + max(sum(widths[j] for j in columns) for columns in panels)
    notes = min(max(0.95 * widest, _NARROWEST_NOTES), page / size)
    stub = f"{_WIDEST_STUB:g}em" if stub_em(table) > _WIDEST_STUB else "auto"
    lines = _figure(table, made, inner, panels, stub, size, notes, caption)
    figure = "\n".join(lines) + (f" <{label}>" if label else "")
    rows = sum(row.height for block in table.blocks for row in block.rows)
    long = size * len(panels) * (rows + 6) > (_LINES * 0.6 if turned else _LINES)
    settings = ["#set page(flipped: true)"] if turned else []
    settings += ["#show figure: set block(breakable: true)"] if long else []
    if settings:
        figure = "\n".join(["#[", *settings, figure, "]"])
    return figure + "\n"


def escape_typst(text: str) -> str:
    r"""`text` as a string of Typst, in its quotes.

    >>> print(escape_typst('a "b" \\ c'))
    "a \"b\" \\ c"
    """
    plain_text = "".join(c if c.isprintable() else " " for c in text)
    return '"' + plain_text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _figure(
    table: TableRecord,
    made: Sequence[ColumnShape],
    widths: Sequence[float],
    panels: Sequence[Sequence[int]],
    stub: str,
    size: float,
    notes: float,
    caption: str,
) -> Iterator[str]:
    yield "#figure("
    yield from _caption(table, caption)
    yield "  kind: table,"
    yield "  {"
    for helper in _HELPERS:
        yield f"    {helper}"
    yield "    set par(justify: false, leading: 0.45em)"
    letters = "" if size == 1.0 else f"size: {size:g}em, "
    yield f'    set text({letters}number-width: "tabular")'
    for columns in panels:
        yield from _table(table, made, widths, columns, stub)
    paragraphs = note_lines(table)
    if paragraphs:
        said = " + parbreak() + ".join(map(_pieces, paragraphs))
        yield (
            f"    block(width: {notes:.1f}em, align(left, text(size: 0.85em, {{"
            f"set par(leading: 0.5em, spacing: 0.6em); {said}}})))"
        )
    yield "  },"
    yield ")"


def _caption(table: TableRecord, caption: str) -> Iterator[str]:
    number, title = caption_lines(table)
    said = f"[{caption}]" if caption else escape_typst(title) if title else ""
    if said and number:
        yield f"  caption: figure.caption(position: top, emph({said})),"
    elif said:
        yield f"  caption: figure.caption(position: top, {said}),"


def _table(
    table: TableRecord,
    made: Sequence[ColumnShape],
    widths: Sequence[float],
    columns: Sequence[int],
    stub: str,
) -> Iterator[str]:
    yield "    table("
    yield f"      columns: ({stub}, {'auto, ' * len(columns)}),"
    yield f"      align: (left, {'right, ' * len(columns)}),"
    yield "      stroke: none,"
    yield f"      inset: (x: {_GAP / 2:g}em, y: 0.26em),"
    yield "      table.header("
    yield "        table.hline(stroke: 0.08em),"
    yield from _spanners(table, widths, columns)
    heads = [_heading(table.labels[j], widths[j]) for j in columns]
    yield f"        [], {', '.join(heads)},"
    if table.responses:
        said = [_heading(table.responses[j], widths[j]) for j in columns]
        yield f'        "Response", {", ".join(said)},'
    yield "        table.hline(stroke: 0.05em),"
    yield "      ),"
    first = True
    for block in table.blocks:
        rows = [line for row in block.rows for line in _row(table, row, made, widths, columns)]
        if rows:
            yield from [] if first else ["      table.hline(stroke: 0.05em),"]
            yield from rows
            first = False
    yield "      table.hline(stroke: 0.08em),"
    yield "    )"


def _heading(text: str, width: float) -> str:
    """A heading in the width of its columns, broken where it is wider."""
    return f"align(center + bottom, box(width: {width:.2f}em, {escape_typst(text)}))"


def _spanners(table: TableRecord, widths: Sequence[float], columns: Sequence[int]) -> Iterator[str]:
    cells, rules, at = ["[]"], [], 0
    for spanner in sorted(table.spanners, key=lambda s: s.first):
        inside = [k for k, j in enumerate(columns) if spanner.first <= j <= spanner.last]
        if inside:
            cells += ["[]"] * (inside[0] - at)
            width = sum(widths[columns[k]] for k in inside) + _GAP * (len(inside) - 1)
            said = _heading(spanner.text, width)
            cells.append(f"table.cell(colspan: {len(inside)}, {said})")
            rules.append(
                f"table.hline(start: {inside[0] + 1}, end: {inside[-1] + 2}, stroke: 0.05em)"
            )
            at = inside[-1] + 1
    if rules:
        yield f"        {', '.join([*cells, *['[]'] * (len(columns) - at)])},"
        yield f"        {', '.join(rules)},"


def _row(
    table: TableRecord,
    row: Row,
    made: Sequence[ColumnShape],
    widths: Sequence[float],
    columns: Sequence[int],
) -> Iterator[str]:
    if all(row.cells[j].is_empty for j in columns) and not all(c.is_empty for c in row.cells):
        return
    cells = [_cell(placed(row, j, made[j]), made[j], widths[j]) for j in columns]
    yield f"      {_pieces(label_line(table, row.label))}, {', '.join(cells)},"


def _cell(lines: Sequence[Placed], shape: ColumnShape, width: float) -> str:
    """The lines, in the middle of a column that is wider than the numbers."""
    side = max(0.0, width - body_em(shape)) / 2
    return " + linebreak() + ".join(_line(p, shape, side) for p in lines) or "[]"


def _line(p: Placed, shape: ColumnShape, side: float) -> str:
    """The line, and behind it the room of the column that hangs."""
    parts = [_pieces(p.head)]
    behind = side
    if not p.free:
        parts += [f"hang({_pieces(p.tail)})"] if p.tail else []
        blanks = ("." if p.point else "") + "0" * p.pad
        parts += [f'blank("{blanks}")'] if blanks else []
        behind += DIGIT * shape.hang
    parts += [f"h({behind:.2f}em)"] if behind else []
    return " + ".join(parts)


def _pieces(line: Line) -> str:
    return " + ".join(map(_piece, line)) or "[]"


def _piece(piece: Piece) -> str:
    if piece.kind == "number":
        parts = power_of_ten(piece.text)
        if parts is None:
            return escape_typst(minus(piece.text))
        base = escape_typst(f"{minus(parts[0])}\N{MULTIPLICATION SIGN}10")
        return f"{base} + super({escape_typst(minus(str(parts[1])))})"
    said = escape_typst(piece.text)
    if piece.kind == "stars":  # an asterisk of most fonts is raised anyway
        return said if set(piece.text) == {"*"} else f"super({said})"
    return f"emph({said})" if piece.kind == "symbol" else said
