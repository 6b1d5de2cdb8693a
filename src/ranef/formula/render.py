"""Trees back to text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from ranef.formula.naming import in_call, in_formula, of_column
from ranef.formula.nodes import (
    Binary,
    Call,
    Constant,
    Expr,
    Name,
    Negative,
    Number,
    RandomPart,
    String,
    Sum,
    Vector,
)
from ranef.formula.structures import tagged

__all__ = ["to_formulaic", "to_source", "to_text"]

_STRENGTH = {
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), 10),
    "+": 20,
    "*": 30,
    "/": 30,
    "%in%": 40,
    ":": 50,
    "-": 60,
    "^": 70,
}
_ATOM = 100
_PLAIN = r"[^\W\d]\w*+\Z"


def to_text(expr: Expr) -> str:
    """Canonical text of a tree: the names of columns and the words of messages.

    Powers are spelt ``**`` and ``factor()`` is spelt ``C()``, as formulaic names them. A variable
    carries backticks inside of calls, where its name needs them, and by itself where its name alone
    could be the text of something else (see :mod:`ranef.formula.naming`).

    Examples
    --------
    >>> from ranef.formula.parser import parse_sides
    >>> to_text(parse_sides("log( y ) ~ I(sch.size^2)")[1])
    'I(sch.size ** 2)'
    """
    match expr:
        case Name():
            return of_column(expr.name)
        case Binary(operator=":") if _is_product(expr):
            return f"{to_text(expr.left)}:{to_text(expr.right)}"
    return _render(expr, in_call)[0]


def to_formulaic(expr: Expr) -> str:
    """The tree as a formulaic formula: names that are no Python names get backticks.

    Examples
    --------
    >>> from ranef.formula.parser import parse_sides
    >>> to_formulaic(parse_sides("y ~ log(sch.size) + factor(k)")[1])
    'log(`sch.size`) + C(k)'
    """
    return _render(expr, _quoted)[0]


def to_source(expr: Expr) -> str:
    """The tree as a formula that reads back as the same tree: names get backticks where needed.

    Examples
    --------
    >>> from ranef.formula.parser import parse_sides
    >>> to_source(parse_sides("y ~ x*`my column` + (x | sch.id)")[1])
    'x * `my column` + (x | sch.id)'
    """
    return _render(expr, in_formula)[0]


def number_text(value: float) -> str:
    """``2`` for 2.0, else the shortest text that gives the number back."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)


def _is_product(expr: Expr) -> bool:
    """Whether a tree is a factor, or factors joined with ``:`` alone."""
    while isinstance(expr, Binary) and expr.operator == ":" and isinstance(expr.right, Name | Call):
        expr = expr.left
    return isinstance(expr, Name | Call)


def _quoted(name: str) -> str:
    return name if re.match(_PLAIN, name) else f"`{name}`"


def _render(expr: Expr, name: Callable[[str], str]) -> tuple[str, int]:
    """Text of a node and how strongly it holds together."""

    def inside(child: Expr, least: int) -> str:
        text, strength = _render(child, name)
        return f"({text})" if strength < least else text

    match expr:
        case Name():
            return name(expr.name), _ATOM
        case Number():
            return number_text(expr.value), _ATOM
        case String():
            escaped = expr.value.replace("\\", "\\\\").replace("'", "\\'")
            return "'" + escaped.replace("\n", "\\n") + "'", _ATOM
        case Constant(value=float() as value):
            return "pi" if math.isfinite(value) else "Inf", _ATOM
        case Constant():
            return repr(expr.value), _ATOM
        case Vector():
            return "[" + ", ".join(inside(item, 0) for item in expr.items) + "]", _ATOM
        case Call():
            args = [inside(arg, 0) for arg in expr.args]
            args += [f"{key}={inside(value, 0)}" for key, value in expr.keywords]
            function = "C" if expr.function in ("factor", "as.factor") else expr.function
            return f"{function}({', '.join(args)})", _ATOM
        case Negative():
            return "-" + inside(expr.operand, _STRENGTH["-"]), _STRENGTH["-"]
        case Sum():
            text = inside(expr.items[0][1], _STRENGTH["+"] + 1)
            for sign, item in expr.items[1:]:
                text += (" + " if sign > 0 else " - ") + inside(item, _STRENGTH["+"] + 1)
            return text, _STRENGTH["+"]
        case RandomPart():
            bar = "|" if expr.correlated else "||"
            inner = f"{inside(expr.lhs, 0)} {bar} {inside(expr.group, 0)}"
            return tagged(expr.structure, inner, expr.rank), _ATOM
        case Binary():
            strength = _STRENGTH[expr.operator]
            right_associative = expr.operator == "^"
            left = inside(expr.left, strength + right_associative)
            right = inside(expr.right, strength + (not right_associative))
            spelt = "**" if expr.operator == "^" else expr.operator
            middle = ":" if spelt == ":" else f" {spelt} "
            return left + middle + right, strength
