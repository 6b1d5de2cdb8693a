r"""Ordered answers as rows with signs.

An answer k of 1..K has probability F(c_k - eta) - F(c_(k-1) - eta), with c_0 = -inf and c_K = inf.
Change the cut points by d_k and the coefficients by gamma. The lowest answer gains if and only if
d_1 - x'gamma > 0: its upper end moves away. The highest gains if and only if d_(K-1) - x'gamma < 0.
An answer in the middle loses as soon as one end moves inwards, however far the other moves outwards
or inwards: if both go the same way the interval moves into a tail, and its probability to 0. So the
conditions are

    d_k - x'gamma >= 0   for its upper end,    d_(k-1) - x'gamma <= 0   for its lower end,

and it gains where one of them is strict. With the cut points as coefficients, each end is a row
(e_k, -x) whose sign is 1 for an upper and -1 for a lower end (cf. Kosmidis 2014). Cut points stay
in order along such a direction if every answer occurs: d_k >= x'gamma >= d_(k-1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ranef.problem.separation.blocks import Signs
from ranef.types import Array

__all__ = ["cumulative_rows"]


def cumulative_rows(
    X: Array, answers: NDArray[np.int_], cuts: int
) -> tuple[Array, Signs, NDArray[np.int64]]:
    """Rows with signs for the ends of the answers.

    Parameters
    ----------
    X : ndarray, shape (n, p)
        Without an intercept, which the cut points replace.
    answers : ndarray of int, shape (n,)
        0 for the lowest to `cuts` for the highest; each occurs.
    cuts : int
        Number of cut points, K - 1.

    Returns
    -------
    design : ndarray, shape (m, cuts + p)
        Coefficients are the cut points, then those of X. Upper ends come first.
    signs : ndarray of int8, shape (m,)
    rows : ndarray of int64, shape (m,)
        The row of `X` that each belongs to.

    Notes
    -----
    The scores of these rows are the derivatives of the log-density in the cut point above, and in
    the one below.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[5.0], [6.0], [7.0]])
    >>> design, signs, rows = cumulative_rows(X, np.array([0, 1, 2]), 2)
    >>> design.tolist()
    [[1.0, 0.0, -5.0], [0.0, 1.0, -6.0], [1.0, 0.0, -6.0], [0.0, 1.0, -7.0]]
    >>> signs.tolist(), rows.tolist()
    ([1, 1, -1, -1], [0, 1, 1, 2])
    """
    upper, lower = np.flatnonzero(answers < cuts), np.flatnonzero(answers > 0)
    rows = np.concatenate([upper, lower])
    cut = np.concatenate([answers[upper], answers[lower] - 1])
    design = np.hstack([np.zeros((rows.size, cuts)), -np.asarray(X, dtype=np.float64)[rows]])
    design[np.arange(rows.size), cut] = 1.0
    signs = np.where(np.arange(rows.size) < upper.size, 1, -1).astype(np.int8)
    return design, signs, rows
