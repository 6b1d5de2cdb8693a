"""Text to tokens, in one linear pass."""

from __future__ import annotations

import re

from ranef.formula.position import formula_error
from ranef.record import record

__all__ = ["Token", "tokenize"]


@record(frozen=True, slots=True)
class Token:
    """One token.

    ``kind`` is ``"name"``, ``"number"``, ``"string"``, ``"end"`` or the operator's own text;
    ``value`` is the name without backticks, the number's digits or the unescaped string.
    """

    kind: str
    value: str
    start: int
    end: int


_TOKEN = re.compile(
    r"""\s*+(?:
      (?P<name>(?:[^\W\d]|\.(?!\d))[\w.]*+)
    | (?P<number>(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][+-]?\d++)?+L?)
    | (?P<operator>\|\||\*\*|==|!=|<=|>=|%in%|[-+*/:^~|(),=<>\[\]])
    | (?P<quoted>`[^`]*+`|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def tokenize(text: str) -> list[Token]:
    """All tokens of a formula, with an ``"end"`` token last.

    Raises
    ------
    FormulaError
        A character that belongs to no token, or a quote that is never closed.

    Examples
    --------
    >>> [t.kind for t in tokenize("y ~ (1 | sch.id)")]
    ['name', '~', '(', 'number', '|', 'name', ')', 'end']
    """
    tokens: list[Token] = []
    at, n = 0, len(text)
    match = _TOKEN.match
    while found := match(text, at):
        group = found.lastgroup
        start, at = found.span(group or 0)
        piece = text[start:at]
        if group == "operator":
            kind = "^" if piece == "**" else piece
            tokens.append(Token(kind, piece, start, at))
        elif group == "quoted":
            tokens.append(_quoted(piece, text, start, at))
        else:
            tokens.append(Token(group or "", piece, start, at))
    if left := text[at:].lstrip():
        raise _unreadable(text, n - len(left))
    tokens.append(Token("end", "", n, n))
    return tokens


def _quoted(piece: str, text: str, start: int, end: int) -> Token:
    inner = piece[1:-1]
    if piece[0] != "`":
        inner = re.sub(r"(?s)\\(.)", lambda m: _ESCAPED.get(m[1], m[1]), inner)
        return Token("string", inner, start, end)
    if not inner.strip():
        raise formula_error(
            "empty name between backticks",
            text,
            (start, end),
            fix="write a column name between the backticks, as in `my column`",
        )
    return Token("name", inner, start, end)


def _unreadable(text: str, at: int) -> Exception:
    char = text[at]
    if char in "`\"'":
        return formula_error(
            f"the quote {char} is never closed",
            text,
            (at, len(text)),
            fix=f"add the closing {char}",
        )
    fix = "put a column name with such characters between backticks, as in `my column`"
    if char in "!&":
        fix = "compute this column before fitting and use its name here"
    if char == "%":
        fix = "the only such operator a formula knows is %in%"
    return formula_error(f"unexpected character {char!r}", text, (at, at + 1), fix=fix)
