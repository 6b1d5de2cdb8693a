"""The interface of a structure of the residuals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ranef.core import CrossProducts, Residual, Rows
from ranef.frame import Table
from ranef.residual.reader import Reader
from ranef.residual.spec import ResidualSpec
from ranef.types import Array, Codes

__all__ = ["GroupCodes", "Line", "ResidualStructure", "Whitening"]


class GroupCodes(NamedTuple):
    """A grouping factor of the model: its name, and the level of each row."""

    label: str
    codes: Codes


class Line(NamedTuple):
    """A parameter in words: ``"SD, Sex Female"`` or ``"rho"``; `sd` where it is one."""

    label: str
    value: float
    sd: bool


@dataclass(frozen=True, eq=False)
class ResidualStructure(ABC):
    """A structure that has been learned from rows.

    Each has a file with `EXAMPLE` and `WORDS` for messages, `read` for its text, `learn` for the
    rows, `basis` for the A_k, and methods for what follows from phi. The combination of the A_k,
    log|C(phi)| and the parameters that users see are in the core (`core`).

    Attributes
    ----------
    spec : ResidualSpec
    """

    EXAMPLE: ClassVar[str]
    WORDS: ClassVar[str]

    spec: ResidualSpec

    @staticmethod
    @abstractmethod
    def read(reader: Reader, kind: str, fix: str) -> ResidualSpec:
        """Read the text between the parentheses; the reader is behind the opening one."""

    @classmethod
    @abstractmethod
    def learn(cls, spec: ResidualSpec, table: Table, groups: Sequence[GroupCodes]) -> Self:
        """The structure of some rows.

        Raises
        ------
        DataError, DesignError
            The rows do not allow it.
        """

    @property
    @abstractmethod
    def core(self) -> Residual:
        """The numbers of it."""

    @abstractmethod
    def basis(self, rows: Rows, threads: int = 1) -> list[CrossProducts]:
        """The A_k, all of one pattern."""

    @abstractmethod
    def weights(self, given: Array | None, phi: Array) -> Array | None:
        """Weights of the rows in a model with independent residuals; those given otherwise."""

    def as_if_known(self, given: Array | None, n: int) -> Array | None:
        """Weights that tell residuals from other variances of single rows, as the structure does.

        For the check of whether variances are identified, which knows residuals by their weights.
        """
        return given

    @abstractmethod
    def whitening(self, phi: Array) -> Whitening | None:
        """The transformation to independent residuals, if weights are not enough."""

    @abstractmethod
    def ratios(self, table: Table, phi: Array) -> Array | float:
        """Residual SD of rows divided by sigma, from their columns; NaN if not known."""

    @property
    @abstractmethod
    def reads(self) -> tuple[str, ...]:
        """Columns that `ratios` reads."""

    @abstractmethod
    def frame(self, phi: Array, sigma: float) -> dict[str, list[Any]]:
        """The parameters as columns of a frame."""

    @abstractmethod
    def lines(self, phi: Array, sigma: float) -> tuple[Line, ...]:
        """The parameters one by one, in words."""

    @property
    @abstractmethod
    def parameter_words(self) -> tuple[str, ...]:
        """Each coordinate in words, as in "the data say nothing about ..."."""

    @abstractmethod
    def check_found(self, phi: Array) -> None:
        """Refuse parameters on their way to an end, at which the likelihood has no maximum inside.

        Raises
        ------
        DesignError
        """

    @abstractmethod
    def nested_in(self, other: ResidualStructure, order: NDArray[np.int64] | None) -> bool:
        """Whether this structure is the other one or a special case of it.

        `order` has the row of this one for each row of the other, if they stand in another order.
        """

    @abstractmethod
    def without_rows(self) -> Self:
        """The structure without what it knows of single rows."""


@dataclass(frozen=True, eq=False)
class Whitening:
    """The map between residuals of a structure and independent ones, at known parameters.

    Attributes
    ----------
    first : ndarray of int, shape (k,)
        Rows that follow no other.
    later, before : ndarray of int, shape (n - k,)
        The others, and the rows that they follow: group by group, in order.
    r : ndarray, shape (n - k,)
        Correlation of each with the one before.
    group : ndarray of int, shape (n,)
        Rows of one group may depend on each other.
    label : str
        The name of the groups.
    """

    first: NDArray[np.intp] = field(repr=False)
    later: NDArray[np.intp] = field(repr=False)
    before: NDArray[np.intp] = field(repr=False)
    r: Array = field(repr=False)
    group: Codes = field(repr=False)
    label: str

    def independent(self, values: Array) -> Array:
        """C^-1/2 values: the part that the one before does not predict, divided by its SD."""
        out = np.array(values, dtype=np.float64)
        new = values[self.later] - self.r * values[self.before]
        out[self.later] = new / np.sqrt(1.0 - self.r**2)
        return out

    def dependent(self, values: Array) -> Array:
        """The inverse: residuals of the structure from independent ones."""
        out = np.array(values, dtype=np.float64)
        scale = np.sqrt(1.0 - self.r**2)
        for here in self._waves:
            later, before = self.later[here], self.before[here]
            out[later] = self.r[here] * out[before] + scale[here] * out[later]
        return out

    @cached_property
    def _waves(self) -> list[NDArray[np.intp]]:
        """Places in `later`: the second rows of all groups, then the third ones, and so on."""
        starts = np.flatnonzero(np.append(True, self.later[:-1] != self.before[1:]))
        lengths = np.diff(np.append(starts, self.later.size))
        place = np.arange(self.later.size) - np.repeat(starts, lengths)
        order = np.argsort(place, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(place[order])) + 1)

    def rows(self, rows: Rows) -> Rows:
        """Rows whose residuals are independent and have one variance."""
        return transformed(rows, self.independent)

    def holds_groups(self, codes: Codes) -> bool:
        """Whether rows of one group always have one code."""
        value = np.full(int(self.group.max(initial=-1)) + 1, -1, dtype=np.int64)
        value[self.group] = codes
        return bool(np.array_equal(value[self.group], codes))


def transformed(rows: Rows, change: Any) -> Rows:
    """Rows with a linear change of all columns, times the roots of the weights, written out."""
    n = rows.y.size
    root = np.ones(n) if rows.weights is None else np.sqrt(rows.weights)

    def written(column: Array | None, shift: float, scale: float) -> Array:
        inner = ((1.0 if column is None else column) - shift) / scale
        return np.ascontiguousarray(change(root * inner))

    groups = [
        group.replace(
            columns=[
                written(c, shift, scale)
                for c, shift, scale in zip(group.columns, group.shifts, group.scales, strict=True)
            ],
            shifts=None,
            scales=None,
        )
        for group in rows.groups
    ]
    x = [
        written(c, shift, scale)
        for c, shift, scale in zip(rows.x, rows.x_shifts, rows.x_scales, strict=True)
    ]
    return Rows(groups, x, y=written(rows.y, rows.y_shift, rows.y_scale))
