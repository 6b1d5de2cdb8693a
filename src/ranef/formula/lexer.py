"""Text to tokens, in one linear pass."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ranef.formula.position import formula_error

__all__ = ["Token", "tokenize"]


@dataclass(frozen=True, slots=True)
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
_MEANT = {
    **dict.fromkeys("\u223c\uff5e\u02dc\u223d\u301c", "~"),
    **dict.fromkeys("\u2013\u2014\u2212\u2010\u2011\u2012\ufe63\uff0d", "-"),
    **dict.fromkeys("\u00d7\u2217\uff0a\u22c5\u00b7", "*"),
    **dict.fromkeys("\u2223\uff5c\u2502\u00a6", "|"),
    **dict.fromkeys("\uff1a\u2236", ":"),
    "\uff0b": "+",
    "\uff08": "(",
    "\uff09": ")",
    "\uff0c": ",",
}
"""What word processors and other keyboards put in place of the characters of a formula."""

_QUOTES = frozenset("\u201c\u201d\u201e\u2018\u2019\u201a\u00b4\u00ab\u00bb")
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")
_JOINED = r"[^\s+*:|()~^/,`]*"
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
    code = f"U+{ord(char):04X}"
    whole = _column_around(text, at)
    fix = f"if {whole} is the name of a column, put it between backticks: `{whole}`"
    what = f"unexpected character {char!r}"
    if char in _INVISIBLE:
        what, fix = f"an invisible character ({code})", "delete it: type this place anew"
    elif char in _MEANT:
        meant = _MEANT[char]
        what = f"'{char}' ({code}) is not the {meant} of a formula"
        of_name = f"; if {whole} is the name of a column, write `{whole}`"
        fix = f"type {meant} on the keyboard" + (of_name if len(whole) > 2 else "")
    elif char in _QUOTES:
        fix = "a column's name stands alone or between backticks, as in `my column`; other texts "
        fix += "stand between '...'"
    elif char == "$":
        name = re.match(r"\$\s*(`[^`]*`|[\w.]*)", text[at:])
        alone = name[1] if name and name[1] else "the column's name"
        fix = f"write {alone} alone: the data frame is an argument beside the formula"
    elif char in "!&":
        fix = "compute this column before fitting and use its name here"
    elif char == "%":
        fix = f"the only such operator a formula knows is %in%; {fix}"
    return formula_error(what, text, (at, at + 1), fix=fix)


def _column_around(text: str, at: int) -> str:
    """The run of characters around a place that may be a column's name."""
    before = re.search(_JOINED + r"\Z", text[:at])
    after = re.match(_JOINED, text[at + 1 :])
    return (before[0] if before else "") + text[at] + (after[0] if after else "")
