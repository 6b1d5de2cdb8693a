"""The algebra of formula terms (Wilkinson and Rogers 1973) with R's order of terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ranef.formula.naming import in_formula
from ranef.formula.nodes import Binary, Call, Expr, Name, Negative, Number, RandomPart, String, Sum
from ranef.formula.position import formula_error
from ranef.formula.render import to_text

__all__ = ["Model", "Term", "expand"]

_MOST_TERMS = 5000

_Key = tuple[str, ...]
"""One term while it is being worked out: its factors' texts in R's order of variables."""

_Terms = dict[_Key, None]
"""A set of terms in order of appearance; the empty key is the intercept."""


@dataclass(frozen=True, slots=True)
class Term:
    """A product of factors that gives one or more columns.

    Attributes
    ----------
    factors : tuple of Expr
        In the order in which they first appear in the formula.
    name : str
        The factors' texts joined with ``:``.
    """

    factors: tuple[Expr, ...]
    name: str

    @property
    def degree(self) -> int:
        return len(self.factors)


@dataclass(frozen=True, slots=True)
class Model:
    """An expanded side of a formula.

    Attributes
    ----------
    intercept : bool
    terms : tuple of Term
        Main effects first, then two-way interactions and so on, each in order of appearance.
    offsets : tuple of Expr
        Arguments of ``offset()``.
    removed : tuple of Expr
        Factors that stand in subtracted terms alone.
    """

    intercept: bool
    terms: tuple[Term, ...]
    offsets: tuple[Expr, ...]
    removed: tuple[Expr, ...] = ()


def expand(exprs: Iterable[tuple[int, Expr]], text: str) -> Model:
    """Expand signed summands into terms.

    Parameters
    ----------
    exprs : iterable of (sign, Expr)
    text : str
        The formula, for error messages.

    Raises
    ------
    FormulaError
        A number, a text or an operator that has no meaning as a term.

    Notes
    -----
    ``a * b`` is ``a + b + a:b``; ``a / b`` is ``a + a:b``; ``(a + b)^2`` goes up to two-way
    interactions; ``a %in% b`` is ``a:b``; ``0``, ``-1`` remove the intercept.
    """
    algebra = _Algebra(text)
    found = algebra.sum([(1, None), *exprs])
    terms = [
        Term(tuple(algebra.factors[key] for key in term), ":".join(term)) for term in found if term
    ]
    terms.sort(key=lambda term: term.degree)
    used = {key for term in found for key in term}
    removed = tuple(factor for key, factor in algebra.factors.items() if key not in used)
    return Model(() in found, tuple(terms), tuple(algebra.offsets), removed)


class _Algebra:
    """Sums, products and powers of sets of terms."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.factors: dict[str, Expr] = {}
        self.order: dict[str, int] = {}
        self.offsets: list[Expr] = []

    def sum(self, items: Iterable[tuple[int, Expr | None]], nested: bool = False) -> _Terms:
        total: _Terms = {}
        for sign, item in items:
            if item is None:
                total[()] = None
                continue
            if isinstance(item, Negative):
                sign, item = -sign, item.operand
            terms: _Terms = {(): None}
            if isinstance(item, Number) and item.value == 0:
                sign = -sign
            elif not nested and isinstance(item, Call) and item.function == "offset":
                terms = self.offset(sign, item)
            elif isinstance(item, Sum):
                terms = self.sum(item.items, nested)
                if not nested and sign > 0 and _drops_intercept(item):
                    total.pop((), None)
            else:
                terms = self.terms(item)
            if sign > 0:
                total.update(terms)
                self.limit(total, item)
            else:
                for key in terms:
                    total.pop(key, None)
        return total

    def terms(self, expr: Expr) -> _Terms:
        match expr:
            case Name():
                if expr.name == ".":
                    raise formula_error(
                        "'.' does not stand for all columns here",
                        self.text,
                        expr.span,
                        fix="name the columns, as in y ~ x1 + x2 + (1 | group)",
                    )
                return {(self.factor(expr),): None}
            case Call():
                return {(self.factor(expr),): None}
            case Number() if expr.value == 1:
                return {(): None}
            case Sum():
                return self.sum(expr.items, nested=True)
            case Binary():
                return self.binary(expr)
            case RandomPart():
                raise formula_error(
                    "a random part cannot be combined with other terms",
                    self.text,
                    expr.span,
                    fix="join it with +, as in y ~ x + (1 | group)",
                )
        raise self.no_term(expr)

    def binary(self, expr: Binary) -> _Terms:
        if expr.operator == "^":
            return self.power(expr)
        left, right = self.terms(expr.left), self.terms(expr.right)
        match expr.operator:
            case "*":
                return {**left, **right, **self.product(left, right, expr)}
            case "/":
                every = tuple(dict.fromkeys(key for term in left for key in term))
                return {**left, **self.product({every: None}, right, expr)}
            case _:
                return self.product(left, right, expr)

    def power(self, expr: Binary) -> _Terms:
        exponent = expr.right
        base = self.terms(expr.left)
        if not isinstance(exponent, Number) or exponent.value not in range(1, 11):
            raise formula_error(
                "the exponent of terms must be a whole number from 1 to 10",
                self.text,
                exponent.span,
                fix="(a + b)^2 gives a + b + a:b; the square of x is I(x^2)",
            )
        if len(base) == 1 and exponent.value != 1:
            name = to_text(expr.left)
            raise formula_error(
                f"outside of I() a power makes interactions, and {name} has none with itself",
                self.text,
                expr.span,
                fix=f"write I({name}^{int(exponent.value)})",
            )
        result = base
        for _ in range(int(exponent.value) - 1):
            result = {**result, **self.product(result, base, expr)}
        return result

    def product(self, left: _Terms, right: _Terms, where: Expr) -> _Terms:
        if len(left) * len(right) > 10 * _MOST_TERMS:
            raise self.too_many(where)
        made: _Terms = {}
        for a in left:
            for b in right:
                made[tuple(sorted({*a, *b}, key=self.order.__getitem__))] = None
        self.limit(made, where)
        return made

    def factor(self, expr: Expr) -> str:
        key = to_text(expr)
        if key not in self.order:
            self.order[key] = len(self.order)
            self.factors[key] = expr
        if isinstance(expr, Call) and expr.function in ("offset", "cbind"):
            raise formula_error(
                f"{expr.function}() cannot be used here",
                self.text,
                expr.span,
                fix="add an offset as a term of its own: y ~ x + offset(z) + (1 | group)"
                if expr.function == "offset"
                else "cbind(successes, failures) is a response: it stands left of the ~",
            )
        return key

    def offset(self, sign: int, call: Call) -> _Terms:
        if len(call.args) != 1 or call.keywords or sign < 0:
            raise formula_error(
                "offset() is added and takes one argument",
                self.text,
                call.span,
                fix="write + offset(z)",
            )
        self.offsets.append(call.args[0])
        return {}

    def limit(self, terms: _Terms, where: Expr) -> None:
        if len(terms) > _MOST_TERMS:
            raise self.too_many(where)

    def too_many(self, where: Expr) -> Exception:
        return formula_error(
            f"the formula expands to more than {_MOST_TERMS} terms",
            self.text,
            where.span,
            fix="use : for the interactions you need instead of * or ^",
        )

    def no_term(self, expr: Expr) -> Exception:
        shown = to_text(expr)
        if isinstance(expr, Number):
            fix = "only 0 and 1 are terms; a column whose name is a number needs backticks"
        else:
            fix = "write the name of a column, without quotes"
        if isinstance(expr, String):
            fix += f": {in_formula(expr.value)}"
        return formula_error(f"{shown} is not a term", self.text, expr.span, fix=fix)


def _drops_intercept(expr: Sum) -> bool:
    """Whether a parenthesised sum such as ``(0 + x)`` or ``(x - 1)`` removes the intercept."""
    drops = False
    for sign, item in expr.items:
        if isinstance(item, Negative):
            sign, item = -sign, item.operand
        if isinstance(item, Number) and item.value in (0, 1):
            drops = (sign > 0) == (item.value == 0)
    return drops
