"""The columns of every cluster in an orthonormal basis of their own, in batches.

A cluster with rows [Z X e] (times the roots of the weights) has the QR decomposition U R. With
R = [R_Z R_X R_e], U'V U = I + R_Z D R_Z' over sigma^2, and V is the identity beside U. So the rows
are seen once, and what follows costs the number of columns cubed, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.core import Rows
from ranef.errors import TooLargeError
from ranef.inference.robust.clusters import Clusters
from ranef.sums.inner import LevelProducts
from ranef.types import Array

__all__ = ["Basis", "bases", "bases_of_sums"]

# Numbers in a batch, and how much shorter than the longest of a batch a cluster may be.
BATCH = 1 << 21
SHORTER = 0.8

# Columns of a cluster up to which its cube is worth waiting for.
MOST_COLUMNS = 6000

Index = NDArray[np.int64]


class Basis(NamedTuple):
    """A batch of b clusters in their bases of r directions.

    Attributes
    ----------
    which : ndarray of int, shape (b,)
        The clusters.
    covariance : ndarray, shape (b, r, r)
        V over sigma^2.
    x : ndarray, shape (b, r, p)
    residual : ndarray, shape (b, r)
        Of the fixed part.
    """

    which: Index
    covariance: Array
    x: Array
    residual: Array


def bases(rows: Rows, beta: Array, covariances: list[Array], clusters: Clusters) -> Iterator[Basis]:
    """Pass over the rows, batch by batch.

    Parameters
    ----------
    rows : Rows
        Of the inner columns.
    beta : ndarray, shape (p,)
        Inner fixed effects.
    covariances : list of ndarray, shape (q, q)
        D over sigma^2 of each grouping factor, inner.
    clusters : Clusters
        All grouping factors are nested in them.

    Raises
    ------
    TooLargeError
        A cluster with thousands of random effects and rows.
    """
    order = np.argsort(clusters.codes, kind="stable").astype(np.int64)
    sizes = np.bincount(clusters.codes, minlength=clusters.count)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    places = [_within(group.codes, group.n_levels, clusters) for group in rows.groups]
    effects = np.array([count for _, count in places], dtype=np.int64).reshape(-1, sizes.size)
    q = np.array([len(group.columns) for group in rows.groups], dtype=np.int64)
    p = len(rows.x)
    widths = q @ effects + p + 1
    _check(np.minimum(widths, sizes), clusters)
    by_size = np.lexsort((sizes, widths))
    begin = 0
    while begin < clusters.count:
        end = _batch(by_size, begin, sizes, widths)
        which = by_size[begin:end]
        longest = int(sizes[which].max())
        step = np.arange(longest)
        real = step < sizes[which][:, None]
        at = order[np.where(real, starts[which][:, None] + step, starts[which][:, None])]
        yield _reduced(rows, beta, covariances, places, which, at, real)
        begin = end


def bases_of_sums(levels: LevelProducts, beta: Array, covariances: list[Array]) -> Iterator[Basis]:
    """The same from cross-products of each cluster: any root of them is a basis.

    Parameters
    ----------
    levels : LevelProducts
        Of the clusters, which are the levels of the only grouping factor.
    beta : ndarray, shape (p,)
    covariances : list of ndarray, shape (q, q)
        One.
    """
    q, p = levels.q, beta.size
    (d,) = covariances
    step = max(1, BATCH // levels.products.shape[1] ** 2)
    for begin in range(0, levels.rows.size, step):
        which = np.arange(begin, min(begin + step, levels.rows.size), dtype=np.int64)
        values, vectors = np.linalg.eigh(levels.products[which])
        columns = np.sqrt(np.maximum(values, 0.0))[:, :, None] * vectors.transpose(0, 2, 1)
        z, x, y = columns[:, :, :q], columns[:, :, q : q + p], columns[:, :, -1]
        covariance = np.eye(columns.shape[1]) + z @ d @ z.transpose(0, 2, 1)
        yield Basis(which, covariance, x, y - x @ beta)


def _within(codes: NDArray[np.int32], levels: int, clusters: Clusters) -> tuple[Index, Index]:
    """The place of each level among those of its cluster, and how many each cluster has."""
    owner = np.zeros(levels, dtype=np.int64)
    owner[codes] = clusters.codes
    count = np.bincount(owner, minlength=clusters.count)
    order = np.argsort(owner, kind="stable")
    place = np.empty(levels, dtype=np.int64)
    place[order] = np.arange(levels) - np.repeat(np.cumsum(count) - count, count)
    return place, count


def _batch(by_size: Index, begin: int, sizes: Index, widths: Index) -> int:
    """The end of the batch of alike clusters that begins here."""
    width, end, longest = widths[by_size[begin]], begin, 0
    shortest = sizes[by_size[begin]]
    while end < by_size.size:
        k = by_size[end]
        longest = max(longest, int(sizes[k]))
        alike = widths[k] == width and shortest >= SHORTER * longest - 4
        if end > begin and not (alike and (end - begin + 1) * longest * width <= BATCH):
            break
        end += 1
    return end


def _reduced(
    rows: Rows,
    beta: Array,
    covariances: list[Array],
    places: list[tuple[Index, Index]],
    which: Index,
    at: Index,
    real: NDArray[np.bool_],
) -> Basis:
    """The R of each cluster's QR decomposition, and what is made of it."""
    b, m = at.shape
    p = len(rows.x)
    counts = [int(count[which].max()) for _, count in places]
    q = [len(group.columns) for group in rows.groups]
    width = sum(k * levels for k, levels in zip(q, counts, strict=True))
    full = np.zeros((b, m, width + p + 1))
    cluster, row = np.ogrid[:b, :m]
    start = 0
    for group, (place, _), levels in zip(rows.groups, places, counts, strict=True):
        own = start + place[group.codes[at]] * len(group.columns)
        for k, column in enumerate(group.columns):
            value = _values(column, group.shifts[k], group.scales[k], at)
            full[cluster, row, own + k] = value
        start += levels * len(group.columns)
    for j, column in enumerate(rows.x):
        full[:, :, width + j] = _values(column, rows.x_shifts[j], rows.x_scales[j], at)
    y = (rows.y[at] - rows.y_shift) / rows.y_scale
    full[:, :, -1] = y - full[:, :, width:-1] @ beta
    full *= (real if rows.weights is None else real * np.sqrt(rows.weights[at]))[:, :, None]
    triangle: Array = np.asarray(np.linalg.qr(full, mode="r"))
    reduced = triangle[:, : width + p]
    covariance = np.tile(np.eye(reduced.shape[1]), (b, 1, 1))
    start = 0
    for d, levels in zip(covariances, counts, strict=True):
        z = reduced[:, :, start : start + levels * d.shape[0]]
        moved = z.reshape(b, -1, levels, d.shape[0]) @ d
        covariance += moved.reshape(z.shape) @ z.transpose(0, 2, 1)
        start += levels * d.shape[0]
    return Basis(which, covariance, reduced[:, :, width:-1], reduced[:, :, -1])


def _values(column: Array | None, shift: float, scale: float, at: Index) -> Array | float:
    return (1.0 - shift) / scale if column is None else (column[at] - shift) / scale


def _check(columns: Index, clusters: Clusters) -> None:
    if int(columns.max()) > MOST_COLUMNS:
        raise TooLargeError(
            "robust errors need a dense matrix for each cluster, which is too large",
            found=f"a cluster of '{clusters.name}' with {int(columns.max()):,} rows and effects",
            fix="choose smaller clusters, or keep the standard errors of the model",
        )
