"""About how wide text is in a proportional font, for formats that have to lay columns out."""

from __future__ import annotations

import re
import unicodedata

from ranef.present.table.align import ColumnShape
from ranef.present.table.record import TableRecord

__all__ = ["DIGIT", "body_em", "heading_em", "stub_em", "text_em", "wrapped_em"]

DIGIT = 0.51
"""em that a digit takes in most fonts of text, or a little more."""

_NARROW = frozenset("iljt|!.,:;'`\u2019()[]{}/\\fIr ")
_PIECES = re.compile(r"[^\s:]*(?::|\s+|$)")
_WIDE = frozenset("mwMW@%\u2014\u2212+=<>\u00d7\u2013&")


def text_em(text: str) -> float:
    """The width of `text` in em: a little more than Times, Computer Modern and Calibri need.

    Examples
    --------
    >>> text_em("1234"), text_em("\u5b66\u6821")
    (2.04, 2.0)
    """
    return round(sum(map(_em, text)), 4)


def _em(char: str) -> float:
    if char.isdigit() or char == "_":
        return DIGIT
    if char in _NARROW:
        return 0.34
    if char in _WIDE:
        return 0.86
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return 0.72 if char.isupper() else 0.53


def wrapped_em(text: str, room: float, indent: float = 0.0) -> list[str]:
    """`text` in lines of at most `room` em, broken at blanks, behind colons, else anywhere.

    Parameters
    ----------
    text : str
    room : float
    indent : float
        em by which the lines after the first are shorter.

    Examples
    --------
    >>> wrapped_em("slopes of SES", 5.0), wrapped_em("time:condition", 5.0)
    (['slopes of', 'SES'], ['time:', 'condition'])
    """
    lines, line, width = [], "", room
    for piece in _PIECES.findall(text):
        if line and text_em(f"{line}{piece}".rstrip()) > width:
            lines.append(line.rstrip())
            line, width = "", room - indent
        for char in piece:
            if line and not piece.isspace() and text_em(f"{line}{char}".rstrip()) > width:
                lines.append(line.rstrip())
                line, width = "", room - indent
            line += char
    return [*lines, line.rstrip()]


def body_em(shape: ColumnShape) -> float:
    """What numbers need in em, with what hangs behind them."""
    return DIGIT * shape.width


def heading_em(text: str) -> float:
    """The least width of a heading, which may be broken at blanks."""
    return 1.08 * max(map(text_em, text.split()), default=0.0)


def stub_em(table: TableRecord) -> float:
    """The widest label of a row."""
    labels = [row.label for block in table.blocks for row in block.rows]
    labels += ["Response"] if table.responses else []
    return max(map(text_em, labels), default=0.0)
