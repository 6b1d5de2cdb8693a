"""Which columns of a matrix are linear combinations of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ranef.core.columns import Ends
from ranef.design.matrix import Cells, ModelColumns
from ranef.frame.grouping import ROUNDING
from ranef.types import Array

__all__ = ["dependent_columns"]

_CLEAR = 1e-6
"""Squared relative length above which a column is independent beyond doubt."""

_TOLERANCE = 1e-7
"""Relative length below which what is left of a column is rounding."""

_FAR = 1e-12
"""Relative spread below which it has to be looked at closely whether a column is constant."""

_SMALLEST, _LARGEST = 1e-200, 1e200
"""Of sums of squares that have all their digits."""

_CHUNK = 1 << 13
"""Rows at a time."""


def dependent_columns(
    X: Array | ModelColumns,
    *,
    intercept: bool,
    cells: Cells | None = None,
    ends: Sequence[Ends] | None = None,
) -> NDArray[np.bool_]:
    """Flag columns that depend linearly on columns before them.

    Parameters
    ----------
    X : ndarray, shape (n, p), or ModelColumns
    intercept : bool
        Whether column 0 is constant. The others are then judged by their deviations from their
        means, so that a far-away origin (a year, a time stamp) makes no column dependent.
    cells : Cells, optional
        The rows of X that differ: they decide the usual case.
    ends : sequence of tuple of float, optional
        Smallest and largest of each column: with them the first rows may decide the usual case.

    Returns
    -------
    ndarray of bool, shape (p,)

    Notes
    -----
    The rule is the limited pivoting of R's ``qr`` (LINPACK ``dqrdc2``): a column whose part
    orthogonal to the kept ones is shorter than 1e-7 of the column is left out, and later columns
    are judged against those kept. A Cholesky factorisation of the scaled cross-products decides
    the usual case; orthogonalisation, done twice for accuracy (Bjoerck 1994, Numerical methods
    for least squares problems, section 2.4), decides the others. A column is left out too if its
    values, or what is left of them, differ by no more than rounding errors of the largest.

    Examples
    --------
    >>> X = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 2.0], [1.0, 5.0, 6.0], [1.0, 2.0, 3.0]])
    >>> dependent_columns(X, intercept=True).tolist()
    [False, False, True]
    """
    whole = X if isinstance(X, ModelColumns) else ModelColumns.of(X)
    n, p = whole.n_rows, len(whole)
    flags = np.zeros(p, dtype=bool)
    first = 1 if intercept else 0
    columns = whole.take(range(first, p))
    if p == first:
        return flags
    if cells is None:
        known = None if ends is None else np.array(ends[first:], dtype=np.float64)
        clear = p <= n and _clearly_independent(columns, intercept, ends=known)
    else:
        differing = cells.columns.take(range(first, p))
        clear = p <= n and _clearly_independent(differing, intercept, cells.counts)
    if clear:
        return flags
    scaled = columns.matrix()
    sizes = _divide(scaled, _largest(scaled))
    null, noise = sizes == 0.0, ROUNDING * sizes
    if intercept:
        scaled -= scaled[0].copy()
        spreads = _largest(scaled)
        null |= spreads <= noise
        noise = noise / np.where(null, 1.0, spreads)
        scaled /= np.where(null, 1.0, spreads)
        scaled -= scaled.mean(axis=0)
    flags[first:] = _orthogonalise(scaled, null, noise, n - first)
    return flags


def _largest(columns: Array) -> Array:
    return np.asarray(np.abs(columns).max(axis=0, initial=0.0))


def _divide(columns: Array, sizes: Array) -> Array:
    """Divide by the power of two above each size, without rounding; what the sizes become."""
    mantissas, exponents = np.frexp(sizes)
    np.ldexp(columns, -exponents, out=columns)
    return np.asarray(mantissas)


def _clearly_independent(
    columns: ModelColumns, centred: bool, counts: Array | None = None, ends: Array | None = None
) -> bool:
    """The usual case, from cross-products of some rows at a time.

    With `centred`, of deviations from the means: taken from the mean of the first rows, which
    lies within the column's range, and corrected at the end. `counts` says how often each row
    occurs; once where None. Columns whose squares leave the range of doubles are not clear.

    More rows take no column nearer to the others. So where `ends`, shape (k, 2), say how long the
    columns can become, the first rows may do: looked at after 1, 2, 4, ... times some.
    """
    k = len(columns)
    n = columns.n_rows if counts is None else counts.sum()
    shifts, sums, gram = np.zeros(k), np.zeros(k), np.zeros((k, k))
    with np.errstate(over="ignore", invalid="ignore"):
        for chunk, start in enumerate(range(0, columns.n_rows, _CHUNK)):
            rows = columns.rows(start, start + _CHUNK)
            if centred:
                if start == 0:
                    shifts = rows.sum(axis=0) / len(rows)
                rows -= shifts
            weighted = rows if counts is None else rows * counts[start : start + _CHUNK, None]
            if centred:
                sums += weighted.sum(axis=0)
            gram += rows.T @ weighted
            seen = start + len(rows)
            if ends is not None and chunk & (chunk + 1) == 0 and seen < n:
                squares = n * np.abs(ends).max(axis=1) ** 2
                most = n * (0.5 * (ends[:, 1] - ends[:, 0])) ** 2 if centred else squares
                so_far = gram - sums[:, None] * (sums / seen) if centred else gram
                if _is_clear(so_far, squares, most, centred):
                    return True
        squares = gram.diagonal() + 2.0 * shifts * sums + n * shifts**2
        if centred:
            gram -= sums[:, None] * (sums / n)
    return _is_clear(gram, squares, gram.diagonal(), centred)


def _is_clear(gram: Array, squares: Array, sizes: Array, centred: bool) -> bool:
    """Whether each column is far from those before it and from being constant.

    Parameters
    ----------
    gram : ndarray, shape (k, k)
        Cross-products, of deviations from the means if `centred`, over some rows.
    squares, sizes : ndarray, shape (k,)
        Sums of squares over all rows of the columns and of what `gram` is of, or bounds above.
    centred : bool
    """
    size = gram.diagonal()
    if not ((size > _SMALLEST) & (squares < _LARGEST)).all():
        return False
    if centred and (size <= _FAR**2 * squares).any():
        return False
    if gram.shape[0] == 1:
        return True
    lengths = np.sqrt(size)
    try:
        pivots = np.linalg.cholesky(gram / (lengths[:, None] * lengths)).diagonal()
    except np.linalg.LinAlgError:
        return False
    return bool((pivots * pivots * (size / sizes) > _CLEAR).all())


def _orthogonalise(
    columns: Array, null: NDArray[np.bool_], noise: Array, most: int
) -> NDArray[np.bool_]:
    """Columns that those before them determine; at most `most` are kept.

    `noise` is by how much values of each column may differ from rounding alone.
    """
    lengths = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    n, p = columns.shape
    basis = np.empty((n, min(max(most, 0), p)), order="F")
    kept = 0
    dependent = null.copy()
    for j in np.flatnonzero(~null):
        if kept == basis.shape[1]:
            dependent[j] = True
            continue
        rest = columns[:, j] / lengths[j]
        for _ in range(2):
            rest = rest - basis[:, :kept] @ (basis[:, :kept].T @ rest)
        length = float(np.linalg.norm(rest))
        spread = float(rest.max() - rest.min()) * lengths[j]
        if length < _TOLERANCE or spread <= noise[j]:
            dependent[j] = True
            continue
        basis[:, kept] = rest / length
        kept += 1
    return dependent
