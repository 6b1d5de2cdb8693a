"""The root of an increasing function, for many rows at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ranef.types import Array

__all__ = ["increasing_root"]

_MOST = 200
_CLOSE = 1e-13


def increasing_root(function: Callable[[Array], tuple[Array, Array]], start: Array) -> Array:
    """Newton's method between bounds that close in on the root.

    Parameters
    ----------
    function : callable
        Its value and its derivative, row by row, at points of the shape of `start`. It increases
        through a root.
    start : ndarray

    Returns
    -------
    ndarray
    """
    x = np.array(start, dtype=np.float64)
    low, high = np.full_like(x, -np.inf), np.full_like(x, np.inf)
    for _ in range(_MOST):
        value, slope = function(x)
        low, high = np.where(value <= 0.0, x, low), np.where(value >= 0.0, x, high)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            # One unit at a time at most: far from its root the function may be nearly flat.
            step = np.clip(np.nan_to_num(-value / slope), -1.0, 1.0)
        step = np.where(slope > 0.0, step, -np.sign(value))
        new = x + step
        outside = (new <= low) | (new >= high)
        between = np.where(np.isfinite(low) & np.isfinite(high), 0.5 * (low + high), new)
        new = np.where(outside & (value != 0.0), between, new)
        new = np.where(value == 0.0, x, new)
        if bool(np.all(np.abs(new - x) <= _CLOSE * (1.0 + np.abs(x)))):
            return new
        x = new
    return x
