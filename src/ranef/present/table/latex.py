"""The table in LaTeX: booktabs rules, decimal points in line, as small as its page needs it.

The packages are booktabs, and longtable and pdflscape where a table needs them: the first line says
which. All but the last are loaded by nbconvert and Quarto.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ranef.present.table.align import ColumnShape, Placed, placed, plain, shapes
from ranef.present.table.latex_text import engine_comment, escape_latex
from ranef.present.table.measure import DIGIT, heading_em, stub_em, text_em, wrapped_em
from ranef.present.table.panels import balanced, widened
from ranef.present.table.record import Line, Piece, Row, TableRecord
from ranef.present.table.said import caption_lines, label_line, note_lines
from ranef.present.text.numbers import power_of_ten

__all__ = ["escape_latex", "render_latex"]

# Of the article class with letters of 10 to 12 points; em of the page, lines of text.
_PORTRAIT, _LANDSCAPE = 33.0, 50.0
_PORTRAIT_LINES, _LANDSCAPE_LINES = 42, 26
_SIZES = (("", 1.0), ("\\small", 0.925), ("\\footnotesize", 0.85), ("\\scriptsize", 0.8))
_WIDEST_STUB, _NARROWEST_STUB = 17.0, 11.0
_NARROWEST_NOTES = 20.0
_INDENT = 1.0  # em of the second line of a name
_GAP = 0.8  # em between a column's hanging marks and the next column
_MARK = 0.37  # em that a raised star takes


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a table is set.

    Attributes
    ----------
    stub : float
        em of the column of names, which are broken if they are wider.
    size : str
        The command for the size of letters.
    landscape : bool
    long : bool
        Whether it is too high for a page.
    panels : list of list of int
        The columns of each panel.
    widths : list of float
        em of each column.
    notes : float
        em of the notes.
    """

    stub: float
    size: str
    landscape: bool
    long: bool
    panels: list[list[int]]
    widths: list[float]
    notes: float


def render_latex(
    table: TableRecord, caption: str = "", label: str = "", landscape: bool | None = None
) -> str:
    """A floating table, or a long one; `caption` is taken as LaTeX, everything else is escaped.

    Parameters
    ----------
    table : TableRecord
    caption, label : str
        Left out if empty; without a caption, that of the table.
    landscape : bool, optional
        Whether the page is turned; by default if the table is too wide otherwise.
    """
    made = shapes(table)
    layout = _layout(table, made, landscape)
    own = caption or escape_latex(caption_lines(table)[1])
    body = (_longtable if layout.long else _float)(table, made, layout, own, label)
    lines = list(body)
    lines[0] += f"  % {_packages(layout)}"
    if layout.landscape:
        lines = [r"\begin{landscape}", *lines, r"\end{landscape}"]
    comment = engine_comment("".join(_texts(table)))
    if comment:
        lines.insert(1, comment)
    return "\n".join(lines) + "\n"


def _texts(table: TableRecord) -> Iterator[str]:
    yield from (*table.labels, *table.responses, table.caption)
    yield from (spanner.text for spanner in table.spanners)
    for block in table.blocks:
        for row in block.rows:
            yield row.label
            yield from (plain(line) for cell in row.cells for line in cell.lines)
    yield from map(plain, note_lines(table))


def _packages(layout: _Layout) -> str:
    needed = ["booktabs"]
    needed += ["longtable"] if layout.long else []
    needed += ["pdflscape"] if layout.landscape else []
    return rf"\usepackage{{{','.join(needed)}}}"


