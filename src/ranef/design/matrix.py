"""Model matrices whose columns stay where their values already are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from ranef.types import Array, Codes

__all__ = ["Cells", "ModelColumns"]


@dataclass(frozen=True, slots=True)
class ModelColumns:
    """The columns of a model matrix, each where its values already are.

    Attributes
    ----------
    columns : tuple of (ndarray, shape (n,), or None)
        None is the constant 1, of which nothing is stored.
    n_rows : int
    """

    columns: tuple[Array | None, ...] = field(repr=False)
    n_rows: int

    @classmethod
    def of(cls, matrix: Array) -> Self:
        """The columns of a matrix, as views of it."""
        return cls(tuple(matrix[:, j] for j in range(matrix.shape[1])), matrix.shape[0])

    def __len__(self) -> int:
        return len(self.columns)

    def take(self, positions: Sequence[int]) -> ModelColumns:
        """Some of the columns."""
        return ModelColumns(tuple(self.columns[j] for j in positions), self.n_rows)

    def rows(self, start: int, stop: int) -> Array:
        """A new matrix of some consecutive rows, Fortran order."""
        out = np.empty((max(0, min(stop, self.n_rows) - start), len(self.columns)), order="F")
        for j, column in enumerate(self.columns):
            out[:, j] = 1.0 if column is None else column[start:stop]
        return out

    def matrix(self) -> Array:
        """A new matrix of all rows, shape (n, k), Fortran order."""
        return self.rows(0, self.n_rows)


@dataclass(frozen=True, slots=True)
class Cells:
    """Which rows of a model matrix are equal: few differ where categories alone make it.

    Attributes
    ----------
    codes : ndarray of int32, shape (n,)
        The cell of each row.
    columns : ModelColumns
        The rows that differ, one for each cell.
    """

    codes: Codes = field(repr=False)
    columns: ModelColumns

    @property
    def counts(self) -> Array:
        """Rows in each cell."""
        return np.bincount(self.codes, minlength=self.columns.n_rows).astype(np.float64)

    def take(self, positions: Sequence[int]) -> Cells:
        """The cells of a matrix with some of the columns."""
        return Cells(self.codes, self.columns.take(positions))
