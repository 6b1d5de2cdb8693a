"""What is averaged over the observed rows: predictions, comparisons and slopes.

In a linear model each is linear in the coefficients, so that the average of rows of X (of their
differences, or derivatives) is its exact Jacobian. Through another link than the identity a row has
a value and a gradient of its own: mu(eta) and mu'(eta) x, with differences of them, or for a slope
mu'(eta) s and mu''(eta) s x + mu'(eta) ds/dbeta, s the slope of eta.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.design import Encoding
from ranef.frame import Table
from ranef.inference.ddf import RowTests
from ranef.inference.means.averages import average, compared_ends, comparisons_of
from ranef.inference.means.cells import Cells
from ranef.inference.means.rows import Basis, MeanRows
from ranef.inference.means.variables import Variable
from ranef.types import Array

__all__ = ["Comparison", "Observed", "Prediction", "Quantity", "Slope", "average_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """The rows that averages are taken over.

    Attributes
    ----------
    encoding : Encoding
    table : Table
    offset : callable
        From rows, perhaps with a variable moved, and where they stand, to their offsets.
    """

    encoding: Encoding
    table: Table
    offset: Callable[[Table, slice], Array]


class Quantity(ABC):
    """A number that each row has, and that is averaged."""

    total: ClassVar[float] = 0.0
    """What the weights of its rows add up to: 1 for means, 0 for differences and slopes."""

    @property
    @abstractmethod
    def words(self) -> tuple[str, str]:
        """The columns `term` and `contrast`."""

    @abstractmethod
    def linear(self, of: Observed, rows: Table, place: slice) -> tuple[Array, Array]:
        """Rows of the whole X, and what is added to them."""

    @abstractmethod
    def through_link(
        self, of: Observed, rows: Table, place: slice, basis: Basis
    ) -> tuple[Array, Array]:
        """Gradients in the coefficients that the fit has, and values; NaN if undetermined."""


@dataclass(frozen=True, slots=True)
class Prediction(Quantity):
    """The mean of the response, random effects at zero."""

    total: ClassVar[float] = 1.0

    @property
    def words(self) -> tuple[str, str]:
        return "prediction", "average"

    def linear(self, of: Observed, rows: Table, place: slice) -> tuple[Array, Array]:
        return of.encoding.whole(rows), of.offset(rows, place)

    def through_link(
        self, of: Observed, rows: Table, place: slice, basis: Basis
    ) -> tuple[Array, Array]:
        return _means(of, rows, place, basis)


@dataclass(frozen=True, slots=True)
class Comparison(Quantity):
    """The change of the mean if one variable changes: the k-th of its comparisons."""

    variable: Variable
    which: int

    @property
    def words(self) -> tuple[str, str]:
        return self.variable.name, comparisons_of(self.variable)[self.which]

    def linear(self, of: Observed, rows: Table, place: slice) -> tuple[Array, Array]:
        after, before = compared_ends(rows, self.variable, self.which)
        x = of.encoding.whole(after) - of.encoding.whole(before)
        shift = np.zeros(x.shape[0])
        later, earlier = of.encoding.offset(after), of.encoding.offset(before)
        if later is not None and earlier is not None:
            shift = later - earlier
        return x, shift

    def through_link(
        self, of: Observed, rows: Table, place: slice, basis: Basis
    ) -> tuple[Array, Array]:
        ends = compared_ends(rows, self.variable, self.which)
        (late, after), (early, before) = (_means(of, end, place, basis) for end in ends)
        return late - early, after - before


@dataclass(frozen=True, slots=True)
class Slope(Quantity):
    """The derivative of the mean along a number."""

    name: str

    @property
    def words(self) -> tuple[str, str]:
        return self.name, "dY/dX"

    def linear(self, of: Observed, rows: Table, place: slice) -> tuple[Array, Array]:
        slopes = of.encoding.slopes(rows, self.name, of.table)
        return slopes, of.encoding.offset_slope(rows, self.name, of.table)

    def through_link(
        self, of: Observed, rows: Table, place: slice, basis: Basis
    ) -> tuple[Array, Array]:
        along, shift = self.linear(of, rows, place)
        slopes = _kept(along, 0.0, basis)
        x = _kept(of.encoding.whole(rows), 1.0, basis)
        eta, steep = x @ basis.beta + of.offset(rows, place), slopes @ basis.beta + shift
        rise, bend = basis.scale.slope(eta), basis.scale.bend(eta)
        return (bend * steep)[:, None] * x + rise[:, None] * slopes, rise * steep


def average_of(
    quantity: Quantity, of: Observed, cells: Cells, basis: Basis, level: float
) -> RowTests:
    """The average of a quantity in each group of rows, with tests against zero."""
    if basis.scale.linear:
        rows = average(
            of.table,
            cells.codes,
            cells.count,
            lambda rows, place: quantity.linear(of, rows, place),
            quantity.total,
        )
        return basis.estimates(rows, level)
    found = average(
        of.table,
        cells.codes,
        cells.count,
        lambda rows, place: quantity.through_link(of, rows, place, basis),
        quantity.total,
    )
    return basis.estimates_at(found.shift, found.full, level)


def _means(of: Observed, rows: Table, place: slice, basis: Basis) -> tuple[Array, Array]:
    x = _kept(of.encoding.whole(rows), 1.0, basis)
    eta = x @ basis.beta + of.offset(rows, place)
    return basis.scale.slope(eta)[:, None] * x, np.array(basis.scale.mean(eta))


def _kept(full: Array, total: float, basis: Basis) -> Array:
    """The columns that the fit has; NaN in rows that its data do not determine."""
    rows = MeanRows(full, np.zeros(full.shape[0]), np.full(full.shape[0], total))
    kept = basis.kept(rows)
    kept[~basis.estimable(rows)] = np.nan
    return kept
