"""The null space of a singular covariance matrix: effects, or combinations, without variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.types import Array

__all__ = ["FEW", "NullSpace", "null_space"]

GONE = 1e-9
"""Standard deviation of an effect, for a column of unit size and relative to the largest such one,
below which it has no variance. Units of measurement play no part."""

FEW = 3
"""Effects up to which a single combination is written out with its weights."""


@dataclass(frozen=True, slots=True)
class NullSpace:
    """The null space of a covariance matrix.

    Attributes
    ----------
    gone, left : tuple of int
        Effects without variance, and the others.
    directions : ndarray, shape (len(left), k)
        Orthonormal combinations of those left that have no variance, each effect in units of its
        standard deviation.
    """

    gone: tuple[int, ...]
    left: tuple[int, ...]
    directions: Array

    @property
    def missing(self) -> int:
        """Combinations without variance among the effects left."""
        return int(self.directions.shape[1])

    @property
    def written_out(self) -> bool:
        """Whether there is a single combination of few effects, to be shown with its weights."""
        return self.missing == 1 and len(self.left) <= FEW


def null_space(covariance: Array, rank: int, units: Array | None = None) -> NullSpace:
    """The null space of a covariance matrix of known rank, in effects and combinations.

    Parameters
    ----------
    covariance : ndarray, shape (q, q)
        On the data's scale.
    rank : int
    units : ndarray, shape (q,), optional
        Standard deviation of each effect where those of columns of unit size have 1.

    Examples
    --------
    >>> found = null_space(np.array([[4.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 0.0]]), 1)
    >>> found.gone, found.left, found.missing
    ((2,), (0, 1), 1)
    """
    q = covariance.shape[0]
    sds = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    sizes = sds if units is None else sds / units
    there = sizes > GONE * sizes.max(initial=0.0)
    gone = tuple(i for i in range(q) if rank == 0 or not there[i])
    left = tuple(i for i in range(q) if i not in gone)
    if len(left) <= rank:
        return NullSpace(gone, left, np.zeros((len(left), 0)))
    some = list(left)
    # In units of the SDs the null space is that of the correlation matrix.
    correlation = covariance[np.ix_(some, some)] / np.outer(sds[some], sds[some])
    _, vectors = np.linalg.eigh(correlation)
    return NullSpace(gone, left, vectors[:, : len(left) - rank])
