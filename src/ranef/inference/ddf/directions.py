"""The directions in which the covariances of the random effects can move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ranef.core import Direction, TermBlock
from ranef.covariance import entries_of, kind_of, structure_of
from ranef.problem.parameters import parts
from ranef.types import Array

__all__ = ["Moves", "all_directions", "is_below_rank", "moves_at", "symmetric_basis"]

NOTHING = 1e-12  # of the size of a covariance: a direction that is none


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


class Bend(NamedTuple):
    """d2D of a term, shape (k, k, q, q) with the width q of its grouping factor."""

    group: int
    second: Array

    def along(self, weights: Array) -> Direction:
        """The sum of the second derivatives with weights, shape (k, k)."""
        return Direction(self.group, np.tensordot(weights, self.second, 2))


class Moves(NamedTuple):
    """Parameters of the covariances, on any scale, by the derivatives of D along them.

    Attributes
    ----------
    directions : tuple of Direction
        dD along each parameter.
    bends : tuple of (slice, Bend)
        For each term whose covariance is not linear in its parameters: their places, and d2D along
        each pair of them.
    """

    directions: tuple[Direction, ...]
    bends: tuple[tuple[slice, Bend], ...]


def moves_at(terms: Sequence[TermBlock], widths: Sequence[int], inner: Array) -> Moves:
    """All directions at inner coordinates, including those that leave the boundary.

    A covariance without structure can change by any symmetric matrix, and is linear in it. A
    structure changes along its standard deviations and correlations, a covariance of reduced rank
    along the entries of its root.
    """
    directions: list[Direction] = []
    bends = []
    for term, x in zip(terms, parts(terms, inner), strict=True):
        width, own = widths[term.group], slice(term.offset, term.offset + term.q)
        first, second = _moves_of(term, x)
        at = slice(len(directions), len(directions) + len(first))
        for move in first:
            d = np.zeros((width, width))
            d[own, own] = move
            directions.append(Direction(term.group, d))
        if second is not None and len(first):
            whole = np.zeros((*second.shape[:2], width, width))
            whole[..., own, own] = second
            bends.append((at, Bend(term.group, whole)))
    return Moves(tuple(directions), tuple(bends))


def is_below_rank(term: TermBlock, x: Array) -> bool:
    """Whether a covariance of reduced rank has an even lower rank: there it has no parameters that
    are smooth in all directions."""
    structure = structure_of(term)
    return structure.most_rank < term.q and structure.face(x).rank < structure.most_rank


def _moves_of(term: TermBlock, x: Array) -> tuple[Array, Array | None]:
    """dD and d2D of one term, shapes (k, q, q) and (k, k, q, q); None where D is linear."""
    structure = structure_of(term)
    if not kind_of(term).free:
        return _of_structure(term, structure.parameters(x))
    if structure.most_rank == term.q:
        return np.stack(symmetric_basis(term.q)), None
    face = structure.face(x)
    first = np.reshape(face.directions, (-1, term.q, term.q))
    second = np.zeros((len(first), len(first), term.q, term.q))
    for (a, b), unit in zip(
        zip(*np.triu_indices(term.q), strict=True), symmetric_basis(term.q), strict=True
    ):
        # The bend is the inner product of the second derivative with a symmetric matrix.
        bend = face.bend(np.asfortranarray(unit / unit.sum()))
        second[:, :, a, b] = second[:, :, b, a] = bend
    return first, second


def _of_structure(term: TermBlock, parameters: Array) -> tuple[Array, Array]:
    """Along standard deviations and correlations; along a variance if there is nothing else."""
    entries = entries_of(term)
    d, first, second = entries.expansion(parameters)
    size = np.linalg.norm(d)
    for k in range(int(entries.size.max()) + 1):
        if np.linalg.norm(first[k]) <= NOTHING * max(1.0, float(size)):
            first[k] = 0.5 * second[k, k]  # D is quadratic in a standard deviation of zero
            second[k] = second[:, k] = 0.0
    kept = np.linalg.norm(first, axis=(1, 2)) > NOTHING * max(1.0, float(size))
    return first[kept], second[np.ix_(kept, kept)]
