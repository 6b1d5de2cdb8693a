"""What the columns that were left out of X equal, so that new rows can be judged.

The data determine x'beta for a row x of the whole model matrix if x is in the space that the
training rows span (Searle 1971, Linear Models, section 5.4). A column that was left out equals a
combination of the kept ones in every training row. A new row is in the space exactly if the same
holds in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranef.design.matrix import Cells, ModelColumns
from ranef.types import Array

__all__ = ["Aliases", "learn_aliases"]

_TOLERANCE = 1e-7
"""Relative size of what counts as rounding: that of the rule that left the columns out."""

_ROUNDING = 1e-13
"""Of the values themselves, which may be far from zero and lie close together."""


@dataclass(frozen=True, slots=True)
class Aliases:
    """Columns left out as combinations of the kept ones.

    Attributes
    ----------
    kept, dropped : tuple of int
        Columns of the whole matrix.
    names : tuple of str
        Of the dropped ones.
    coefficients : ndarray, shape (kept, dropped)
        Of deviations from `origin`.
    origin : ndarray, shape (kept + dropped,)
        Means of the columns if there is an intercept, zeros otherwise.
    size : ndarray, shape (dropped,)
        Largest deviation of each dropped column.
    slack : ndarray, shape (dropped,)
        Largest difference from the combination in the training rows.
    """

    kept: tuple[int, ...]
    dropped: tuple[int, ...]
    names: tuple[str, ...]
    coefficients: Array = field(repr=False)
    origin: Array = field(repr=False)
    size: Array = field(repr=False)
    slack: Array = field(repr=False)

    def broken(self, columns: ModelColumns) -> NDArray[np.bool_]:
        """Rows in which a dropped column is not the combination it was, shape (n, dropped).

        A row with a missing value breaks nothing.
        """
        p = len(self.kept)
        kept, dropped = columns.take(self.kept).matrix(), columns.take(self.dropped).matrix()
        weights = np.abs(self.coefficients)
        rounding = _ROUNDING * (np.abs(dropped) + np.abs(kept) @ weights)
        kept -= self.origin[:p]
        dropped -= self.origin[p:]
        rest = np.abs(dropped - kept @ self.coefficients)
        sizes = self.size + np.abs(dropped) + np.abs(kept) @ weights
        return np.asarray(rest > 1.01 * self.slack + _TOLERANCE * sizes + rounding)

    def undetermined(self, rows: Array, sums: Array) -> NDArray[np.bool_]:
        """Which linear functions of the coefficients the data do not determine.

        The rule of :meth:`broken`, for combinations of rows.

        Parameters
        ----------
        rows : ndarray, shape (m, kept + dropped)
            Combinations of rows of the whole matrix: averages, or differences of averages.
        sums : ndarray, shape (m,)
            The weights of each combination, added up: 1 for an average, 0 for a difference.

        Returns
        -------
        ndarray of bool, shape (m,)
        """
        p = len(self.kept)
        kept, dropped = rows[:, list(self.kept)], rows[:, list(self.dropped)]
        weights = np.abs(self.coefficients)
        rounding = _ROUNDING * (np.abs(dropped) + np.abs(kept) @ weights)
        kept = kept - sums[:, None] * self.origin[:p]
        dropped = dropped - sums[:, None] * self.origin[p:]
        rest = np.abs(dropped - kept @ self.coefficients)
        sizes = self.size + np.abs(dropped) + np.abs(kept) @ weights
        return np.asarray(np.any(rest > 1.01 * self.slack + _TOLERANCE * sizes + rounding, axis=1))


def learn_aliases(
    columns: ModelColumns,
    names: Sequence[str],
    dependent: NDArray[np.bool_],
    intercept: bool,
    cells: Cells | None,
) -> Aliases | None:
    """How the dependent columns are made of the others; None if none is dependent.

    Parameters
    ----------
    columns : ModelColumns
        The whole model matrix, the intercept first if there is one.
    names : sequence of str
    dependent : ndarray of bool, shape (columns,)
    intercept : bool
    cells : Cells or None
        The rows that differ, if they are known.
    """
    if not dependent.any():
        return None
    kept, dropped = np.flatnonzero(~dependent), np.flatnonzero(dependent)
    matrix = (columns if cells is None else cells.columns).matrix()
    origin = matrix.mean(axis=0) if intercept else np.zeros(matrix.shape[1])
    matrix -= origin
    scales = np.abs(matrix).max(axis=0, initial=0.0)
    matrix /= np.where(scales > 0.0, scales, 1.0)
    x, d = matrix[:, kept], matrix[:, dropped]
    own = slice(1 if intercept else 0, None)  # deviations of the intercept are zero
    coefficients = np.zeros((kept.size, dropped.size))
    coefficients[own] = np.linalg.lstsq(x[:, own], d, rcond=1e-14)[0]
    slack = np.abs(d - x @ coefficients).max(axis=0)
    of_kept = np.where(scales[kept] > 0.0, scales[kept], 1.0)
    return Aliases(
        kept=tuple(kept.tolist()),
        dropped=tuple(dropped.tolist()),
        names=tuple(names[j] for j in dropped.tolist()),
        coefficients=coefficients / of_kept[:, None] * scales[dropped],
        origin=np.concatenate([origin[kept], origin[dropped]]),
        size=scales[dropped],
        slack=slack * scales[dropped],
    )
