"""The variables of a model as mathematics: ``log(x)``, ``I(x^2)``, ``within(x, g)``."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ranef.errors import RanefError
from ranef.formula.naming import column_of, without_level
from ranef.formula.nodes import (
    Binary,
    Call,
    Constant,
    Expr,
    Name,
    Negative,
    Number,
    String,
    Sum,
    Vector,
)
from ranef.formula.parser import parse_right_side
from ranef.formula.render import number_text, to_text
from ranef.present.equation.hierarchy import Hierarchy
from ranef.present.equation.upright import upright
from ranef.present.text.words import Words, centring_of

__all__ = ["Writer"]

_FUNCTIONS = {"log": r"\log", "exp": r"\exp", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan"}
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
_RELATIONS = {"==": "=", "!=": r"\ne", "<": "<", ">": ">", "<=": r"\le", ">=": r"\ge"}
_ATOM = 5


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes variables with their index.

    Attributes
    ----------
    words : Words
    hierarchy : Hierarchy
        For the index of group means.
    """

    words: Words = field(default_factory=Words)
    hierarchy: Hierarchy = field(default_factory=Hierarchy)

    def variable(self, text: str, index: str) -> str:
        r"""A column or a call in a row or group.

        >>> Writer().variable("ses", "ij"), Writer().variable("I(x ** 2)", "i")
        ('\\text{ses}_{ij}', '\\text{x}_{i}^{2}')
        >>> Writer().variable("within(ses, school)", "i")
        '(\\text{ses}_{i} - \\overline{\\text{ses}}_{\\text{school}[i]})'
        """
        if text in self.words.labels:
            return self.upright(self.words.labels[text], index)
        column = column_of(text)
        if column is not None:
            return self.upright(self.words.variable(column), index)
        pair = centring_of(text)
        if pair is not None:
            return self._centred(text, *pair, index)
        expr = self._parsed(text)
        if not isinstance(expr, Call):
            return self.upright(self.words.variable(text), index)
        return self.expression(expr, index)

    def basis(self, text: str, number: str, index: str) -> str:
        r"""One column of a call that gives several.

        >>> Writer().basis("poly(x, 2)", "1", "ij")
        '\\mathrm{poly}_{1}(\\text{x}_{ij})'
        """
        expr = self._parsed(text)
        if text in self.words.labels or not isinstance(expr, Call) or not expr.args:
            return self.upright(f"{self.words.variable(text)}[{number}]", index)
        inside = self.expression(expr.args[0], index)
        return rf"\mathrm{{{expr.function}}}_{{{number}}}({inside})"

    def upright(self, shown: str, index: str) -> str:
        """Words with an index."""
        return f"{upright(shown)}_{{{index}}}"

    def group(self, label: str) -> str:
        """A grouping factor."""
        return upright(self.words.group(label))

    def expression(self, expr: Expr, index: str) -> str:
        """A tree as mathematics."""
        return self._render(expr, index)[0]

    def _parsed(self, text: str) -> Expr | None:
        try:
            return parse_right_side(f"~ {text}")
        except RanefError:
            return None

    def _centred(self, text: str, x: str, group: str, index: str) -> str:
        own = self.variable(x, index)
        shown = upright(self.words.variable(x))
        mean = rf"\overline{{{shown}}}_{{{self._of_group(group, index)}}}"
        return mean if text.startswith("between") else f"({own} - {mean})"

    def _of_group(self, group: str, index: str) -> str:
        return self.hierarchy.index_of(group) or f"{self.group(group)}[{index}]"

    def _render(self, expr: Expr, index: str) -> tuple[str, int]:
        match expr:
            case Name():
                return self.upright(self.words.variable(expr.name), index), _ATOM
            case Number():
                return number_text(expr.value), _ATOM
            case Constant(value=float() as value):
                return (r"\pi" if math.isfinite(value) else r"\infty"), _ATOM
            case Negative():
                return f"-{self._inside(expr.operand, index, 3)}", 3
            case Sum():
                text = self._inside(expr.items[0][1], index, 1)
                for sign, item in expr.items[1:]:
                    text += (" + " if sign > 0 else " - ") + self._inside(item, index, 2)
                return text, 1
            case Binary() if expr.operator in _STRENGTH:
                return self._binary(expr, index)
            case Binary() if expr.operator in _RELATIONS:
                left, right = (self._inside(e, index, 1) for e in (expr.left, expr.right))
                return rf"\mathrm{{I}}({left} {_RELATIONS[expr.operator]} {right})", _ATOM
            case Call():
                return self._call(expr, index)
            case String() | Vector() | Constant():
                return upright(to_text(expr)), _ATOM
        return upright(to_text(expr)), _ATOM

    def _inside(self, expr: Expr, index: str, least: int) -> str:
        text, strength = self._render(expr, index)
        return f"({text})" if strength < least else text

    def _binary(self, expr: Binary, index: str) -> tuple[str, int]:
        strength = _STRENGTH[expr.operator]
        if expr.operator == "^":
            base = self._inside(expr.left, index, _ATOM)
            return f"{base}^{{{self._render(expr.right, index)[0]}}}", strength
        left = self._inside(expr.left, index, strength)
        right = self._inside(expr.right, index, strength + 1)
        joint = r" \, " if expr.operator == "*" else f" {expr.operator} "
        return f"{left}{joint}{right}", strength

    def _call(self, call: Call, index: str) -> tuple[str, int]:
        text = to_text(call)
        if text in self.words.labels:
            return self.upright(self.words.labels[text], index), _ATOM
        pair = centring_of(text)
        if pair is not None:
            return self._centred(text, *pair, index), _ATOM
        first = call.args[0] if call.args else None
        if first is None:
            return self.upright(text, index), _ATOM
        inside, strength = self._render(first, index)
        alone = len(call.args) == 1 and not call.keywords
        match call.function:
            case "I":
                return inside, strength
            case "sqrt" if alone:
                return rf"\sqrt{{{inside}}}", _ATOM
            case "abs" if alone:
                return f"|{inside}|", _ATOM
            case "center" if alone and isinstance(first, Name):
                mean = rf"\overline{{{upright(self.words.variable(first.name))}}}"
                return f"({inside} - {mean})", _ATOM
            case "log10" | "log2" if alone:
                return rf"\log_{{{call.function[3:]}}}({inside})", _ATOM
            case function if function in _FUNCTIONS and alone:
                return f"{_FUNCTIONS[function]}({inside})", _ATOM
        if isinstance(first, Name) and len(call.args) == 1 and not call.keywords:
            return rf"\mathrm{{{call.function}}}({inside})", _ATOM
        return self.upright(self.words.variable(without_level(text)), index), _ATOM
