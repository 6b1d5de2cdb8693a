"""The criterion of a model without random effects, for one response or many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.types import Array

__all__ = ["LeastSquares", "least_squares"]


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """Weighted least squares, arranged once.

    Attributes
    ----------
    q : ndarray, shape (n, p)
        Orthonormal columns that span X scaled by the roots of the weights.
    root : ndarray or None, shape (n,)
        Those roots.
    nu : float
        n, or by REML n - p.
    constant : float
        Of the criterion: log determinants.
    """

    q: Array
    root: Array | None
    nu: float
    constant: float

    def criterion(self, y: Array) -> float:
        """-2 log-likelihood with coefficients and variance at their best."""
        scaled = y if self.root is None else self.root * y
        left = scaled - self.q @ (self.q.T @ scaled)
        r2 = float(left @ left)
        with np.errstate(divide="ignore"):
            return float(self.nu * (1.0 + np.log(2.0 * np.pi * r2 / self.nu)) + self.constant)


def least_squares(x: Array, weights: Array | None, reml: bool) -> LeastSquares:
    """Arrange X, shape (n, p), for the criterion by ML or by REML."""
    n, p = x.shape
    root = None if weights is None else np.sqrt(weights)
    q, r = np.linalg.qr(x if root is None else x * root[:, None])
    constant = 0.0 if weights is None else -float(np.sum(np.log(weights)))
    if reml:
        constant += 2.0 * float(np.sum(np.log(np.abs(np.diag(r)))))
    return LeastSquares(q, root, float(n - p if reml else n), constant)
