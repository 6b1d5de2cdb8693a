"""Passes over rows in blocks that stay in cache."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ranef.types import Array

__all__ = ["BLOCK", "Mask", "Signs", "largest", "null_space", "row_blocks", "triangle"]

Mask = NDArray[np.bool_]
Signs = NDArray[np.int8]

BLOCK = 16384
"""Rows of a block."""

_DEPENDENT = 1e-10
"""Singular value, relative to the largest, below which columns of unit length are dependent."""


def row_blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, BLOCK):
        yield slice(start, min(n, start + BLOCK))


def largest(X: Array) -> Array:
    """Largest absolute value of each column, 1 where all are 0."""
    out = np.zeros(X.shape[1])
    for rows in row_blocks(len(X)):
        np.maximum(out, np.abs(X[rows]).max(axis=0), out=out)
    return np.where(out > 0.0, out, 1.0)


def triangle(X: Array) -> Array:
    """R of the QR decomposition of X, by blocks of rows."""
    R = np.zeros((0, X.shape[1]))
    for rows in row_blocks(len(X)):
        R = np.asarray(np.linalg.qr(np.vstack([R, X[rows]]), mode="r"))
    return R


def null_space(X: Array, scale: Array) -> Array:
    """Directions gamma with X gamma = 0, a column each, in columns of X divided by `scale`."""
    if X.shape[1] == 0:
        return np.zeros((0, 0))
    R = np.vstack([triangle(X / scale), np.zeros((X.shape[1], X.shape[1]))])
    _, values, rows = np.linalg.svd(R)
    return np.asarray(rows[values <= _DEPENDENT * max(values[0], np.finfo(float).tiny)].T)
