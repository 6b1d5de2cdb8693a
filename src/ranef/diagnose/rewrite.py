"""Formulas from formulas: the text of a variant, as a user would type it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ranef.covariance import KINDS
from ranef.formula import Bar, Formula, Term, to_source
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
)
from ranef.formula.parse import summands
from ranef.formula.parser import parse_sides
from ranef.formula.structures import ORDERED

__all__ = [
    "Parts",
    "bar_with",
    "centring",
    "effects",
    "free",
    "intercept_by",
    "intercepts_alone",
    "outermost",
    "part_with",
    "parts_of",
    "per_factor",
    "product",
    "replaced",
    "restructured",
    "uncorrelated",
    "with_bar",
    "with_nested",
    "with_parts",
]

_NOWHERE: Span = (0, 0)


@dataclass(frozen=True, slots=True)
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
        """`change` applied to the right side; grouping factors and occasions are left alone."""
        return replace(
            self,
            fixed=tuple((sign, change(item)) for sign, item in self.fixed),
            random=tuple(
                part if part.structure in ORDERED else replace(part, lhs=change(part.lhs))
                for part in self.random
            ),
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
    return tuple(
        RandomPart(
            bar.lhs,
            product(bar.group_names),
            bar.correlated,
            bar.span,
            bar.structure,
            bar.rank,
        )
        for bar in formula.bars
    )


def bar_with(formula: Formula, k: int, terms: Sequence[Term]) -> RandomPart:
    """The k-th of ``formula.bars`` with these terms in place of its own."""
    bar = formula.bars[k]
    return part_with(per_factor(formula)[k], bar.model.intercept, terms)


def part_with(part: RandomPart, intercept: bool, terms: Sequence[Term]) -> RandomPart:
    """The part with other effects.

    A structure stays if these are as many as its rank. An intercept alone has none.
    """
    if not terms:
        return intercept_by(part.group)
    part = replace(part, lhs=effects(intercept, terms))
    return free(part) if part.rank > len(terms) + intercept else part


def free(part: RandomPart) -> RandomPart:
    """The part without a structure: all covariances free."""
    return replace(part, correlated=True, structure="us", rank=0)


def uncorrelated(part: RandomPart, bar: Bar) -> RandomPart:
    """The part with all correlations zero, if that is a special case of it; `bar` is one it makes.

    A structure with one variance becomes ``homdiag``. A reduced rank has no such special case.
    """
    if part.structure == "rr":
        return part
    if part.structure in KINDS and KINDS[part.structure].one_variance:
        return restructured(part, bar, "homdiag")
    return restructured(part, bar, "diag")


def restructured(part: RandomPart, bar: Bar, structure: str) -> RandomPart:
    """The part with another structure of the same columns; `bar` is one that it makes.

    The levels of a category with a structure have a column each.
    """
    lhs = part.lhs
    if part.structure in ORDERED and structure not in ORDERED:
        lhs = effects(bar.model.intercept, bar.model.terms)
    elif part.structure == "us" and structure not in ("us", "diag") and bar.model.intercept:
        lhs = effects(False, bar.model.terms)
    free = structure in ("us", "diag")
    name = "us" if free else structure
    return replace(part, lhs=lhs, correlated=structure != "diag", structure=name, rank=0)


def with_bar(formula: Formula, k: int, part: RandomPart | None) -> str:
    """The formula with the k-th of ``formula.bars`` replaced, or left out."""
    parts = parts_of(formula)
    written = list(parts.random)
    if len(written) != len(formula.bars):
        written = list(per_factor(formula))
    written[k : k + 1] = [] if part is None else [part]
    return replace(parts, random=tuple(written)).text


def with_parts(formula: Formula, *added: RandomPart) -> str:
    """The formula with random parts added at its end."""
    parts = parts_of(formula)
    return replace(parts, random=(*parts.random, *added)).text


def with_nested(formula: Formula, outer: int, inner: int) -> str:
    """The formula with ``(1 | outer/inner)`` in place of two intercepts by single variables."""
    written = list(per_factor(formula))
    nested = Binary("/", written[outer].group, written[inner].group, _NOWHERE)
    written[outer] = intercept_by(nested)
    del written[inner]
    return replace(parts_of(formula), random=tuple(written)).text


def intercept_by(group: Expr) -> RandomPart:
    """``(1 | group)``."""
    return RandomPart(effects(True, ()), group, True, _NOWHERE)


def product(parts: Sequence[Name]) -> Expr:
    """``a:b`` of variables that make a grouping factor together."""
    group: Expr = parts[0]
    for name in parts[1:]:
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


def intercepts_alone(formula: Formula) -> str:
    """The formula with a random intercept for each grouping factor; empty without random slopes.

    >>> from ranef.formula import parse
    >>> intercepts_alone(parse("y ~ x + (x || g) + (1 | h)"))
    'y ~ x + (1 | g) + (1 | h)'
    """
    bars = formula.bars
    if not any(bar.model.terms for bar in bars):
        return ""
    parts = per_factor(formula)
    first = {
        bar.label: intercept_by(part.group)
        for bar, part in reversed(list(zip(bars, parts, strict=True)))
    }
    labels = dict.fromkeys(bar.label for bar in bars)
    return replace(parts_of(formula), random=tuple(first[label] for label in labels)).text


def outermost(terms: Sequence[Term]) -> list[Term]:
    """Terms that no other term contains: dropping any other would break an interaction."""
    names = [{to_source(factor) for factor in term.factors} for term in terms]
    return [
        term
        for term, own in zip(terms, names, strict=True)
        if not any(own < other for other in names)
    ]