def _layout(table: TableRecord, made: Sequence[ColumnShape], landscape: bool | None) -> _Layout:
    """The largest letters that fit, upright if that can be; then turned; then in panels."""
    names = stub_em(table)
    widths = [
        max(
            DIGIT * shape.numbers + _gap(shape),
            DIGIT * max(shape.intervals, shape.words) + _GAP,
            *(heading_em(text) + 1.2 for text in (label, *table.responses[j : j + 1])),
        )
        for j, (shape, label) in enumerate(zip(made, table.labels, strict=True))
    ]
    needs = [heading_em(spanner.text) + 1.2 for spanner in table.spanners]
    widths = widened(widths, table.spanners, needs)
    pages = {None: (False, True), True: (True,), False: (False,)}[landscape]
    for turned in pages:
        page = _LANDSCAPE if turned else _PORTRAIT
        sizes = _SIZES if turned or landscape is False else _SIZES[:3]
        for stub in (min(names, _WIDEST_STUB), min(names, _NARROWEST_STUB)):
            for size, factor in sizes:
                total = stub + 1.5 + sum(widths)
                if total * factor <= page:
                    more = min(names, _WIDEST_STUB, page / factor - 1.5 - sum(widths)) - stub
                    stub, total = stub + more, total + more
                    whole = [list(range(len(widths)))]
                    return _finished(
                        table, _Layout(stub, size, turned, False, whole, widths, total)
                    )
    turned = pages[-1]
    size, factor = _SIZES[2]
    stub = min(names, _NARROWEST_STUB)
    first = stub + 1.5
    room = (_LANDSCAPE if turned else _PORTRAIT) / factor
    panels = balanced(widths, room - first)
    widest = first + max(sum(widths[j] for j in columns) for columns in panels)
    return _finished(table, _Layout(stub, size, turned, False, panels, widths, min(widest, room)))


def _finished(table: TableRecord, layout: _Layout) -> _Layout:
    """With the width of the notes, and whether it is too high for its page."""
    factor = dict(_SIZES)[layout.size]
    page = _LANDSCAPE if layout.landscape else _PORTRAIT
    notes = min(max(layout.notes, _NARROWEST_NOTES), page / factor)
    rows = sum(row.height for block in table.blocks for row in block.rows)
    written = sum(0.8 * text_em(plain(note)) / notes for note in note_lines(table))
    lines = factor * (len(layout.panels) * (rows + 4) + written)
    most = _LANDSCAPE_LINES if layout.landscape else _PORTRAIT_LINES
    return replace(layout, long=lines > most, notes=round(notes, 1))


def _gap(shape: ColumnShape) -> float:
    """The space behind the numbers of a column: for what hangs there, and before the next."""
    return round(_GAP + _hang(shape), 1)


def _side(shape: ColumnShape, width: float) -> float:
    """The same for numbers in the middle of a column that its heading makes wider."""
    own = max(DIGIT * shape.numbers + _gap(shape), DIGIT * max(shape.intervals, shape.words) + _GAP)
    return round(max(0.0, width - own) / 2, 1)


def _hang(shape: ColumnShape) -> float:
    return round(max(_MARK * shape.marks, DIGIT * shape.excess), 2)


def _float(
    table: TableRecord, made: Sequence[ColumnShape], layout: _Layout, caption: str, label: str
) -> Iterator[str]:
    symbols = table.style.symbols
    yield r"\begin{table}"
    yield r"\raggedright" if symbols else r"\centering"
    if caption:
        yield (
            _caption_form("@makecaption", "#1#2", "#1", "#2")
            if symbols
            else (r"\setlength{\abovecaptionskip}{0pt}\setlength{\belowcaptionskip}{6pt}")
        )
        yield rf"\caption{{{caption}}}"
    if label:
        yield rf"\label{{{label}}}"
    if layout.size:
        yield layout.size
    for k, columns in enumerate(layout.panels):
        if k:
            yield ""
            yield r"\bigskip"
        yield rf"\begin{{tabular}}{{{_spec(made, layout.widths, columns)}}}"
        yield r"\toprule"
        yield from _heads(table, made, layout.widths, columns)
        for block in table.blocks:
            rows = [
                line
                for row in block.rows
                for line in _rows(table, row, made, columns, layout.stub, r"\\")
            ]
            if rows:
                yield r"\midrule"
                yield from rows
        yield r"\bottomrule"
        yield r"\end{tabular}"
    yield from _notes(table, layout)
    yield r"\end{table}"


