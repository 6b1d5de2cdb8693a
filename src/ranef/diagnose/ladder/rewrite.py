"""Formulas from formulas: the text of a variant, as a user would type it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ranef.formula import Bar, Formula, Term, to_source
from ranef.formula.nodes import (
    Binary,
    Call,
    Expr,
    Negative,
    Number,
    RandomPart,
    Span,
    Sum,
)
from ranef.formula.parse import summands
from ranef.formula.parser import parse_sides
from ranef.record import record

__all__ = ["Parts", "centring", "effects", "parts_of", "per_factor", "replaced"]

_NOWHERE: Span = (0, 0)


@record(frozen=True, slots=True)
class Parts:
    """A formula taken apart at its top-level plus signs.

    Attributes
    ----------
    response : Expr
    fixed : tuple of (int, Expr)
        Summands of the fixed part with their signs, as written.
    random : tuple of RandomPart
        As written where possible; each on one grouping factor after ``per_factor``.
    """

    response: Expr
    fixed: tuple[tuple[int, Expr], ...]
    random: tuple[RandomPart, ...]

    @property
    def text(self) -> str:
        """The formula."""
        items = (*self.fixed, *((1, part) for part in self.random))
        if not self.fixed:
            items = ((1, Number(1.0, _NOWHERE)), *items)
        first = items[0] if items[0][0] > 0 else (1, Negative(items[0][1], _NOWHERE))
        right = Sum((first, *items[1:]), _NOWHERE) if len(items) > 1 else first[1]
        return f"{to_source(self.response)} ~ {to_source(right)}"

    def mapped(self, change: Callable[[Expr], Expr]) -> Parts:
        """`change` applied to the right side, grouping factors left alone."""
        return replace(
            self,
            fixed=tuple((sign, change(item)) for sign, item in self.fixed),
            random=tuple(replace(part, lhs=change(part.lhs)) for part in self.random),
        )


def parts_of(formula: Formula) -> Parts:
    """A formula taken apart."""
    response, right = parse_sides(formula.text)
    items = summands(right)
    return Parts(
        response,
        tuple((s, item) for s, item in items if not isinstance(item, RandomPart)),
        tuple(item for _, item in items if isinstance(item, RandomPart)),
    )


def per_factor(formula: Formula) -> tuple[RandomPart, ...]:
    """The random parts with nested ones written out: one for each of ``formula.bars``."""
    return tuple(RandomPart(bar.lhs, _group(bar), bar.correlated, bar.span) for bar in formula.bars)


def _group(bar: Bar) -> Expr:
    group: Expr = bar.group_names[0]
    for name in bar.group_names[1:]:
        group = Binary(":", group, name, _NOWHERE)
    return group


def effects(intercept: bool, terms: Sequence[Term]) -> Expr:
    """The left side of a bar from its expanded terms."""
    products = [_product(term) for term in terms]
    if not products:
        return Number(1.0, _NOWHERE)
    if not intercept:
        products = [Number(0.0, _NOWHERE), *products]
    if len(products) == 1:
        return products[0]
    return Sum(tuple((1, product) for product in products), _NOWHERE)


def _product(term: Term) -> Expr:
    product = term.factors[0]
    for factor in term.factors[1:]:
        product = Binary(":", product, factor, _NOWHERE)
    return product


def centring(function: str, expr: Expr, group: Expr) -> Call:
    """``within(expr, group)`` or ``between(expr, group)``."""
    return Call(function, (expr, group), (), _NOWHERE, _NOWHERE)


def replaced(tree: Expr, old: Expr, new: Expr) -> Expr:
    """`tree` with every factor equal to `old` replaced; arguments of functions are left alone."""
    if tree == old:
        return new
    match tree:
        case Binary():
            left, right = replaced(tree.left, old, new), replaced(tree.right, old, new)
            return replace(tree, left=left, right=right)
        case Sum():
            return replace(tree, items=tuple((s, replaced(i, old, new)) for s, i in tree.items))
        case Negative():
            return replace(tree, operand=replaced(tree.operand, old, new))
        case _:
            return tree
