"""Random effects of a generalised model given the data and the parameters."""

from __future__ import annotations

import numpy as np

from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["covariances", "modes"]


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
