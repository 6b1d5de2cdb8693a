"""The smooth piece of the covariances that a solution lies on, and derivatives along it.

Near a solution whose covariances are singular, or whose structures have parameters at a bound, the
coordinates of the structures are not those in which the criterion is smooth: some directions are
gone. What is left has coordinates of its own (``cpp/structure/face.hpp``). For a covariance without
structure of rank r they are the entries of a q x r lower trapezoid T, its rows in an order in which
the first r are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranef.core import Curvature, Direction, Kernel, TermFace
from ranef.covariance import structure_of
from ranef.problem import ProblemShape
from ranef.problem.parameters import parts
from ranef.types import Array

__all__ = ["Coordinate", "Face", "face_of", "gradient", "hessian", "moved"]


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One way to move a term's covariance.

    `row` and `column` are the effects of an entry of a root T; `column` is -1 if the coordinate
    is the `row`-th of the structure's own.
    """

    term: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Face:
    """All terms, the coordinates and the direction dD that each stands for.

    The faces of the terms belong to the core and cannot be pickled: a pickle holds the problem and
    the inner coordinates that they were made of.
    """

    terms: tuple[TermFace, ...]
    coordinates: tuple[Coordinate, ...]
    directions: tuple[Direction, ...]
    problem: ProblemShape = field(repr=False)
    inner: Array = field(repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return face_of, (self.problem, self.inner)

    def scales(self) -> Array:
        """Natural size of each coordinate: a relative change of a standard deviation, or the whole
        range of a correlation."""
        return np.concatenate([term.scales for term in self.terms])


def face_of(problem: ProblemShape, inner: Array) -> Face:
    """The face at inner coordinates."""
    widths = [q for _, q in problem.sizes]
    terms, coordinates, directions = [], [], []
    for k, (block, x) in enumerate(zip(problem.terms, parts(problem.terms, inner), strict=True)):
        face = structure_of(block).face(x)
        terms.append(face)
        own = slice(block.offset, block.offset + block.q)
        for (row, column), change in zip(face.coordinates, face.directions, strict=True):
            d = np.zeros((widths[block.group], widths[block.group]))
            d[own, own] = change
            coordinates.append(Coordinate(k, row, column))
            directions.append(Direction(block.group, d))
    return Face(tuple(terms), tuple(coordinates), tuple(directions), problem, inner)


def moved(face: Face, step: Array) -> Array:
    """Inner coordinates after a step along the coordinates of the face."""
    out, start = [], 0
    for term in face.terms:
        size = len(term.coordinates)
        out.append(term.moved(step[start : start + size]))
        start += size
    return np.concatenate(out)


def gamma_of_term(problem: ProblemShape, gammas: Sequence[Array], k: int) -> Array:
    """The diagonal block of Gamma that belongs to a term."""
    block = problem.terms[k]
    s = slice(block.offset, block.offset + block.q)
    return gammas[block.group][s, s]


def gradient(problem: ProblemShape, face: Face, kernel: Kernel) -> Array:
    """df along the coordinates."""
    gammas = kernel.gamma()
    return np.concatenate(
        [term.gradient(gamma_of_term(problem, gammas, k)) for k, term in enumerate(face.terms)]
    )


def hessian(problem: ProblemShape, face: Face, kernel: Kernel) -> tuple[Array, Curvature]:
    """Second derivatives along the coordinates, and the curvature in D behind them."""
    curvature = kernel.hessian(face.directions)
    gammas = kernel.gamma()
    out = curvature.hessian.copy()
    start = 0
    for k, term in enumerate(face.terms):
        bend = term.bend(gamma_of_term(problem, gammas, k))
        own = slice(start, start + bend.shape[0])
        out[own, own] += bend
        start += bend.shape[0]
    return out, curvature
