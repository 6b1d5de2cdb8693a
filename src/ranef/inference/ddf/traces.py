"""tr(E_t G E_u G) for directions E of the covariances, without all of G.

Of the eliminated factor G_11 = diag(G0_j) - T S T'. Its square has three parts: G0_j with itself,
G0_j with T S T', and R_t S R_u S with R_t = T'(I x E_t) T, a matrix of the other factors' size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core import Direction
from ranef.inference.ddf.gram import Gram, Part
from ranef.types import Array

__all__ = ["traces"]


def traces(gram: Gram, directions: Sequence[Direction]) -> Array:
    """tr(E_t G E_u G), and in the last column tr(E_t G).

    Returns
    -------
    ndarray, shape (T, T + 1)
    """
    count = len(directions)
    out = np.zeros((count, count + 1))
    parts = {part.group: part for part in gram.parts}
    first = [t for t, d in enumerate(directions) if d.group == gram.largest]
    rest = [t for t, d in enumerate(directions) if d.group != gram.largest]
    shared = gram.shared()
    diagonal = (gram.alone - shared).sum(axis=0)
    levels, k, m = gram.across.shape
    for t in first:
        out[t, count] = np.vdot(directions[t].d, diagonal)
    alone = np.stack([directions[t].d @ gram.alone for t in first]).reshape(
        len(first), levels, k, k
    )
    turned = alone.transpose(0, 1, 3, 2)
    both = _products(alone, turned)
    if m:
        also = np.stack([directions[t].d @ shared for t in first]).transpose(0, 1, 3, 2)
        mixed = _products(alone, also)
        both -= mixed + mixed.T
        flat = gram.across.reshape(levels * k, m)
        squares = []
        for t in first:
            moved = (directions[t].d @ gram.across).reshape(levels * k, m)
            squares.append((flat.T @ moved) @ gram.between)
        both += np.array([[np.vdot(a, b.T) for b in squares] for a in squares])
    out[np.ix_(first, first)] = both
    for u in rest:
        d, part = directions[u].d, parts[directions[u].group]
        own = gram.g22[part.place, part.place].reshape(part.levels, part.q, part.levels, part.q)
        each = np.arange(part.levels)
        out[u, count] = np.vdot(d, own[each, :, each, :].sum(axis=0))
        right = _right(gram.g12[:, :, part.place], d, part)
        for t in first:
            moved = directions[t].d @ gram.g12[:, :, part.place]
            out[t, u] = out[u, t] = np.vdot(moved, right)
        for t in rest:
            other = parts[directions[t].group]
            block = gram.g22[other.place, part.place]
            left = _right(block.T, directions[t].d, other).T
            out[t, u] = np.vdot(left, _right(block, d, part))
    return out


def _products(a: Array, b: Array) -> Array:
    """Inner products of each a with each b."""
    count = a.shape[0]
    return np.asarray(a.reshape(count, -1) @ b.reshape(count, -1).T)


def _right(matrix: Array, d: Array, part: Part) -> Array:
    """Columns of a factor times I x D."""
    blocks = matrix.reshape(*matrix.shape[:-1], part.levels, part.q)
    return (blocks @ d).reshape(matrix.shape)
