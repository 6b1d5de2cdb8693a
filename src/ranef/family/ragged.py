"""Sums over as many terms as each row needs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ranef.types import Array

__all__ = ["ragged_sums"]

_AT_ONCE = 1_000_000


def ragged_sums(first: Array, last: Array, terms: Callable[..., Array], *values: Array) -> Array:
    """For each row the sum of ``terms(j, *values)`` over whole j from `first` to `last`.

    Parameters
    ----------
    first, last : ndarray
        Of the shape of the rows; a row whose last is below its first has the sum 0.
    terms : callable
        Of arrays of j and of the values of its row, one entry a term.
    *values : ndarray
        Of the shape of the rows.

    Returns
    -------
    ndarray
    """
    shape = first.shape
    first, last = first.ravel(), last.ravel()
    flat = [np.ravel(value) for value in values]
    counts = np.maximum(last - first + 1.0, 0.0).astype(np.int64)
    out = np.zeros(counts.size)
    ends = np.cumsum(counts)
    begin = 0
    while begin < counts.size:
        done = ends[begin] - counts[begin]
        end = max(begin + 1, int(np.searchsorted(ends, done + _AT_ONCE, side="right")))
        rows = np.repeat(np.arange(begin, end), counts[begin:end])
        j = np.arange(rows.size) - (ends[rows] - counts[rows] - done) + first[rows]
        made = terms(j, *(value[rows] for value in flat))
        out[begin:end] = np.bincount(rows - begin, made, minlength=end - begin)
        begin = end
    return out.reshape(shape)
