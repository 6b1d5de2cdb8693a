"""The root of a covariance that may be singular."""

from __future__ import annotations

import numpy as np

from ranef.types import Array

__all__ = ["semidefinite_cholesky"]


def semidefinite_cholesky(matrix: Array, tolerance: float = 1e-12) -> Array:
    """Lower T with T T' = matrix for a positive semidefinite matrix; zero pivots stay exact zeros.

    Pivots below `tolerance` times their diagonal element count as zero.

    Examples
    --------
    >>> semidefinite_cholesky(np.array([[4.0, 2.0], [2.0, 1.0]]))
    array([[2., 0.],
           [1., 0.]])
    """
    q = matrix.shape[0]
    t = np.zeros((q, q))
    for j in range(q):
        pivot = matrix[j, j] - t[j, :j] @ t[j, :j]
        if pivot > tolerance * matrix[j, j]:
            t[j, j] = np.sqrt(pivot)
            t[j + 1 :, j] = (matrix[j + 1 :, j] - t[j + 1 :, :j] @ t[j, :j]) / t[j, j]
    return t
