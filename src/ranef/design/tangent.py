"""What a covariance structure can change: its tangent space at a typical covariance matrix.

A structure is a smooth family Sigma(parameters). Near one of its members it can change in the span
of the derivatives. Whether the data identify its parameters near such a point depends on that span
alone (Rothenberg 1971, Identification in parametric models, Econometrica 39, Theorem 1), and the
answer is the same at all points except a set of measure zero. So one point with unequal standard
deviations and a correlation that is not special is enough.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.covariance import KINDS
from ranef.types import Array

__all__ = ["n_parameters", "span_of"]

_RHO = 0.37
"""A correlation that is neither zero nor one nor a root of small numbers."""


def n_parameters(structure: str, q: int, rank: int = 0, positions: Sequence[int] = ()) -> int:
    """Variances and correlations of a structure with q columns.

    Examples
    --------
    >>> [n_parameters(s, 4) for s in ("us", "homdiag", "cs", "homcs")]
    [10, 1, 5, 2]
    >>> n_parameters("rr", 4, 2), n_parameters("toep", 4, positions=(0, 1, 2, 3))
    (7, 7)
    """
    if structure == "us" or q == 1:
        return q * (q + 1) // 2
    if structure == "rr":
        return q * rank - rank * (rank - 1) // 2
    variances = 1 if KINDS[structure].one_variance else q
    return variances + len(_correlations(structure, q, positions)[1])


def span_of(structure: str, q: int, rank: int = 0, positions: Sequence[int] = ()) -> Array | None:
    """Symmetric matrices that span the tangent space; None if it holds all of them.

    Parameters
    ----------
    structure : str
        One of ``formula.structures.STRUCTURES``.
    q, rank, positions
        As in :class:`~ranef.types.RandomTerm`.

    Returns
    -------
    ndarray, shape (P, q, q), or None
        None for ``"us"``.

    Examples
    --------
    >>> span_of("homdiag", 2).tolist()
    [[[1.0, 0.0], [0.0, 1.0]]]
    """
    if structure == "us":
        return None
    sizes = 1.0 + 0.5 * np.cos(np.arange(1.0, q + 1.0) ** 2)
    if structure == "rr":
        return _reduced(q, rank, sizes)
    R, changes = _correlations(structure, q, positions)
    if KINDS[structure].one_variance:
        return np.array([R, *changes])
    covariance = R * np.outer(sizes, sizes)
    found = []
    for k in range(q):
        change = np.zeros((q, q))
        change[k] += covariance[k]
        change[:, k] += covariance[:, k]
        found.append(change)
    return np.array([*found, *(change * np.outer(sizes, sizes) for change in changes)])


def _correlations(structure: str, q: int, positions: Sequence[int]) -> tuple[Array, list[Array]]:
    """A correlation matrix of the structure and its derivatives."""
    if structure == "homdiag":
        return np.eye(q), []
    if structure in ("cs", "homcs"):
        apart = 1.0 - np.eye(q)
        return np.eye(q) + _RHO * apart, [apart]
    at = np.asarray(positions, dtype=np.int64)
    distance = np.abs(at[:, None] - at[None, :])
    if structure in ("ar1", "hetar1"):
        # The powers of far distances vanish: in units of the smallest one they are as typical.
        far = distance / max(1, int(np.diff(at).min())) if q > 1 else distance
        R = _RHO**far
        return R, [far * R]
    lags = np.unique(distance[distance > 0])
    R = np.eye(q)
    for lag in lags:
        R[distance == lag] = _RHO / (1.0 + lag / lags[0])
    return R, [(distance == lag).astype(np.float64) for lag in lags]


def _reduced(q: int, rank: int, sizes: Array) -> Array:
    """Of Lambda Lambda', Lambda of shape (q, rank) with a zero triangle above."""
    rows, columns = np.tril_indices(q, m=rank)
    loadings = np.zeros((q, rank))
    loadings[rows, columns] = sizes[rows] * np.cos(1.0 + rows * (columns + 1.0))
    found = np.zeros((rows.size, q, q))
    for k, (i, j) in enumerate(zip(rows, columns, strict=True)):
        found[k, i] += loadings[:, j]
        found[k, :, i] += loadings[:, j]
    return found
