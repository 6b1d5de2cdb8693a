"""Expressions of a formula in the language of another program."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ranef.errors import OptionError
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
from ranef.formula.render import number_text, to_text

__all__ = ["Dialect", "written"]

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


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a language writes names, operators and functions.

    Attributes
    ----------
    program : str
        For errors.
    name : callable
        A column.
    text : callable
        A quoted text.
    functions : mapping of str to str
        Its names of the functions of a formula. A template with ``{}`` holds the argument.
    operators : mapping of str to str
        Those that it writes otherwise.
    constants : (str, str, str)
        True, false and nothing.
    vector : (str, str)
        What stands before and after the items of a list.
    call : callable, optional
        Writes a call that needs more than another name; None for the others.
    random : callable, optional
        Writes a random part.
    """

    program: str
    name: Callable[[str], str]
    text: Callable[[str], str]
    functions: Mapping[str, str]
    operators: Mapping[str, str] = field(default_factory=dict)
    constants: tuple[str, str, str] = ("TRUE", "FALSE", "NULL")
    vector: tuple[str, str] = ("c(", ")")
    call: Callable[[Call, Callable[[Expr], str]], str | None] | None = None
    random: Callable[[RandomPart, Callable[[Expr], str]], str] | None = None


def written(expr: Expr, dialect: Dialect, made: Mapping[str, str] | None = None) -> str:
    """An expression in another language.

    Parameters
    ----------
    expr : Expr
    dialect : Dialect
    made : mapping of str to str, optional
        Names of columns that stand for expressions, by their text.

    Raises
    ------
    OptionError
        The program does not have a function.
    """
    return _write(expr, dialect, made or {})[0]


def _write(expr: Expr, dialect: Dialect, made: Mapping[str, str]) -> tuple[str, int]:
    """Text, and how strongly it holds together."""

    def inside(child: Expr, least: int = 0) -> str:
        text, strength = _write(child, dialect, made)
        return f"({text})" if strength < least else text

    text = to_text(expr) if isinstance(expr, (Call, Name)) else ""
    if text in made:
        return dialect.name(made[text]), _ATOM
    match expr:
        case Name():
            return dialect.name(expr.name), _ATOM
        case Number():
            return number_text(expr.value), _ATOM
        case String():
            return dialect.text(expr.value), _ATOM
        case Constant(value=float() as value):
            return ("pi" if math.isfinite(value) else "Inf"), _ATOM
        case Constant():
            true, false, nothing = dialect.constants
            return (nothing if expr.value is None else true if expr.value else false), _ATOM
        case Vector():
            items = ", ".join(inside(item) for item in expr.items)
            return f"{dialect.vector[0]}{items}{dialect.vector[1]}", _ATOM
        case Negative():
            return "-" + inside(expr.operand, _STRENGTH["-"]), _STRENGTH["-"]
        case Sum():
            out = inside(expr.items[0][1], _STRENGTH["+"] + 1)
            out = f"-{out}" if expr.items[0][0] < 0 else out
            for sign, item in expr.items[1:]:
                out += (" + " if sign > 0 else " - ") + inside(item, _STRENGTH["+"] + 1)
            return out, _STRENGTH["+"]
        case RandomPart():
            assert dialect.random is not None
            return dialect.random(expr, inside), _ATOM
        case Call():
            return _call(expr, dialect, inside), _ATOM
        case Binary():
            strength = _STRENGTH[expr.operator]
            right = expr.operator == "^"
            spelt = dialect.operators.get(expr.operator, expr.operator)
            middle = spelt if spelt in (":", "^") else f" {spelt} "
            left = inside(expr.left, strength + right)
            return left + middle + inside(expr.right, strength + (not right)), strength


def _call(call: Call, dialect: Dialect, inside: Callable[[Expr], str]) -> str:
    if dialect.call is not None:
        own = dialect.call(call, inside)
        if own is not None:
            return own
    name = dialect.functions.get(call.function)
    if name is None or ("{}" in name and (len(call.args) != 1 or call.keywords)):
        raise OptionError(
            f"{dialect.program} formulas have no {call.function}() as ranef means it",
            where=to_text(call),
            fix="compute the column before fitting and use its name in the formula",
        )
    arguments = [inside(arg) for arg in call.args]
    arguments += [f"{key} = {inside(value)}" for key, value in call.keywords]
    if "{}" in name:
        return name.format(arguments[0])
    return f"{name}({', '.join(arguments)})"
