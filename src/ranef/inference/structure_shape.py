"""The directions in which a term's covariance can leave a smaller model.

For a structure they are the derivatives with respect to its parameters, if the smaller model lies
inside it or if only correlations are at their bounds. If variances are zero the correlations have
no meaning, and the reachable set is not a cone of known shape: it is only known to lie in the span
of all covariances of the structure. The set of a reduced rank lies in that of all covariances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.core import TermBlock
from ranef.covariance import kind_of, structure_of
from ranef.inference.structure_nesting import Side
from ranef.solve.null_space import GONE
from ranef.types import Array

__all__ = ["Shape", "free_of_rank", "shape_of"]


class Shape(NamedTuple):
    """Directions of one term.

    Attributes
    ----------
    free : int
        Those that can be taken both ways.
    most : int
        Dimension of the space that holds all of them.
    cone : int
        Size of the positive semidefinite matrices that the bounded directions form, 1 for a half
        line; -1 if they form something else.
    of_matrices : bool
        Whether the bounded directions are covariances of effects that do not vary yet.
    """

    free: int
    most: int
    cone: int
    of_matrices: bool = False


def shape_of(term: TermBlock, root: Array, side: Side) -> Shape:
    """The directions from E E', E the `root` of full column rank."""
    q, rank = root.shape
    size = structure_of(term).size
    if side == "free":
        if term.structure == "us" or q == 1:
            return Shape(free_of_rank(q, rank), size, q - rank, True)
        short = rank < structure_of(term).most_rank
        return Shape(free_of_rank(q, rank), q * (q + 1) // 2 if short else size, -1 if short else 0)
    sds = np.sqrt(np.sum(root**2, axis=1))
    vary = bool(np.all(sds > GONE * sds.max(initial=0.0)))
    most = size if vary else _span(term)
    if side == "inside":
        return Shape(size, most, 0)
    free = kind_of(term).n_sds(q) if side == "edge" else rank
    return Shape(free, most, 1 if most == free + 1 else -1)


def free_of_rank(q: int, rank: int) -> int:
    """Directions in which a q x q covariance of some rank can move both ways."""
    return rank * q - rank * (rank - 1) // 2


def _span(term: TermBlock) -> int:
    """Dimension of the space that all covariances of a structure span."""
    q, kind = term.q, kind_of(term)
    if not kind.one_variance:
        return q * (q + 1) // 2
    if term.structure in ("homdiag", "homcs"):
        return structure_of(term).size
    steps = term.positions or tuple(range(q))
    return 1 + len({b - a for k, a in enumerate(steps) for b in steps[k + 1 :]})
