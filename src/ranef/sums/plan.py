"""What is summed for a formula: products of numbers, by cells of categories and groups."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from ranef.errors import DataError, OptionError
from ranef.formula import Formula
from ranef.formula.functions import CENTRING
from ranef.formula.grouping import expand_group
from ranef.formula.nodes import Call, Expr, Name, Sum, walk
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.formula.terms import Term
from ranef.sums.products import (
    CONSTANT,
    Product,
    category_column,
    check_summable,
    numbers_of,
    parts_of,
)

__all__ = ["Centred", "Plan", "make_plan"]

MOST_COLUMNS = 60
"""Columns up to which all sums of products of two are asked for."""


@dataclass(frozen=True, slots=True)
class Centred:
    """A group mean that the formula uses.

    Attributes
    ----------
    x : Expr
    groups : tuple of str
        Columns whose combinations are the groups.
    """

    x: Expr
    groups: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{to_text(self.x)} by {':'.join(self.groups)}"


@dataclass(frozen=True)
class Plan:
    """What is summed.

    Attributes
    ----------
    formula : Formula
    kinds : mapping of str to str
        ``"number"`` or ``"factor"`` for each column that is read.
    columns : tuple of Product
        The constant first, the response less its offsets last. A product of several factors is
        summed as the product of their columns.
    response : Expr
    keys : tuple of str
        Columns of categories, and of groups whose means are subtracted: they divide every level.
    factors : tuple of tuple of str
        The columns of each grouping factor.
    random : tuple of tuple of int
        By factor: the columns, by position, of its random effects.
    means : tuple of Centred
    weights : str or None
    offset : str or None
    truth : tuple of str
        Columns that hold False and True.
    """

    formula: Formula
    kinds: Mapping[str, str]
    columns: tuple[Product, ...]
    response: Expr
    keys: tuple[str, ...]
    factors: tuple[tuple[str, ...], ...]
    random: tuple[tuple[int, ...], ...]
    means: tuple[Centred, ...]
    weights: str | None = None
    offset: str | None = None
    truth: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """Variables of numbers that predict."""
        terms = [term for bar in self.formula.bars for term in bar.model.terms]
        random = [
            node.name
            for term in terms
            for factor in term.factors
            for node in walk(factor)
            if isinstance(node, Name)
        ]
        named = dict.fromkeys((*self.formula.fixed_predictors(), *random, self.offset))
        return tuple(n for n in named if n is not None and self.kinds.get(n) == "number")

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Pairs of grouping factors, by position."""
        return tuple(combinations(range(len(self.factors)), 2))

    def cell_keys(self, *factors: int) -> tuple[str, ...]:
        """The columns that rows are grouped by for a factor, or for a pair of them."""
        named = [name for k in factors for name in self.factors[k]]
        return tuple(dict.fromkeys((*named, *self.keys)))

    def reads(self) -> tuple[str, ...]:
        """Columns of the data that have to be complete."""
        names = list(self.formula.variables())
        names += [name for name in (self.weights, self.offset) if name is not None]
        return tuple(dict.fromkeys(names))

    def singles(self, k: int) -> tuple[int, ...]:
        """The columns that a product is the product of, by position; its own of a single one."""
        factors = self.columns[k].factors
        if len(factors) < 2:
            return (k,) if k else ()
        found = [self.position(Product((factor,))) for factor in factors]
        return tuple(place for place in found if place is not None)

    def position(self, product: Product) -> int | None:
        """Where a product stands among the columns."""
        wanted = product.text
        return next((k for k, own in enumerate(self.columns[:-1]) if own.text == wanted), None)


def make_plan(
    formula: Formula,
    kinds: Mapping[str, str],
    weights: str | None = None,
    offset: str | None = None,
    truth: Collection[str] = (),
) -> Plan:
    """Read off a formula what has to be summed.

    Parameters
    ----------
    formula : Formula
    kinds : mapping of str to str
        Of the columns that the source has.
    weights, offset : str, optional
        Columns.
    truth : collection of str
        Columns of truth values.

    Raises
    ------
    DataError
        A response that is a category, or weights that are not numbers.
    OptionError
        Something that needs all rows at once.
    """
    _check(formula, kinds, weights, offset)
    products: dict[str, Product] = {CONSTANT.text: CONSTANT}
    keys: dict[str, None] = {}
    means: dict[str, Centred] = {}

    def learn(term: Term) -> list[str]:
        numbers = numbers_of(term, kinds)
        for factor in term.factors:
            column = category_column(factor, kinds)
            if column is not None:
                keys[column] = None
            else:
                check_summable(factor, formula.text)
            if isinstance(factor, Call) and factor.function in CENTRING:
                groups = expand_group(factor.args[1], formula.text)[0].factors
                centred = Centred(factor.args[0], tuple(groups))
                of_means = Product((factor.args[0],))
                products.setdefault(of_means.text, of_means)
                means[centred.text] = centred
                keys.update(dict.fromkeys(groups))
        found = [product for part in parts_of(numbers) for product in part.product.parts()]
        products.update({product.text: product for product in found})
        return [product.text for product in found]

    for term in formula.fixed:
        learn(term)
    used: dict[tuple[str, ...], dict[str, None]] = {}
    for bar in formula.bars:
        own = used.setdefault(tuple(bar.factors), {})
        own[CONSTANT.text] = None  # with it any shift of the others can be undone
        for term in bar.model.terms:
            own.update(dict.fromkeys(learn(term)))
    response = _less_offsets(formula, offset)
    columns = (*products.values(), Product((response,)))
    if len(columns) > MOST_COLUMNS:
        raise OptionError(
            "the model has too many columns of numbers to be summed by groups",
            found=f"{len(columns)} columns, at most {MOST_COLUMNS}",
            fix="use fewer predictors, or read the data into memory",
        )
    place = {text: k for k, text in enumerate(products)}
    return Plan(
        formula=formula,
        kinds={name: kinds[name] for name in _read(formula, weights, offset)},
        columns=columns,
        response=response,
        keys=tuple(keys),
        factors=tuple(used),
        random=tuple(tuple(place[text] for text in own) for own in used.values()),
        means=tuple(means.values()),
        weights=weights,
        offset=offset,
        truth=tuple(name for name in _read(formula, weights, offset) if name in truth),
    )


def _read(formula: Formula, weights: str | None, offset: str | None) -> Iterator[str]:
    yield from formula.variables()
    yield from (name for name in (weights, offset) if name is not None)


def _less_offsets(formula: Formula, offset: str | None) -> Expr:
    """The response less ``offset()`` terms and the column of offsets."""
    taken: list[Expr] = [*formula.offsets]
    if offset is not None:
        taken.append(Name(offset, (0, 0)))
    if not taken:
        return formula.response
    return Sum(((1, formula.response), *((-1, expr) for expr in taken)), (0, 0))


def _check(
    formula: Formula, kinds: Mapping[str, str], weights: str | None, offset: str | None
) -> None:
    for expr in (formula.response, *formula.offsets):
        check_summable(expr, formula.text)
        for node in walk(expr):
            if isinstance(node, Name) and kinds.get(node.name) == "factor":
                raise DataError(
                    f"'{node.name}' is a category, and a number is needed here",
                    where=pointer(formula.text, node.span),
                    fix="convert it to numbers",
                )
    for what, name in (("weights", weights), ("offset", offset)):
        if name is not None and kinds.get(name) == "factor":
            raise DataError(
                f"the {what} are not numbers",
                where=f"column '{name}'",
                fix="name a column of numbers",
            )
