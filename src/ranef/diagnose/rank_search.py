"""The model with covariances of a given rank: the search over the face of that rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ranef.core import Kernel
from ranef.covariance import semidefinite_cholesky
from ranef.problem import Problem, roots
from ranef.problem.parameters import group_lambdas
from ranef.solve.face import Face, face_of, gradient, hessian, moved
from ranef.types import Array

__all__ = ["OnFace", "search_on_face", "truncated"]

MOST_STEPS = 30
SURELY = 5.0  # times the predicted gain: more than that a search never found
BENT = -1e-6  # curvature, deviance units per squared relative change, below which it is a saddle


@dataclass(frozen=True, slots=True)
class OnFace:
    """Where a search over covariances of given ranks ended.

    Attributes
    ----------
    theta : ndarray
        Inner scale.
    value : float
        Criterion there.
    gain : float
        Decrease that the next Newton step along the face promises, deviance units.
    step : float
        Its size in standard errors.
    curvature : float
        Smallest eigenvalue of the Hessian along the face; NaN where it is a point.
    evaluations : int
    """

    theta: Array = field(repr=False)
    value: float
    gain: float
    step: float
    curvature: float
    evaluations: int


def truncated(problem: Problem, inner: Array, ranks: Sequence[int]) -> Array:
    """Inner theta with the smallest principal directions of each term's covariance taken out."""
    blocks = []
    for t, rank in zip(roots(problem.terms, inner), ranks, strict=True):
        if np.count_nonzero(np.diag(t)) <= rank:
            blocks.append(t)
            continue
        u, values, _ = np.linalg.svd(t)
        blocks.append(_triangle((u[:, :rank] * values[:rank] ** 2) @ u[:, :rank].T, rank))
    return _of_triangles(blocks)


def search_on_face(
    problem: Problem, kernel: Kernel, theta: Array, close: float, enough: float = np.inf
) -> OnFace:
    """Newton's method with the exact Hessian over covariances of the ranks that theta has.

    Parameters
    ----------
    problem : Problem
    kernel : Kernel
        Left at the end of the search.
    theta : ndarray
        Where to start, inner scale.
    close : float
        Predicted gain, deviance units, at which the search stops.
    enough : float
        Criterion above which the end does not matter: where the step promises so little that it
        stays above, the search stops too.
    """
    ranks = [int(np.count_nonzero(np.diag(t))) for t in _blocks(problem, theta)]
    kernel.evaluate(group_lambdas(problem, theta))
    value, evaluations = kernel.value, 1
    at = _at(problem, kernel, theta)
    for _ in range(MOST_STEPS):
        if at.gain < close or value - SURELY * at.gain > enough:
            break
        step = at.newton
        for _ in range(12):
            there = _moved(problem, at.face, step, ranks)
            evaluations += 1
            if kernel.evaluate(group_lambdas(problem, there)) and kernel.value < value:
                break
            step = step / 3.0
        else:
            kernel.evaluate(group_lambdas(problem, theta))
            break
        theta, value = there, kernel.value
        at = _at(problem, kernel, theta)
    return OnFace(theta, value, at.gain, at.length, at.curvature, evaluations)


@dataclass(frozen=True, slots=True)
class _Local:
    """The criterion near a point, along the face it lies on."""

    face: Face
    newton: Array
    gain: float
    length: float
    curvature: float


def _at(problem: Problem, kernel: Kernel, theta: Array) -> _Local:
    face = face_of(problem, theta)
    if not face.coordinates:
        return _Local(face, np.zeros(0), 0.0, 0.0, float("nan"))
    scales = face.scales()
    g = gradient(problem, face, kernel) * scales
    h = hessian(problem, face, kernel)[0] * np.outer(scales, scales)
    eigenvalues, vectors = np.linalg.eigh(h)
    size = np.maximum(np.abs(eigenvalues), 1e-8 * np.abs(eigenvalues).max())
    slope = vectors.T @ g
    gain = 0.5 * float(np.sum(slope**2 / size))
    move = slope / size
    if eigenvalues[0] < BENT and abs(move[0]) < 0.1:
        move[0] = np.copysign(0.1, move[0])  # off a saddle, down either side
        gain += -0.005 * float(eigenvalues[0])
    length = float(np.max(np.abs(slope) / np.sqrt(2.0 * size)))
    return _Local(face, -scales * (vectors @ move), gain, length, float(eigenvalues[0]))


def _moved(problem: Problem, face: Face, step: Array, ranks: Sequence[int]) -> Array:
    blocks = []
    for t, rank in zip(roots(problem.terms, moved(face, step)), ranks, strict=True):
        blocks.append(_triangle(t @ t.T, rank))
    return _of_triangles(blocks)


def _of_triangles(blocks: Sequence[Array]) -> Array:
    return np.concatenate([t.T[np.triu_indices(t.shape[0])] for t in blocks])


def _triangle(matrix: Array, rank: int) -> Array:
    """Lower triangle of a covariance of known rank."""
    if rank == matrix.shape[0]:
        return semidefinite_cholesky(matrix)
    values, vectors = np.linalg.eigh(matrix)
    values[: matrix.shape[0] - rank] = 0.0
    return semidefinite_cholesky((vectors * values) @ vectors.T, 1e-9)


def _blocks(problem: Problem, theta: Array) -> list[Array]:
    return roots(problem.terms, theta)
