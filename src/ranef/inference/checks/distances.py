"""Cook's distances of groups and of rows for many responses, the variances kept.

Without the rows of group j, whose random effects are its own, the coefficients are

    b_(j) = b - (A - A_j)^-1 g_j,
    A = X'V^-1 X,   A_j = X_j'V_j^-1 X_j,   g_j = X_j'V_j^-1 (y_j - X_j b),

and V^-1 (y - X b) are the conditional residuals times the weights. So only g_j depends on the
response. Of single rows see :mod:`ranef.inference.row_influence`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ranef.types import Array, Codes

__all__ = ["GroupDistances", "group_distances"]

GONE = 1e-8  # share of the information that is left without a group which determines a coefficient
MOST = 40_000_000  # numbers: matrices of all groups


@dataclass(frozen=True, slots=True)
class GroupDistances:
    """What the distances of groups are made of.

    Attributes
    ----------
    columns : ndarray, shape (n, p)
        Rows of X in coordinates in which A is the identity, times the roots of the weights.
    codes : ndarray of int, shape (n,)
    n_levels : int
    inverses : ndarray, shape (levels, p, p), or None
        (I - A_j)^-1; NaN for a group without which the coefficients are not determined. None if
        there are so many groups that each of them is small: the identity.
    """

    columns: Array = field(repr=False)
    codes: Codes = field(repr=False)
    n_levels: int
    inverses: Array | None = field(repr=False)

    def of(self, residuals: Array, variance: float) -> Array:
        """Cook's distances, shape (levels,).

        Parameters
        ----------
        residuals : ndarray, shape (n,)
            Conditional ones times the roots of the weights.
        variance : float
            Of a residual of weight 1.
        """
        p = self.columns.shape[1]
        scores = np.empty((self.n_levels, p))
        for k in range(p):
            scores[:, k] = np.bincount(
                self.codes, weights=self.columns[:, k] * residuals, minlength=self.n_levels
            )
        if self.inverses is not None:
            scores = np.einsum("jab,jb->ja", self.inverses, scores)
        return np.asarray(np.einsum("ja,ja->j", scores, scores) / (p * variance))


def group_distances(
    x: Array, solved: Array, inverse: Array, codes: Codes, n_levels: int
) -> GroupDistances:
    """Prepare the distances of groups.

    Parameters
    ----------
    x, solved : ndarray, shape (n, p)
        X and V^-1 X, times the roots of the weights.
    inverse : ndarray, shape (p, p)
        (X'V^-1 X)^-1.
    codes : ndarray of int, shape (n,)
        Of the grouping factor in which all others are nested.
    n_levels : int
    """
    root = np.linalg.cholesky(inverse)
    columns, turned = x @ root, solved @ root
    p = columns.shape[1]
    if n_levels * p * p > MOST:
        return GroupDistances(columns, codes, n_levels, None)
    shares = np.empty((n_levels, p, p))
    for a in range(p):
        for b in range(p):
            product = columns[:, a] * turned[:, b]
            shares[:, a, b] = np.bincount(codes, weights=product, minlength=n_levels)
    left = np.eye(p) - 0.5 * (shares + shares.transpose(0, 2, 1))
    values, vectors = np.linalg.eigh(left)
    known = values[:, 0] > GONE
    inverses = np.full_like(left, np.nan)
    scaled = vectors[known] / values[known][:, None, :]
    inverses[known] = scaled @ vectors[known].transpose(0, 2, 1)
    return GroupDistances(columns, codes, n_levels, inverses)
