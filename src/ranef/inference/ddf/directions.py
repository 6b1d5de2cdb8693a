"""The directions in which the covariances of the random effects can move."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core import Direction, TermBlock
from ranef.types import Array

__all__ = ["all_directions", "symmetric_basis"]


def symmetric_basis(q: int) -> list[Array]:
    """A basis of the symmetric q x q matrices.

    Examples
    --------
    >>> [e.tolist() for e in symmetric_basis(2)]
    [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]
    """
    out = []
    for a, b in zip(*np.triu_indices(q), strict=True):
        e = np.zeros((q, q))
        e[a, b] = e[b, a] = 1.0
        out.append(e)
    return out


def all_directions(terms: Sequence[TermBlock], widths: Sequence[int]) -> list[Direction]:
    """A basis of the changes of D, those that leave the boundary among them.

    D is the covariance of the effects of one level of a grouping factor. A change of it is a
    symmetric matrix that is zero between the effects of different terms.

    Parameters
    ----------
    terms : sequence of TermBlock
    widths : sequence of int
        Effects of each grouping factor.
    """
    out = []
    for term in terms:
        own = slice(term.offset, term.offset + term.q)
        for e in symmetric_basis(term.q):
            d = np.zeros((widths[term.group], widths[term.group]))
            d[own, own] = e
            out.append(Direction(term.group, d))
    return out
