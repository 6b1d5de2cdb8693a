"""Columns that a formula uses without saying what they are."""

from __future__ import annotations

from collections.abc import Iterator

from ranef.formula.functions import CATEGORY, CENTRING, INDICATOR
from ranef.formula.model import Formula
from ranef.formula.nodes import Binary, Call, Expr, Name, String, children

__all__ = ["plain_names"]


def plain_names(formula: Formula) -> tuple[str, ...]:
    """Columns that are numbers or categories by their type alone.

    Those inside of ``factor()``, compared with a text or used as groups are not among them.

    Examples
    --------
    >>> from ranef.formula import parse
    >>> plain_names(parse("log(y) ~ x + factor(k) + within(z, g) + (1 + x | h)"))
    ('y', 'x', 'z')
    """
    models = [formula.fixed, *(bar.model.terms for bar in formula.bars)]
    factors = [factor for terms in models for term in terms for factor in term.factors]
    names = (
        name for expr in (formula.response, *factors, *formula.offsets) for name in _names(expr)
    )
    return tuple(dict.fromkeys(names))


def _names(expr: Expr) -> Iterator[str]:
    match expr:
        case Name():
            yield expr.name
        case Call() if expr.function in CATEGORY:
            return
        case Call() if expr.function in CENTRING:
            yield from _names(expr.args[0])
        case Call() if expr.function == INDICATOR:
            return
        case Binary(left=String()) | Binary(right=String()):
            return
        case _:
            for child in children(expr):
                yield from _names(child)
