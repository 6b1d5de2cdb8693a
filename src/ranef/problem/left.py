"""What fixed and random effects leave of the response, on the inner scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core import Rows
from ranef.types import Array

__all__ = ["left_of_response", "weighted"]


def left_of_response(rows: Rows, beta: Array, modes: Sequence[Array | None] = ()) -> Array:
    """y - X beta - Z b, shape (n,).

    Parameters
    ----------
    rows : Rows
    beta : ndarray, shape (p,)
    modes : sequence of (ndarray, shape (levels, q), or None)
        b by grouping factor; None leaves the effects of a factor in, and so does an empty sequence.
    """
    n = rows.y.size
    left = (rows.y - rows.y_shift) / rows.y_scale
    for column, shift, scale, b in zip(rows.x, rows.x_shifts, rows.x_scales, beta, strict=True):
        left = left - b * ((np.ones(n) if column is None else column) - shift) / scale
    for group, effects in zip(rows.groups, modes, strict=False):
        if effects is None:
            continue
        for k, column in enumerate(group.columns):
            z = ((np.ones(n) if column is None else column) - group.shifts[k]) / group.scales[k]
            left = left - z * effects[group.codes, k]
    return np.asarray(left)


def weighted(values: Array, weights: Array | None) -> Array:
    """Values of rows times the roots of the weights."""
    return values if weights is None else np.asarray(np.sqrt(weights) * values)
