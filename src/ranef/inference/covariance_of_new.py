"""The covariance of those elements of a larger model's covariances that a smaller one has at zero.

It is what the cone of a boundary law is measured by (:mod:`ranef.inference.boundary_law`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ranef.core import Direction
from ranef.covariance import structure_of
from ranef.inference.ddf.directions import symmetric_basis
from ranef.inference.ddf.expected import expected
from ranef.inference.ddf.gram import gram
from ranef.inference.ddf.traces import traces
from ranef.problem import Problem, ProblemShape, nearest
from ranef.problem.parameters import group_lambdas, parts
from ranef.solve.solution import evaluate_at
from ranef.types import Array

__all__ = ["NewDirections", "linear_new", "new_directions"]


class NewDirections(NamedTuple):
    """Changes of D in which a larger model can leave a smaller one.

    Attributes
    ----------
    directions : list of Direction
    bounded : list of bool
        Whether it is an element of N'DN, N the null space of the covariance of its term under the
        smaller model.
    inner : ndarray
        Coordinates of the larger model's covariances at the smaller model.
    """

    directions: list[Direction]
    bounded: list[bool]
    inner: Array


def new_directions(problem: ProblemShape, roots: Sequence[Array]) -> NewDirections:
    """All directions of the larger model, of which `problem` is.

    Parameters
    ----------
    problem : ProblemShape
    roots : sequence of ndarray, shape (q, r)
        See :class:`~ranef.inference.boundary_law.Place`.
    """
    widths = [q for _, q in problem.sizes]
    directions: list[Direction] = []
    bounded: list[bool] = []
    turns, blocks = [], []
    for b, root in zip(problem.scaling.B, roots, strict=True):
        inner = np.linalg.solve(b, root)
        turns.append(np.linalg.qr(inner, mode="complete")[0] if root.shape[1] else np.eye(len(b)))
        blocks.append(inner @ inner.T)
    theta = nearest(problem.terms, blocks)
    for term, turn, root, x in zip(
        problem.terms, turns, roots, parts(problem.terms, theta), strict=True
    ):
        own = slice(term.offset, term.offset + term.q)
        if term.structure == "us" or term.q == 1:
            pairs = zip(*np.triu_indices(term.q), strict=True)
            changes = [turn @ e @ turn.T for e in symmetric_basis(term.q)]
            bounded += [min(i, j) >= root.shape[1] for i, j in pairs]
        else:
            changes = list(structure_of(term).face(x).directions)
            bounded += [False] * len(changes)
        for change in changes:
            d = np.zeros((widths[term.group], widths[term.group]))
            d[own, own] = change
            directions.append(Direction(term.group, d))
    return NewDirections(directions, bounded, theta)


def linear_new(problem: Problem, roots: Sequence[Array]) -> Array:
    """Of a linear model: the expected information at the smaller model."""
    directions, bounded, theta = new_directions(problem, roots)
    kernel = problem.kernel()
    evaluate_at(problem, kernel, theta)
    found = gram(problem, [t @ t.T for t in group_lambdas(problem, theta)])
    phi: Array = np.linalg.cholesky(kernel.xx_inverse).astype(np.float64, copy=False)
    w = expected(found, directions, phi, problem.n, traces(found, directions)).covariance
    at = np.flatnonzero(bounded)
    return np.asarray(w[np.ix_(at, at)])
