"""A predictor split into its deviations from group means and these means, in rows of data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from ranef.design import Design
from ranef.design.matrix import ModelColumns
from ranef.design.rank import dependent_columns
from ranef.design.terms import RandomTerm
from ranef.formula import Formula
from ranef.formula.naming import of_column
from ranef.formula.nodes import Name
from ranef.frame import Column, Table
from ranef.frame.grouping import group_means, is_constant_within
from ranef.inference.ddf import Method
from ranef.types import Array

__all__ = ["NEW", "InRows", "Look", "Refit", "RowsOfDesign", "Split", "Variation", "columns_of"]


class Rows(Protocol):
    """The data of a fit of any kind: a dataclass with a field `design`."""

    @property
    def design(self) -> Design: ...
    @property
    def table(self) -> Table: ...
    @property
    def left_out(self) -> Table | None: ...


Refit = Callable[[Any], tuple[Array, Method]]
"""Fixed effects of the model for other data, and what judges them."""


class Split(NamedTuple):
    """A model with a predictor in two parts.

    Attributes
    ----------
    beta : ndarray, shape (p,)
    method : Method
    pairs : tuple of (int, int)
        The columns within and between of the predictor first, then of its interactions.
    """

    beta: Array
    method: Method
    pairs: tuple[tuple[int, int], ...]


class Variation(Protocol):
    """What is asked about single variables of a model."""

    def is_number(self, name: str) -> bool:
        """Whether a variable is one of numbers."""
        ...

    def varies(self, name: str, factor: str) -> bool:
        """Whether a number varies within some and between the means of a factor's levels."""
        ...

    def is_constant(self, name: str, factor: str) -> bool:
        """Whether a column of X does not vary within any level of a factor."""
        ...


class Look(Variation, Protocol):
    """What is asked about the rows of a model: they answer, or their sums."""

    def fitted(self) -> tuple[Array, Method]:
        """Fixed effects of the model, and what judges them; no prior plays a part."""
        ...

    def split(self, name: str, factor: str) -> Split | None:
        """The same with a predictor split; None if the model holds its group means already."""
        ...


# A group mean of which less than this share is left by the other columns is in the model already.
NEW = 0.01


@dataclass(frozen=True, eq=False)
class RowsOfDesign:
    """The rows of a design, for questions about single variables."""

    table: Table = field(repr=False)
    design: Design = field(repr=False)

    def is_number(self, name: str) -> bool:
        return self.table[name].kind == "number"

    def varies(self, name: str, factor: str) -> bool:
        return _varies(self.table, name, self.term(factor))

    def is_constant(self, name: str, factor: str) -> bool:
        design, term = self.design, self.term(factor)
        column = Column(name, "number", design.X[:, design.x_names.index(name)])
        return bool(is_constant_within(column, term.codes, term.n_levels).all())

    def term(self, factor: str) -> RandomTerm:
        return next(term for term in self.design.terms if term.factor == factor)


@dataclass(frozen=True, eq=False)
class InRows:
    """The rows of a fit answer.

    Attributes
    ----------
    formula : Formula
    data : Data or GeneralisedData
        Group means include the rows left out, as those of ``between()`` do.
    refit : callable
    """

    formula: Formula
    data: Rows = field(repr=False)
    refit: Refit = field(repr=False)

    @property
    def _rows(self) -> RowsOfDesign:
        return RowsOfDesign(self.data.table, self.data.design)

    def is_number(self, name: str) -> bool:
        return self._rows.is_number(name)

    def varies(self, name: str, factor: str) -> bool:
        return self._rows.varies(name, factor)

    def is_constant(self, name: str, factor: str) -> bool:
        return self._rows.is_constant(name, factor)

    def fitted(self) -> tuple[Array, Method]:
        return self.refit(self.data)

    def split(self, name: str, factor: str) -> Split | None:
        data = self.data
        term = self._rows.term(factor)
        means = _means(data.table, data.left_out, name, term, data.design)
        design, pairs = _split(self.formula, data.table, data.design, name, means)
        if design is None:
            return None
        return Split(*self.refit(replace(data, design=design)), tuple(pairs))  # type: ignore[type-var]


def columns_of(design: Design, name: str) -> tuple[int, ...]:
    """The columns of X that a variable by itself has."""
    return design.encoding.fixed_terms.get(of_column(name), ())


def _varies(table: Table, name: str, term: RandomTerm) -> bool:
    """Whether a number varies within some and between the means of a factor's levels."""
    column = table[name]
    if is_constant_within(column, term.codes, term.n_levels).all():
        return False
    means = group_means(column.values, term.codes, term.n_levels)
    return float(np.ptp(means)) > 1e-9 * float(np.ptp(column.values))


def _means(
    table: Table, left_out: Table | None, name: str, by: RandomTerm, design: Design
) -> Array:
    """The mean of a predictor in the group of each row used, shape (n,)."""
    values, codes = table[name].values, by.codes
    if left_out is not None:
        codings = zip(design.terms, design.encoding.random_codings, strict=True)
        grouping = next(c.grouping for term, c in codings if term.factor == by.factor)
        values = np.concatenate([values, left_out[name].values])
        codes = np.concatenate([codes, grouping.encode(left_out)])
    return group_means(values, codes, by.n_levels)[by.codes]


def _split(
    formula: Formula, table: Table, design: Design, name: str, means: Array
) -> tuple[Design | None, list[tuple[int, int]]]:
    """The design with x in two parts, and the columns of the parts of each term that holds x.

    None where the means are a combination of other columns.
    """
    inner = _with_column(table, name, table[name].values - means)
    outer = _with_column(table, name, means)
    encoding = design.encoding
    at = [
        j
        for term in formula.fixed
        if any(isinstance(f, Name) and f.name == name for f in term.factors)
        for j in encoding.fixed_terms[term.name]
    ]
    main = columns_of(design, name)[0]
    at = [main, *(j for j in at if j != main)]
    X = design.X.copy(order="F")
    X[:, at] = encoding.fixed(inner)[:, at]
    added = encoding.fixed(outer)[:, at]
    whole = np.asfortranarray(np.column_stack([X, added]))
    dependent = dependent_columns(whole, intercept=design.has_intercept)
    p = design.p
    if dependent[:p].any() or dependent[p] or _share_left(X, added[:, 0]) < NEW:
        return None, []
    kept = [k for k in range(len(at)) if not dependent[p + k]]
    columns = [*range(p), *(p + k for k in kept)]
    names = [*design.x_names, *(f"between({design.x_names[at[k]]})" for k in kept)]
    terms = tuple(
        replace(term, columns=ModelColumns.of(z))
        for term, (_, z) in zip(design.terms, encoding.random(inner), strict=True)
    )
    split = replace(
        design, columns=ModelColumns.of(whole).take(columns), x_names=tuple(names), terms=terms
    )
    return split, [(at[k], p + i) for i, k in enumerate(kept)]


def _share_left(X: Array, column: Array) -> float:
    """Share of a column's squared deviations that the columns of X do not explain."""
    rest = column - X @ np.linalg.lstsq(X, column)[0]
    total = column - column.mean()
    return float(rest @ rest) / float(total @ total)


def _with_column(table: Table, name: str, values: Array) -> Table:
    return Table(
        {**table.columns, name: replace(table[name], values=values)}, table.n_rows, table.threads
    )
