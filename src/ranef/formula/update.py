"""A formula changed by another one, as R's ``update.formula`` changes it."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from ranef.errors import FormulaError
from ranef.formula.model import Formula
from ranef.formula.nodes import (
    Binary,
    Call,
    Expr,
    Name,
    Negative,
    Number,
    RandomPart,
    Span,
    Sum,
    Vector,
    walk,
)
from ranef.formula.parse import summands
from ranef.formula.parser import parse_sides
from ranef.formula.position import formula_error
from ranef.formula.render import to_source, to_text
from ranef.formula.terms import Term, expand

__all__ = ["updated"]

_NOWHERE: Span = (0, 0)
_Items = list[tuple[int, Expr]]


def updated(old: Formula, change: str) -> str:
    """The text of `old` after a change.

    Parameters
    ----------
    old : Formula
    change : str
        ``". ~ . + x"``. A ``.`` on the left stands for the old response. On the right it stands
        for the old right side, and within an operator (``. * x``) for its fixed terms; the random
        parts stay then. Without a ``.`` the whole right side is new. Left of the ``~`` nothing
        means ``.``.

    Raises
    ------
    FormulaError
        The change cannot be read, or takes away a random part or an offset that is not there.

    Examples
    --------
    >>> from ranef.formula import parse
    >>> old = parse("y ~ x + z + (x | g)")
    >>> updated(old, "~ . - z"), updated(old, "log(.) ~ . - (x | g) + (1 | g)")
    ('y ~ x + (x | g)', 'log(y) ~ x + z + (1 | g)')
    """
    if not isinstance(change, str):
        raise FormulaError(
            "the formula must be a text",
            found=type(change).__name__,
            fix='write the change in quotes, as in "~ . + x"',
        )
    if change.lstrip().startswith("~"):
        change = f". {change.lstrip()}"
    if "~" not in change and "=" not in change:
        raise FormulaError(
            "the change has no ~",
            where=change,
            fix='write it behind the ~, as in "~ . + x"',
        )
    response, right = parse_sides(change)
    before = summands(parse_sides(old.text)[1])
    items: _Items = []
    for sign, item in summands(right):
        if _is_dot(item):
            items += [(sign * s, each) for s, each in before]
        elif any(map(_is_dot, walk(item))):
            kept = [each for each in before if _is_apart(each[1])]
            zero: _Items = [] if old.intercept else [(1, Number(0.0, _NOWHERE))]
            items += [*zero, (sign, _with(item, _sum_of(old.fixed))), *kept]
        else:
            items.append((sign, item))
    fixed = [(sign, item) for sign, item in items if not _is_apart(item)]
    apart = [(sign, item) for sign, item in items if _is_apart(item)]
    pieces = [*_fixed_texts(fixed, change), *_texts_apart(apart, change)]
    return f"{to_source(_with(response, old.response))} ~ {' + '.join(pieces)}"


def _is_dot(expr: Expr) -> bool:
    return isinstance(expr, Name) and expr.name == "."


def _is_apart(expr: Expr) -> bool:
    """Whether an item is not a term but a random part or an offset."""
    return isinstance(expr, RandomPart) or (isinstance(expr, Call) and expr.function == "offset")


def _with(expr: Expr, old: Expr) -> Expr:
    """The tree with `old` in place of each ``.``."""
    match expr:
        case Name():
            return old if _is_dot(expr) else expr
        case Negative():
            return replace(expr, operand=_with(expr.operand, old))
        case Binary():
            return replace(expr, left=_with(expr.left, old), right=_with(expr.right, old))
        case Sum():
            return replace(expr, items=tuple((sign, _with(e, old)) for sign, e in expr.items))
        case Call():
            keywords = tuple((key, _with(value, old)) for key, value in expr.keywords)
            return replace(expr, args=tuple(_with(e, old) for e in expr.args), keywords=keywords)
        case Vector():
            return replace(expr, items=tuple(_with(e, old) for e in expr.items))
        case _:
            return expr


def _sum_of(terms: tuple[Term, ...]) -> Expr:
    """Terms as one expression; the intercept alone where there are none."""
    products = [
        reduce(lambda a, b: Binary(":", a, b, _NOWHERE), term.factors[1:], term.factors[0])
        for term in terms
    ]
    if not products:
        return Number(1.0, _NOWHERE)
    return products[0] if len(products) == 1 else Sum(tuple((1, p) for p in products), _NOWHERE)


def _fixed_texts(items: _Items, change: str) -> list[str]:
    """The fixed part: as written if terms are only added, else expanded as R does."""
    texts = [to_text(item) for _, item in items]
    if items and all(sign > 0 for sign, _ in items) and len(set(texts)) == len(texts):
        return [to_source(Sum(tuple(items), _NOWHERE))] if len(items) > 1 else [_alone(items[0][1])]
    model = expand(items, change)
    written = [":".join(to_source(factor) for factor in term.factors) for term in model.terms]
    if not model.intercept:
        return ["0", *written]
    return written or ["1"]


def _alone(item: Expr) -> str:
    text = to_source(item)
    return f"({text})" if isinstance(item, Sum) else text


def _texts_apart(items: _Items, change: str) -> list[str]:
    """Random parts and offsets that are left, each once, in the order in which they came."""
    left: dict[str, str] = {}
    for sign, item in items:
        key = to_text(item)
        if sign > 0:
            left.setdefault(key, to_source(item))
        elif left.pop(key, None) is None:
            what = "random part" if isinstance(item, RandomPart) else "offset"
            raise formula_error(
                f"the model has no {what} {to_source(item)} to take away",
                change,
                item.span,
                found=", ".join(left.values()) or "none is left",
                fix=f"write the {what} as the formula of the fit writes it",
            )
    return list(left.values())