def _longtable(
    table: TableRecord, made: Sequence[ColumnShape], layout: _Layout, caption: str, label: str
) -> Iterator[str]:
    """Tables that run over pages, each with its heads again."""
    yield r"\begingroup"
    if layout.size:
        yield layout.size
    if caption and table.style.symbols:
        made_of = (
            r"\LT@mcol\LT@cols l{\parbox[t]\LTcapwidth{\raggedright\textbf{#2}\par\textit{#3}}}"
        )
        yield rf"\makeatletter\def\LT@makecaption#1#2#3{{{made_of}}}\makeatother"
    for k, columns in enumerate(layout.panels):
        if k:
            yield ""
        yield rf"\begin{{longtable}}{{{_spec(made, layout.widths, columns)}}}"
        if not k:
            named = rf"\label{{{label}}}" if label else ""
            if caption:
                yield rf"\caption{{{caption}}}{named} \\[4pt]"
            elif named:
                yield rf"\noalign{{{named}}}"
        yield r"\toprule"
        yield from _heads(table, made, layout.widths, columns)
        yield r"\midrule"
        yield r"\endfirsthead"
        yield r"\toprule"
        yield from _heads(table, made, layout.widths, columns)
        yield r"\midrule"
        yield r"\endhead"
        yield r"\midrule"
        yield rf"\multicolumn{{{len(columns) + 1}}}{{r}}{{\textit{{continued}}}} \\"
        yield r"\endfoot"
        yield r"\bottomrule"
        yield r"\endlastfoot"
        first = True
        for block in table.blocks:
            rows = [
                line
                for row in block.rows
                for line in _rows(table, row, made, columns, layout.stub, r"\\*")
            ]
            if rows:
                yield from [] if first else [r"\midrule"]
                yield from rows
                first = False
        yield r"\end{longtable}"
    yield r"\begin{center}"
    yield from _notes(table, layout)
    yield r"\end{center}"
    yield r"\endgroup"


def _caption_form(command: str, parameters: str, number: str, title: str) -> str:
    """The number in bold and the title in italics below it, in this table alone."""
    form = rf"\textbf{{{number}}}\par\textit{{{title}}}\par\vskip 6pt"
    return rf"\makeatletter\def\{command}{parameters}{{\raggedright {form}}}\makeatother"


def _spec(made: Sequence[ColumnShape], widths: Sequence[float], columns: Sequence[int]) -> str:
    gaps = [f"{_gap(made[j]) + _side(made[j], widths[j]):.3g}em" for j in columns]
    if len(set(gaps)) == 1:
        return rf"l*{{{len(gaps)}}}{{r@{{\hspace{{{gaps[0]}}}}}}}"
    return "l" + "".join(rf"r@{{\hspace{{{gap}}}}}" for gap in gaps)


def _heads(
    table: TableRecord,
    made: Sequence[ColumnShape],
    widths: Sequence[float],
    columns: Sequence[int],
) -> Iterator[str]:
    yield from _spanners(table, widths, columns)
    heads = [_heading(table.labels[j], made[j]) for j in columns]
    yield rf" & {' & '.join(heads)} \\"
    if table.responses:
        texts = [_heading(table.responses[j], made[j]) for j in columns]
        yield rf"Response & {' & '.join(texts)} \\"


def _heading(text: str, shape: ColumnShape) -> str:
    """A heading over its column, in several lines if it is much wider."""
    room = max(DIGIT * shape.numbers + _hang(shape), heading_em(text))
    return rf"\multicolumn{{1}}{{c}}{{{_stacked(text, room)}}}"


def _stacked(text: str, room: float) -> str:
    """A heading in lines of at most `room` em."""
    lines = wrapped_em(text, max(room, heading_em(text)))
    if len(lines) == 1:
        return escape_latex(text)
    stacked = r" \\ ".join(_row_start(escape_latex(part)) for part in lines)
    return rf"\begin{{tabular}}[b]{{@{{}}c@{{}}}}{stacked}\end{{tabular}}"


