"""The table in LaTeX: booktabs rules, notes by threeparttable, decimal points in line."""

from __future__ import annotations

from ranef.present.table.cells import cell_text, error_text
from ranef.present.table.record import Cell, Row, TableRecord
from ranef.present.text.numbers import power_of_ten

__all__ = ["escape_latex", "render_latex"]

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",
    "]": "{]}",
    "*": r"\textasteriskcentered{}",
    "`": r"\textasciigrave{}",
}


def escape_latex(text: str) -> str:
    r"""`text` as LaTeX prints it.

    >>> escape_latex("x_1 & 5%")
    'x\\_1 \\& 5\\%'
    """
    return "".join(_ESCAPES.get(c, c) for c in text)


def render_latex(table: TableRecord, caption: str = "", label: str = "") -> str:
    """A floating table; `caption` is taken as LaTeX, everything else is escaped."""
    heads = " & ".join(rf"\multicolumn{{1}}{{c}}{{{escape_latex(name)}}}" for name in table.labels)
    lines = [r"\begin{table}", r"\centering"]
    lines += [rf"\caption{{{caption}}}"] if caption else []
    lines += [rf"\label{{{label}}}"] if label else []
    lines += [
        r"\begin{threeparttable}",
        rf"\begin{{tabular}}{{l*{{{len(table.columns)}}}{{r@{{\hspace{{2.2em}}}}}}}}",
        r"\toprule",
        rf" & {heads} \\",
    ]
    for block in table.blocks:
        lines.append(r"\midrule")
        for row in block.rows:
            lines += _rows(row)
    lines += [r"\bottomrule", r"\end{tabular}"]
    notes = [escape_latex(note) for note in (table.legend, *table.notes) if note]
    if notes:
        lines += [r"\begin{tablenotes}[flushleft]", r"\footnotesize"]
        lines += [rf"\item {note}" for note in notes]
        lines.append(r"\end{tablenotes}")
    lines += [r"\end{threeparttable}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def _rows(row: Row) -> list[str]:
    tops = [_top(cell, row.decimals) for cell in row.cells]
    lines = [rf"{escape_latex(row.label)} & {' & '.join(tops)} \\"]
    if any(cell.std_error is not None for cell in row.cells):
        under = [_under(cell, row.decimals) for cell in row.cells]
        lines.append(rf" & {' & '.join(under)} \\")
    return lines


def _top(cell: Cell, decimals: int) -> str:
    text = cell_text(cell, decimals)
    if isinstance(cell.value, str):
        return escape_latex(text)
    if not text or text == "dropped":
        return text
    return f"${_number(text)}$" + (rf"\rlap{{$^{{{cell.stars}}}$}}" if cell.stars else "")


def _under(cell: Cell, decimals: int) -> str:
    error = error_text(cell, decimals)
    return rf"$({_number(error)}$\rlap{{$)$}}" if error else ""


def _number(text: str) -> str:
    """A number as mathematics: LaTeX would set the e of 1e-03 as a variable."""
    parts = power_of_ten(text)
    return text if parts is None else rf"{parts[0]} \times 10^{{{parts[1]}}}"
