"""The joint covariance matrix of all estimates of a generalised model, from the exact Hessian.

With H the Hessian of F, -2 log of the approximate marginal likelihood, in the coefficients c and
the coordinates of the face of the covariances that the estimates lie on, it is 2 H^-1. Parameters
at a bound have no standard error, and the others are as if the bound were known (Self and Liang
1987, case 2, leaves this out of account; the bootstrap does not).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranef.core.generalised import GeneralisedKernel
from ranef.problem.generalised import GeneralisedProblem
from ranef.solve.face import Face, face_of, gamma_of_term
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["Joint", "gradient_along", "hessian_along", "joint_covariance", "known_variances"]

# If an eigenvalue of the Hessian, scaled to a unit diagonal, is below this, the data say nothing
# about its direction.
FLAT = 1e-8

# Part of a parameter in such a direction from which on it is not determined.
MOVED = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """The covariance of all estimates.

    Attributes
    ----------
    face : Face
    covariance : ndarray, shape (k + m, k + m)
        Of the k coordinates of the face (inner scale), then the m coefficients (data's scale). NaN
        for what the data do not determine.
    """

    face: Face
    covariance: Array = field(repr=False)

    @property
    def n_face(self) -> int:
        return len(self.face.coordinates)

    @property
    def coefficients(self) -> Array:
        """Of the coefficients on the data's scale, shape (m, m)."""
        return self.covariance[self.n_face :, self.n_face :]


def joint_covariance(solution: GeneralisedSolution, kernel: GeneralisedKernel) -> Joint:
    """The covariance of all estimates at a solution.

    Parameters
    ----------
    solution : GeneralisedSolution
    kernel : GeneralisedKernel
        It stands at the solution.
    """
    problem = solution.problem
    face = face_of(problem, solution.inner)
    h, start = hessian_along(problem, face, kernel), len(face.coordinates)
    change = np.eye(h.shape[0])
    change[start:, start:] = problem.change
    known = np.concatenate([np.ones(start, dtype=bool), solution.determined])
    return Joint(face, _spread(_twice_inverse(h, change), known))


def hessian_along(problem: GeneralisedProblem, face: Face, kernel: GeneralisedKernel) -> Array:
    """The Hessian of F in the coordinates of the face, then the inner coefficients."""
    h = np.array(kernel.second(face.directions))
    gammas = kernel.gamma()
    start = 0
    for k, term in enumerate(face.terms):
        bend = term.bend(gamma_of_term(problem, gammas, k))
        own = slice(start, start + bend.shape[0])
        h[own, own] += bend
        start += bend.shape[0]
    return h


def gradient_along(problem: GeneralisedProblem, face: Face, kernel: GeneralisedKernel) -> Array:
    """The gradient of F in the same."""
    gammas = kernel.gamma()
    terms = [t.gradient(gamma_of_term(problem, gammas, k)) for k, t in enumerate(face.terms)]
    return np.concatenate([*terms, kernel.slopes])


def known_variances(solution: GeneralisedSolution, kernel: GeneralisedKernel) -> Array:
    """The covariance of the coefficients on the data's scale if the covariances were known."""
    h = np.array(kernel.second([]))
    return _spread(_twice_inverse(h, solution.problem.change), solution.determined)


def _spread(own: Array, known: NDArray[np.bool_]) -> Array:
    """With zeros for what is at an end of the family: the others are as if that were known."""
    out = np.zeros((known.size, known.size))
    out[np.ix_(known, known)] = own
    return out


def _twice_inverse(h: Array, change: Array) -> Array:
    """2 C H^-1 C' for the change C; NaN for parameters that a direction without curvature moves.

    NaN for all if the second derivatives do not exist in numbers, as where a part of a model that
    is not identified has gone far.
    """
    if not np.isfinite(h).all():
        return np.full((change.shape[0], change.shape[0]), np.nan)
    scales = np.sqrt(np.abs(np.diag(h)))
    scales[~(scales > 0.0)] = 1.0
    values, vectors = np.linalg.eigh(h / np.outer(scales, scales))
    known = values > FLAT
    rows = (change / scales) @ vectors
    out = 2.0 * (rows[:, known] / values[known]) @ rows[:, known].T
    moved = np.abs(rows[:, ~known]) > MOVED * np.linalg.norm(rows, axis=1)[:, None]
    undetermined = np.any(moved, axis=1)
    out[undetermined] = np.nan
    out[:, undetermined] = np.nan
    return np.asarray(0.5 * (out + out.T))
