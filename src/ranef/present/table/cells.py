"""The cells of a table: numbers and words as the lines that every format prints."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ranef.present.table.options import TableOptions
from ranef.present.table.record import Cell, Coefficient, Line, Piece
from ranef.present.table.statistic import P_VALUE, T_TEST, Part, Template
from ranef.present.table.styles import Style
from ranef.present.text.names import one_line
from ranef.present.text.numbers import estimate_text, figure, p_text, rounded

__all__ = ["coefficient_cell", "value_cell"]

Value = float | int | str | None

_DF_DECIMALS = 1
_TEST_DECIMALS = 2
_ESTIMATE = Template((Part("", "estimate"), Part("", "stars")))


def value_cell(value: Value, decimals: int, options: TableOptions, *, share: bool = False) -> Cell:
    """A cell of one line.

    Parameters
    ----------
    value : float, int, str or None
        NaN and None leave the cell empty.
    decimals : int
    options : TableOptions
    share : bool
        Whether the number cannot be above 1, as a correlation.
    """
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return Cell()
    if isinstance(value, str):
        return Cell(value, lines=((Piece(one_line(value)),),))
    if isinstance(value, int):
        text = f"{value:,}" if options.style.thousands else str(value)
    else:
        text = _styled(_float(value, decimals, options), options.style, share)
    return Cell(value, lines=((Piece(text, "number"),),))


def _float(value: float, decimals: int, options: TableOptions) -> str:
    if options.digits is None or abs(value) >= 1e15:
        return figure(value, decimals)
    return rounded(value, decimals)


def coefficient_cell(c: Coefficient | None, decimals: int, options: TableOptions) -> Cell:
    """An estimate with its stars, and the lines under it; ``dropped`` for an aliased one."""
    if c is None:
        return Cell()
    if math.isnan(c.estimate):
        return Cell(c.estimate, lines=((Piece("dropped"),),))
    marks = next((mark for mark, bound in options.stars if c.p_value < bound), "")
    whole = any("estimate" in template.fields for template in options.statistic)
    templates = options.statistic if whole else (_ESTIMATE, *options.statistic)
    lines = [_line(template, c, marks, decimals, options) for template in templates]
    return Cell(
        c.estimate,
        c.std_error,
        marks,
        lines=tuple(line for line in lines if line),
        more={name: getattr(c, name) for name in options.more},
    )


def _line(
    template: Template, c: Coefficient, marks: str, decimals: int, options: TableOptions
) -> Line:
    """The pieces of one line; none of them if there is not a number for it."""
    pieces: list[Piece] = []
    numbers = 0
    for part in template.parts:
        pieces += [Piece(part.text)] if part.text else []
        made = list(_field(part, c, marks, decimals, options)) if part.field else []
        numbers += any(piece.kind == "number" for piece in made)
        pieces += made
    return tuple(pieces) if numbers else ()


def _field(
    part: Part, c: Coefficient, marks: str, decimals: int, options: TableOptions
) -> Iterator[Piece]:
    name, style = part.field, options.style
    if name == "stars":
        if marks:
            yield Piece(marks, "stars")
    elif name == P_VALUE:
        text = p_text(c.p_value)
        if text:
            yield Piece("p", "symbol")
            yield Piece(" < " if text.startswith("<") else " = ")
            yield Piece(_styled(text.lstrip("<"), style, share=True), "number")
    elif name == T_TEST:
        if not math.isnan(c.statistic):
            yield Piece("t" if c.df < math.inf else "z", "symbol")
            yield Piece(" = ")
            yield Piece(rounded(c.statistic, _TEST_DECIMALS), "number")
    elif part.spec:
        value = getattr(c, name)
        if not math.isnan(value):
            yield Piece(format(value, part.spec), "number")
    else:
        text = _number(name, c, decimals, options.digits)
        if text.startswith("<"):
            yield Piece("<")
        if text:
            yield Piece(_styled(text.lstrip("<"), style, share=name == "p_value"), "number")


def _number(name: str, c: Coefficient, decimals: int, digits: int | None) -> str:
    value = float(getattr(c, name))
    if name == "p_value":
        return p_text(value)
    if name == "df":
        return "Inf" if math.isinf(value) else rounded(value, _DF_DECIMALS)
    if name == "statistic":
        return rounded(value, _TEST_DECIMALS)
    if digits is not None and abs(value) < 1e15:
        return rounded(value, decimals)
    if name == "std_error":
        return figure(value, decimals)
    return estimate_text(value, c.std_error, decimals)


def _styled(text: str, style: Style, share: bool = False) -> str:
    """A number in the style's manner: commas between thousands, no zero before the point."""
    if style.thousands and "e" not in text and text.lstrip("-").partition(".")[0].isdigit():
        whole, point, rest = text.partition(".")
        text = f"{'-' if whole.startswith('-') else ''}{abs(int(whole)):,}{point}{rest}"
    if share and not style.leading_zero:
        text = text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text
    return text
