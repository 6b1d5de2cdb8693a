"""The face of the positive semidefinite cone that a solution lies on, and derivatives along it.

The relative covariance of a term of rank r is T T' with T a q x r lower trapezoid once its rows
are put in an order in which the first r are independent. The free entries of that T are smooth
coordinates of the face near the solution; in the interior (r = q) they are theta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.core import Curvature, Direction, Kernel
from ranef.problem import Problem, lower_triangles
from ranef.types import Array

__all__ = ["Coordinate", "Face", "TermFace", "face_of", "gradient", "hessian"]

ZERO = 1e-9  # singular values this much smaller than the largest are zero


@dataclass(frozen=True, slots=True)
class TermFace:
    """One term: its factor's rank, range and null space, on the inner scale."""

    covariance: Array  # q x q
    order: tuple[int, ...]  # rows with independent ones first
    root: Array  # q x r lower trapezoid in that order
    null: Array  # q x (q - r), orthonormal

    @property
    def rank(self) -> int:
        return int(self.root.shape[1])


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A free entry: row and column of a term's root, in the order of its face."""

    term: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Face:
    """All terms, the coordinates and the direction dD that each stands for."""

    terms: tuple[TermFace, ...]
    coordinates: tuple[Coordinate, ...]
    directions: tuple[Direction, ...]

    def scales(self) -> Array:
        """Natural size of each coordinate: the relative SD of the effect in its row."""
        sizes = [
            np.sqrt(self.terms[c.term].covariance[i, i])
            for c in self.coordinates
            for i in [self.terms[c.term].order[c.row]]
        ]
        return np.asarray(np.maximum(np.array(sizes), 1e-2))


def face_of(problem: Problem, theta: Array) -> Face:
    """The face at an inner theta."""
    terms = tuple(_term_face(t) for t in lower_triangles(theta, [t.q for t in problem.terms]))
    widths = [q for _, q in problem.products.sizes]
    coordinates, directions = [], []
    for k, (face, block) in enumerate(zip(terms, problem.terms, strict=True)):
        for column in range(face.rank):
            for row in range(column, block.q):
                d = np.zeros((widths[block.group], widths[block.group]))
                at = [block.offset + i for i in face.order]
                d[at[row], at] = face.root[:, column]
                coordinates.append(Coordinate(k, row, column))
                directions.append(Direction(block.group, d + d.T))
    return Face(terms, tuple(coordinates), tuple(directions))


def _term_face(t: Array) -> TermFace:
    q = t.shape[0]
    u, values, _ = np.linalg.svd(t)
    rank = int(np.sum(values > ZERO * max(1.0, values[0])))
    covariance = t @ t.T
    null = u[:, rank:]
    if rank == q:
        return TermFace(covariance, tuple(range(q)), t, null)
    # Pivoted Cholesky: the rows with most variance left, one after the other.
    order, root = list(range(q)), np.zeros((q, rank))
    left = np.diag(covariance).copy()
    for j in range(rank):
        best = j + int(np.argmax(left[order[j:]]))
        order[j], order[best] = order[best], order[j]
        root[[j, best]] = root[[best, j]]
        root[j, j] = np.sqrt(left[order[j]])
        for i in range(j + 1, q):
            cross = covariance[order[i], order[j]] - root[i, :j] @ root[j, :j]
            root[i, j] = cross / root[j, j]
            left[order[i]] -= root[i, j] ** 2
    return TermFace(covariance, tuple(order), root, null)


def gamma_of_term(problem: Problem, gammas: list[Array], k: int) -> Array:
    """The diagonal block of Gamma that belongs to a term."""
    block = problem.terms[k]
    s = slice(block.offset, block.offset + block.q)
    return gammas[block.group][s, s]


def gradient(problem: Problem, face: Face, kernel: Kernel) -> Array:
    """df along the coordinates: 2 Gamma T."""
    gammas = kernel.gamma()
    products = []
    for k, term in enumerate(face.terms):
        gamma = gamma_of_term(problem, gammas, k)[np.ix_(term.order, term.order)]
        products.append(2.0 * gamma @ term.root)
    return np.array([products[c.term][c.row, c.column] for c in face.coordinates])


def hessian(problem: Problem, face: Face, kernel: Kernel) -> tuple[Array, Curvature]:
    """Second derivatives along the coordinates, and the curvature in D behind them."""
    curvature = kernel.hessian(face.directions)
    gammas = kernel.gamma()
    out = curvature.hessian.copy()
    for s, a in enumerate(face.coordinates):
        term = face.terms[a.term]
        gamma = gamma_of_term(problem, gammas, a.term)
        for t, b in enumerate(face.coordinates):
            if a.term == b.term and a.column == b.column:
                out[s, t] += 2.0 * gamma[term.order[a.row], term.order[b.row]]
    return out, curvature
