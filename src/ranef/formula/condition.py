"""Conditions on rows: comparisons of expressions, joined with ``&``, ``|`` and ``!``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ranef.errors import FormulaError
from ranef.formula.check import check_numeric
from ranef.formula.functions import TRANSFORMS
from ranef.formula.nodes import Binary, Call, Expr, Name, walk
from ranef.formula.parser import parse_sides

__all__ = ["Condition", "Joined", "columns", "parse_condition"]

_PIECE = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|`[^`]*+`)
      | (?P<or>\|\|?|\bor\b) | (?P<and>&&?|\band\b) | (?P<not>!(?!=)|\bnot\b)
      | (?P<open>[(\[]) | (?P<close>[)\]]) | (?P<other>[\w.]++|.)""",
    re.VERBOSE | re.DOTALL,
)
_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by a word; ``"not"`` has one."""

    word: Literal["and", "or", "not"]
    parts: tuple[Condition, ...]


Condition = Expr | Joined
_Pieces = list[tuple[str, str]]


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Parameters
    ----------
    text : str
        ``"age > 10 & sex == 'F'"``. ``&`` binds more strongly than ``|``, and ``!`` more than both;
        ``and``, ``or`` and ``not`` mean the same.

    Raises
    ------
    FormulaError
        The text is not a condition.

    Examples
    --------
    >>> condition = parse_condition("age > 10 & (sex == 'F' | !done)")
    >>> condition.word, list(columns(condition))
    ('and', ['age', 'sex', 'done'])
    """
    pieces = [(found.lastgroup or "", found[0]) for found in _PIECE.finditer(text)]
    return _read(pieces, text, 0)


def columns(condition: Condition) -> Iterator[str]:
    """The columns that a condition reads, each once for every time it stands there."""
    if isinstance(condition, Joined):
        for part in condition.parts:
            yield from columns(part)
    else:
        yield from (node.name for node in walk(condition) if isinstance(node, Name))


def _read(pieces: _Pieces, text: str, depth: int) -> Condition:
    while pieces and not pieces[0][1].strip():
        pieces = pieces[1:]
    while pieces and not pieces[-1][1].strip():
        pieces = pieces[:-1]
    if not pieces:
        raise _error("a condition ends too early", text, "write a comparison, as in age > 10")
    if depth > _DEEPEST:
        raise _error("the condition is nested too deeply", text, "compute it as a column first")
    for word in ("or", "and"):
        parts = _split(pieces, word, text)
        if len(parts) > 1:
            return Joined(word, tuple(_read(part, text, depth + 1) for part in parts))
    if pieces[0][0] == "not":
        return Joined("not", (_read(pieces[1:], text, depth + 1),))
    if pieces[0][1] == "(" and _closes_at(pieces, text) == len(pieces) - 1:
        return _read(pieces[1:-1], text, depth + 1)
    return _comparison("".join(piece for _, piece in pieces), text)


def _split(pieces: _Pieces, word: str, text: str) -> list[_Pieces]:
    """The pieces between the words that stand outside of parentheses."""
    parts: list[_Pieces] = [[]]
    depth = 0
    for kind, piece in pieces:
        depth += (kind == "open") - (kind == "close")
        if depth < 0:
            raise _error("this ) closes nothing", text, "remove it, or add a ( before")
        if depth == 0 and kind == word:
            parts.append([])
        else:
            parts[-1].append((kind, piece))
    if depth:
        raise _error("a ( is never closed", text, "add the matching )")
    return parts


def _closes_at(pieces: _Pieces, text: str) -> int:
    depth = 0
    for at, (kind, _) in enumerate(pieces):
        depth += (kind == "open") - (kind == "close")
        if depth == 0:
            return at
    raise _error("a ( is never closed", text, "add the matching )")


def _comparison(piece: str, text: str) -> Expr:
    """One comparison, or a column of truth values, as a formula's expressions have them."""
    try:
        made = parse_sides(f"I({piece}) ~ 1")[0]
        if not isinstance(made, Call) or len(made.args) != 1 or made.keywords:
            raise _error(
                f"'{piece}' is not a condition", text, "write a comparison, as in age > 10"
            )
        expr = made.args[0]
        check_numeric(expr, f"I({piece})")
    except FormulaError as error:
        fix = error.fix.replace("write it inside I(), as in I(age > 30)", "")
        if re.search(r"(?<![=!<>])=(?!=)", piece):
            fix = "write == to compare"
        raise _error(error.what, text, fix or "write a comparison, as in age > 10") from None
    for node in walk(expr):
        if isinstance(node, Binary) and node.operator in _COMPARISONS:
            sides = (node.left, node.right)
            if any(isinstance(s, Binary) and s.operator in _COMPARISONS for s in sides):
                raise _error(
                    "two comparisons in a row", text, "write both, joined with &: 0 < x & x < 1"
                )
        if isinstance(node, Call) and node.function in TRANSFORMS | {"within", "between"}:
            raise _error(
                f"{node.function}() learns from the rows that the condition is to choose",
                text,
                "compute this column before fitting and use its name here",
            )
    return expr


def _error(what: str, text: str, fix: str) -> FormulaError:
    return FormulaError(what, where=f"subset={text!r}", fix=fix)
