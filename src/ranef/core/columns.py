"""Passes over one column of a data frame, by threads of the compiled core."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef._core import ends as _ends
from ranef._core import whole_codes as _whole_codes
from ranef.types import Array, Codes

__all__ = ["Ends", "available_cores", "ends", "row_threads", "whole_codes"]

Ends = tuple[float, float]

MANY_ROWS = 200_000
"""From here on starting threads costs nothing beside a pass over the rows."""


def row_threads(n: int, threads: int | None) -> int:
    """Threads that pass over `n` rows: if not given, all available cores where rows are many."""
    if threads is not None:
        return threads
    return available_cores() if n >= MANY_ROWS else 1


def available_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ends(values: NDArray[Any], threads: int = 1) -> Ends:
    """Smallest and largest value, both NaN where one is.

    Parameters
    ----------
    values : ndarray, shape (n,)
        ``float64`` or integers of any width; not empty.
    threads : int
    """
    return _ends(_plain(values), threads)


def whole_codes(
    values: NDArray[Any], low: int, high: int, threads: int = 1
) -> tuple[Array, Codes] | None:
    """The whole numbers that occur in ascending order, and the position of each row's.

    Parameters
    ----------
    values : ndarray, shape (n,)
        ``float64`` or integers of any width.
    low, high : int
        Ends of `values`; memory for this many codes is taken for a while.
    threads : int

    Returns
    -------
    numbers : ndarray of float64
    codes : ndarray of int32, shape (n,)
        Instead of both None where some value is not whole.
    """
    codes = np.empty(values.size, dtype=np.int32)
    numbers = _whole_codes(_plain(values), low, high, threads, codes)
    return (numbers, codes) if numbers.size else None


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Contiguous, in the byte order of this machine."""
    if values.flags.c_contiguous and values.dtype.isnative:
        return values
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))
