"""Random effects of a generalised model given the data and the parameters."""

from __future__ import annotations

import numpy as np

from ranef.inference.generalised.joint import Joint
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["covariances", "full_covariances", "modes"]


def modes(solution: GeneralisedSolution) -> tuple[Array, ...]:
    """Conditional modes on the data's scale, (levels, q) for each term."""
    problem = solution.problem
    with solution.standing.ask() as kernel:
        by_group = kernel.modes()
    return tuple(
        np.einsum("li,ki->lk", by_group[term.group][:, term.offset : term.offset + term.q], b)
        for term, b in zip(problem.terms, problem.scaling.B, strict=True)
    )


def covariances(solution: GeneralisedSolution) -> tuple[Array, ...]:
    """Conditional covariances given all parameters, (levels, q, q) for each term.

    The inverse curvature of the log-density at the modes, as in lme4's ``condVar`` and TMB.
    """
    problem = solution.problem
    with solution.standing.ask() as kernel:
        by_group = kernel.conditional_variances()
    out = []
    for term, b in zip(problem.terms, problem.scaling.B, strict=True):
        s = slice(term.offset, term.offset + term.q)
        out.append(np.asarray(b @ by_group[term.group][:, s, s] @ b.T))
    return tuple(out)


def full_covariances(solution: GeneralisedSolution, joint: Joint) -> tuple[Array, ...]:
    """Covariances of the errors of the modes, (levels, q, q) for each term.

    P + J V J' with P of :func:`covariances`, J the derivatives of the modes in all parameters and V
    the joint covariance of the estimates: as glmmTMB's ``condVar`` and TMB's ``sdreport``. NaN if
    the data leave a parameter open.
    """
    problem, k = solution.problem, joint.n_face
    with solution.standing.ask() as kernel:
        moves = kernel.mode_derivatives(joint.face.directions)
    out = []
    for term, b, own in zip(problem.terms, problem.scaling.B, covariances(solution), strict=True):
        s = slice(term.offset, term.offset + term.q)
        slopes = np.einsum("ij,ljk->lik", b, moves[term.group][:, s])
        own_slopes = solution.spread(slopes[:, :, k:] @ np.linalg.inv(problem.change))
        slopes = np.concatenate([slopes[:, :, :k], own_slopes], axis=2)
        out.append(own + np.einsum("lik,km,ljm->lij", slopes, joint.covariance, slopes))
    return tuple(out)
