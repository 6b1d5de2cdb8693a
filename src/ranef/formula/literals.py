"""The values of arguments that are written out in a formula."""

from __future__ import annotations

from typing import Any

from ranef.formula.nodes import Constant, Expr, Negative, Number, String, Vector
from ranef.formula.render import to_text

__all__ = ["literal"]


def literal(expr: Expr) -> Any:
    """The value of an argument that is not a column: a number, text, truth value or list."""
    match expr:
        case Number():
            return int(expr.value) if expr.value.is_integer() else expr.value
        case String() | Constant():
            return expr.value
        case Negative():
            return -literal(expr.operand)
        case Vector():
            return [literal(item) for item in expr.items]
    raise AssertionError(f"{to_text(expr)} is not a literal")
