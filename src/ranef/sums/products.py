"""The numbers that a formula multiplies: what is summed, before categories and means are known.

Factors are summed less their shifts, and products of factors are products of these: far from
zero ``x`` and ``x:z`` are collinear, and ``x - c`` and ``(x - c):(z - d)`` are not. For any shift
to be undone, what a product consists of is summed with it.

Within a cell of the categories a column of X or Z is a linear form of products of numbers. The
contrasts of the categories are constants there, ``between(x, g)`` is a constant of the group, and
``within(x, g)`` is x less that constant. So a term is a few products, each with a coefficient that
the cell decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations

from ranef.errors import OptionError
from ranef.formula.functions import CATEGORY, CENTRING, INDICATOR, TRANSFORMS
from ranef.formula.nodes import Binary, Call, Expr, Name, Number, walk
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.formula.terms import Term

__all__ = ["CONSTANT", "LINEAR", "Part", "Product", "category_column", "numbers_of", "parts_of"]

LINEAR = frozenset({"center", "scale", "standardize"})
"""Functions that learn a mean and a standard deviation, which sums hold."""

MOST_POWER = 5
"""Powers up to which a power is summed as a product."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product of numeric expressions; without any it is the constant 1."""

    factors: tuple[Expr, ...] = ()

    @property
    def text(self) -> str:
        """The same for the same product in any order; that of the constant is no column's."""
        powers = sorted(Counter(map(to_text, self.factors)).items())
        return ":".join(name if n == 1 else f"{name}^{n}" for name, n in powers) or "(1)"

    def parts(self) -> tuple[Product, ...]:
        """All products of some of its factors, itself last and the constant left out."""
        found: dict[str, Product] = {}
        for k in range(1, len(self.factors) + 1):
            for chosen in combinations(self.factors, k):
                made = Product(chosen)
                found.setdefault(made.text, made)
        return tuple(found.values())


CONSTANT = Product()


@dataclass(frozen=True, slots=True)
class Part:
    """A product with what multiplies it in a cell.

    Attributes
    ----------
    product : Product
    calls : tuple of str
        For each factor of the product the call that scales it, empty if there is none.
    means : tuple of str
        Group means that multiply it, by the texts of their calls.
    less : int
        How many of them are subtracted: an odd number changes the sign.
    """

    product: Product
    calls: tuple[str, ...] = ()
    means: tuple[str, ...] = ()
    less: int = 0


def category_column(factor: Expr, kinds: Mapping[str, str]) -> str | None:
    """The column of a factor that is a category, None for numbers."""
    if isinstance(factor, Name):
        return factor.name if kinds.get(factor.name) == "factor" else None
    if isinstance(factor, Call) and factor.function in CATEGORY:
        column = factor.args[0]
        return column.name if isinstance(column, Name) else None
    return None


def numbers_of(term: Term, kinds: Mapping[str, str]) -> tuple[Expr, ...]:
    """The factors of a term that are numbers."""
    return tuple(f for f in term.factors if category_column(f, kinds) is None)


def parts_of(numbers: Collection[Expr]) -> tuple[Part, ...]:
    """The parts that the product of some numeric factors consists of.

    ``within(x, g) * z`` is ``x * z`` less the mean of x times ``z``.
    """
    plain: list[Expr] = []
    calls: list[str] = []
    within: list[Call] = []
    between: list[str] = []
    for factor in numbers:
        if isinstance(factor, Call) and factor.function == "within":
            within.append(factor)
        elif isinstance(factor, Call) and factor.function == "between":
            between.append(to_text(factor))
        elif isinstance(factor, Call) and factor.function in LINEAR:
            plain.append(factor.args[0])
            calls.append(to_text(factor))
        else:
            plain += (multiplied := _multiplied(factor))
            calls += [""] * len(multiplied)
    parts = []
    for k in range(len(within) + 1):
        for kept in combinations(within, len(within) - k):
            left = [call for call in within if call not in kept]
            product = Product((*plain, *(call.args[0] for call in kept)))
            scaled = (*calls, *([""] * len(kept)))
            parts.append(Part(product, scaled, (*between, *map(to_text, left)), k))
    return tuple(parts)


def _multiplied(expr: Expr) -> tuple[Expr, ...]:
    """The factors of ``I(x * z)`` and of ``I(x^2)``; other expressions are one."""
    if isinstance(expr, Call) and expr.function == "I":
        inside = _multiplied(expr.args[0])
        return inside if len(inside) > 1 else (expr,)
    if isinstance(expr, Binary) and _holds_a_name(expr.left):
        if expr.operator == "*" and _holds_a_name(expr.right):
            return (*_multiplied(expr.left), *_multiplied(expr.right))
        if expr.operator in ("^", "**") and isinstance(expr.right, Number):
            power = expr.right.value
            if power == int(power) and 2 <= power <= MOST_POWER:
                return _multiplied(expr.left) * int(power)
    return (expr,)


def _holds_a_name(expr: Expr) -> bool:
    return any(isinstance(node, Name) for node in walk(expr))


def check_summable(expr: Expr, formula: str) -> None:
    """Refuse expressions whose values depend on all rows, or on a category.

    Raises
    ------
    OptionError
    """
    for node in walk(expr):
        if not isinstance(node, Call):
            continue
        if node.function in LINEAR and node is expr:
            continue
        if node.function in TRANSFORMS:
            raise OptionError(
                f"{node.function}() learns from all rows, and sums are made row by row",
                where=pointer(formula, node.span),
                found=to_text(node),
                fix="write the numbers out, as in I((x - 50) / 10) or I(x^2), or read the data "
                "into memory",
            )
        if node.function == "cut":
            raise OptionError(
                "cut() learns its intervals from all rows, and sums are made row by row",
                where=pointer(formula, node.span),
                found=to_text(node),
                fix="make the category a column of the data",
            )
        if node.function in CENTRING and node is not expr:
            raise OptionError(
                f"{node.function}() inside of another function cannot be summed",
                where=pointer(formula, node.span),
                found=to_text(expr),
                fix="use it as a term of its own, or as a factor of an interaction",
            )
        if node.function == INDICATOR:
            raise OptionError(
                "dummy() cannot be summed",
                where=pointer(formula, node.span),
                found=to_text(node),
                fix="use the category as a term, or a column of 0 and 1",
            )
