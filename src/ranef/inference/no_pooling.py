"""What each group's own rows say of its effects, without the other groups: no pooling."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.types import Array, Codes

__all__ = ["NoPooling", "no_pooling"]

_SAFE = 1e-7
"""Smallest eigenvalue of a group's cross-products, scaled to a diagonal of 1, that is trusted."""


class NoPooling(NamedTuple):
    """Effects by least squares in each group, and how many rows there are.

    ``effects`` (levels, q): NaN in a group whose rows do not determine them; ``rows`` (levels,).
    """

    effects: Array
    rows: Array


def no_pooling(
    Z: Array, codes: Codes, residuals: Array, modes: Array, weights: Array | None = None
) -> NoPooling:
    """Effects of each group by least squares on its own rows.

    The fixed effects and the effects of other grouping factors are kept. What the rows say beyond
    the mode b of their group is the regression of its conditional residuals on its columns, so that
    the effects are b + (Z'WZ)^-1 Z'W residuals.

    Parameters
    ----------
    Z : ndarray, shape (n, q)
        Columns of the group's effects.
    codes : ndarray of int, shape (n,)
        The group of each row.
    residuals : ndarray, shape (n,)
        Response less its conditional mean.
    modes : ndarray, shape (levels, q)
    weights : ndarray, shape (n,), optional

    Returns
    -------
    NoPooling
        A group with no more rows than effects has none.
    """
    levels, q = modes.shape
    rows = np.bincount(codes, minlength=levels)
    weighted = Z if weights is None else Z * weights[:, None]
    normal, right = np.empty((levels, q, q)), np.empty((levels, q))
    for j in range(q):
        right[:, j] = np.bincount(codes, weighted[:, j] * residuals, minlength=levels)
        for k in range(j + 1):
            normal[:, j, k] = normal[:, k, j] = np.bincount(
                codes, weighted[:, j] * Z[:, k], minlength=levels
            )
    scale = np.sqrt(np.einsum("ijj->ij", normal))
    enough = (rows > q) & (scale > 0.0).all(axis=1)
    safe = np.where(scale > 0.0, scale, 1.0)
    scaled = normal / (safe[:, :, None] * safe[:, None, :])
    least = np.linalg.eigvalsh(scaled)[:, 0]
    known = enough & (least > _SAFE)
    effects = np.full((levels, q), np.nan)
    solved = np.linalg.solve(scaled[known], (right / safe)[known][:, :, None])[:, :, 0]
    effects[known] = modes[known] + solved / safe[known]
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(rows)
    for level in np.flatnonzero(enough & ~known):  # nearly collinear: the rows themselves decide
        own = order[ends[level] - rows[level] : ends[level]]
        root = np.ones(own.size) if weights is None else np.sqrt(weights[own])
        extra, _, rank, _ = np.linalg.lstsq(Z[own] * root[:, None], residuals[own] * root)
        if rank == q:
            effects[level] = modes[level] + extra
    return NoPooling(effects, rows.astype(float))