def _spanners(table: TableRecord, widths: Sequence[float], columns: Sequence[int]) -> Iterator[str]:
    cells, rules, at = "", [], 0
    for spanner in sorted(table.spanners, key=lambda s: s.first):
        inside = [k for k, j in enumerate(columns) if spanner.first <= j <= spanner.last]
        if inside:
            cells += " &" * (inside[0] - at + 1)
            room = sum(widths[columns[k]] for k in inside) - 1.2
            cells += rf" \multicolumn{{{len(inside)}}}{{c}}{{{_stacked(spanner.text, room)}}}"
            rules.append(rf"\cmidrule(lr){{{inside[0] + 2}-{inside[-1] + 2}}}")
            at = inside[-1] + 1
    if rules:
        yield rf"{cells}{' &' * (len(columns) - at)} \\"
        yield "".join(rules)


def _rows(
    table: TableRecord,
    row: Row,
    made: Sequence[ColumnShape],
    columns: Sequence[int],
    stub: float,
    joined: str,
) -> Iterator[str]:
    """The printed lines of a row; pages do not break where `joined` ends a line."""
    if all(row.cells[j].is_empty for j in columns) and not all(c.is_empty for c in row.cells):
        return
    cells = {j: [_line(p, made[j]) for p in placed(row, j, made[j])] for j in columns}
    labels = [
        "".join(map(_piece, label_line(table, part)))
        for part in wrapped_em(row.label, stub + 0.1, _INDENT)
    ]
    height = max(row.height, len(labels))
    for k in range(height):
        texts = [cells[j][k] if k < len(cells[j]) else "" for j in columns]
        label = _row_start(labels[k]) if k < len(labels) else ""
        indent = rf"\hspace{{{_INDENT:g}em}}" if k and label else ""
        end = joined if k + 1 < height else r"\\"
        yield rf"{indent}{label} & {' & '.join(texts)} {end}"


def _row_start(text: str) -> str:
    """A line after ``\\\\``, which takes a star or bracket as its own."""
    return f"{{}}{text}" if text.startswith("*") else text


def _line(p: Placed, shape: ColumnShape) -> str:
    if p.free:
        text = "".join(map(_piece, p.head))
        hang = _hang(shape)
        return text + (rf"\hspace{{-{hang:g}em}}" if hang else "")
    *lead, number = p.head
    if number.kind != "number":
        return "".join(map(_piece, p.head))
    text = f"${''.join(piece.text for piece in lead)}{_number(number.text)}$"
    if p.tail:
        text += rf"\rlap{{{''.join(map(_hanging, p.tail))}}}"
    blanks = ("." if p.point else "") + "0" * p.pad
    return text + (rf"\phantom{{{blanks}}}" if blanks else "")


def _hanging(piece: Piece) -> str:
    return f"${piece.text}$" if piece.text in (")", "]") else _piece(piece)


def _piece(piece: Piece) -> str:
    if piece.kind == "number":
        return f"${_number(piece.text)}$"
    if piece.kind == "stars":
        if set(piece.text) == {"*"}:
            return f"$^{{{piece.text}}}$"
        return rf"\textsuperscript{{{escape_latex(piece.text)}}}"
    text = escape_latex(piece.text)
    return rf"\textit{{{text}}}" if piece.kind == "symbol" else text


def _number(text: str) -> str:
    """A number as mathematics: LaTeX would set the e of 1e-03 as a variable."""
    parts = power_of_ten(text)
    if parts is not None:
        return rf"{parts[0]} \times 10^{{{parts[1]}}}"
    return escape_latex(text).replace(",", "{,}")


def _notes(table: TableRecord, layout: _Layout) -> Iterator[str]:
    notes: list[Line] = note_lines(table)
    if not notes:
        return
    size = r"\scriptsize" if layout.size in (r"\footnotesize", r"\scriptsize") else r"\footnotesize"
    yield r"\par\smallskip"
    yield rf"\begin{{minipage}}{{{layout.notes:g}em}}"
    yield rf"{size}\raggedright\setlength{{\parskip}}{{2pt}}"
    for k, note in enumerate(notes):
        yield (r"\par " if k else "") + "".join(map(_piece, note))
    yield r"\end{minipage}"
