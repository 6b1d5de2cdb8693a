"""Theta as lower triangles: covariances without structure, written out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.types import Array

__all__ = ["lower_triangles", "theta_of_blocks"]


def lower_triangles(theta: Array, sizes: Sequence[int]) -> list[Array]:
    """The blocks T from theta: lower triangles by column, terms in order."""
    out = []
    start = 0
    for q in sizes:
        block = np.zeros((q, q))
        columns, rows = np.triu_indices(q)
        block[rows, columns] = theta[start : start + columns.size]
        out.append(block)
        start += columns.size
    return out


def theta_of_blocks(blocks: Sequence[Array]) -> Array:
    """Theta from the blocks T: the inverse of `lower_triangles`."""
    parts = [b.T[np.triu_indices(b.shape[0])] for b in blocks]
    return np.concatenate([*parts, np.zeros(0)])
