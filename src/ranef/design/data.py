"""The data that a model is fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from ranef.design.design import Design
from ranef.frame.table import Table
from ranef.residual import ResidualStructure
from ranef.types import Array, MissingRows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Data", "Elsewhere"]


class Elsewhere(Protocol):
    """Rows that are not in memory."""

    @property
    def stand_in(self) -> Table:
        """Rows with the levels, means and span of the data."""
        ...

    @property
    def levels(self) -> Any:
        """Answers questions of a diagnosis about columns within groups."""
        ...

    @property
    def outermost(self) -> str | None:
        """The grouping factor in which all others are nested."""
        ...

    @property
    def frequencies(self) -> Array:
        """How many rows of the data have the categories of each row of `stand_in`."""
        ...

    @property
    def mean_offset(self) -> float:
        """The mean of the offset that is an argument and not part of the formula."""
        ...

    @property
    def totals(self) -> Mapping[str, float]:
        """Sums and means by name, which differ if two fits are of different rows."""
        ...

    @property
    def weights(self) -> str | None:
        """The column of the weights."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether the rows can be read again."""
        ...

    def missed(self, what: str) -> NoReturn:
        """Raise the error that an answer needs the rows."""
        ...


@dataclass(frozen=True, eq=False)
class Data:
    """The rows of a model: its arrays, and the table that they were made from.

    Attributes
    ----------
    design : Design
    table : Table
        The model's variables in the n rows used.
    missing : MissingRows
        Which rows of the data were left out.
    weights : ndarray or None, shape (n,)
        Precision weights. If a fit has a residual variance for each stratum, they include the
        estimated variances.
    offset : ndarray or None, shape (n,)
        The whole offset: ``offset()`` terms of the formula and the argument.
    offset_name : str or None
        The column of `table` that holds the argument.
    left_out : Table or None
        The model's variables in the rows that `missing` lists.
    index : pandas.Index or None
        Labels of all rows of the data, if they have any.
    residual : ResidualStructure or None
    given_weights : ndarray or None, shape (n,)
        The weights that the user gave, if there is a `residual`: `weights` may differ.
    phi : ndarray or None, shape (k,)
        Coordinates of the residuals' structure, if they are known.
    elsewhere : Elsewhere or None
        What is known of the rows, if the rows themselves are not here.
    """

    design: Design
    table: Table = field(repr=False)
    missing: MissingRows
    weights: Array | None = field(default=None, repr=False)
    offset: Array | None = field(default=None, repr=False)
    offset_name: str | None = None
    left_out: Table | None = field(default=None, repr=False)
    index: pd.Index | None = field(default=None, repr=False)
    residual: ResidualStructure | None = field(default=None, repr=False)
    given_weights: Array | None = field(default=None, repr=False)
    phi: Array | None = field(default=None, repr=False)
    elsewhere: Elsewhere | None = field(default=None, repr=False)

    @cached_property
    def y(self) -> Array:
        """Response less offset, shape (n,): what X and Z explain."""
        return self.design.y if self.offset is None else self.design.y - self.offset

    @property
    def own_weights(self) -> Array | None:
        """The weights that the user gave, shape (n,)."""
        return self.weights if self.residual is None else self.given_weights

    def at_residual(self, phi: Array) -> Data:
        """The same data with the weights that follow from parameters of the residuals."""
        if self.residual is None:
            return self
        return replace(self, weights=self.residual.weights(self.given_weights, phi), phi=phi)

    def to_fit(self) -> Data:
        """The same data with the weights that the user gave."""
        if self.residual is None:
            return self
        return replace(self, weights=self.given_weights, phi=None)
