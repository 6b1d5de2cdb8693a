r"""How far Laplace's approximation is from the likelihood it stands for, at the estimates.

Three methods, in deviance units of -2 log L - F with F the criterion of the fit:

1. *Quadrature.* One factor with at most three random effects a level: one evaluation of adaptive
   quadrature at the estimates. Its gradient g tells too how far the estimates would move, -H^-1 g.
2. *The next term of the expansion* (Shun and McCullagh 1995), for every design:
   E = sum Q lev^2 / 4 - a'r / 4 - sum_ik T_i T_k (z_i'P z_k)^3 / 6. For large crossed designs the
   last sum is left out.
3. *Importance sampling* from the normal approximation at the modes (Pinheiro and Bates 1995), where
   the next term is large or not complete, and the random effects are not too many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.core.generalised import GeneralisedKernel
from ranef.inference.generalised.joint import gradient_along, hessian_along
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import group_lambdas
from ranef.solve.face import face_of
from ranef.solve.generalised import GeneralisedSolution

__all__ = ["ErrorEstimate", "evaluations_of_rows", "laplace_error"]

NODES = {1: 15, 2: 7, 3: 5}
"""Nodes in each dimension, by the random effects of a level."""

MORE_NODES = 2
"""So many more than a fit by quadrature has, to see what they change."""

MOST_NODES = {1: 25, 2: 15, 3: 9}

LARGE = 1.0
"""Deviance units from which on the next term is not trusted."""


TRUSTED, SHARE = 0.5, 0.25
"""Standard errors of draws up to which they are better than the next term: in deviance units, and
of that term. Draws for many random effects are dominated by a few."""


@dataclass(frozen=True, slots=True)
class ErrorEstimate:
    """What the approximation of the likelihood is off by.

    Attributes
    ----------
    deviance : float
        -2 log-likelihood less the criterion.
    uncertainty : float
        Standard error of it, if it was simulated; 0 otherwise.
    largest_shift : float
        Largest foretold shift of an estimate, in standard errors; NaN if that is not known.
    method : str
        ``"quadrature"``, ``"next term"`` or ``"importance sampling"``.
    nodes : int
        Of the quadrature in each dimension; 0 without.
    complete : bool
        Whether the next term was computed in full.
    """

    deviance: float
    uncertainty: float
    largest_shift: float
    method: str
    nodes: int = 0
    complete: bool = True


def evaluations_of_rows(problem: GeneralisedProblem) -> float:
    """How many log-densities of rows the error takes; infinite if it needs more than one pass."""
    q = _lone_columns(problem)
    return float(problem.n) * NODES[q] ** q if q in NODES else np.inf


def _lone_columns(problem: GeneralisedProblem) -> int:
    """Random effects of a level if there is one factor; 0 otherwise."""
    sizes = problem.sizes
    return sizes[0][1] if len(sizes) == 1 else 0


def laplace_error(solution: GeneralisedSolution) -> ErrorEstimate:
    """Estimate what the approximation of the likelihood is off by at a solution."""
    problem = solution.problem
    q = _lone_columns(problem)
    if q in NODES:
        nodes = NODES[q]
        if problem.n_agq > 1:
            nodes = problem.n_agq + MORE_NODES
            if nodes > MOST_NODES[q]:
                nodes = problem.n_agq - MORE_NODES
        return _by_quadrature(solution, nodes)
    return _by_expansion(solution)


def _by_quadrature(solution: GeneralisedSolution, nodes: int) -> ErrorEstimate:
    problem = solution.problem
    other = problem.with_nodes(nodes).kernel()
    with solution.standing.ask() as kernel:
        if not other.evaluate(group_lambdas(problem, solution.inner), solution.inner_coefficients):
            return ErrorEstimate(np.nan, 0.0, np.nan, "quadrature", nodes)
        deviance = other.value - kernel.value
        shift = _shift(solution, kernel, other)
    return ErrorEstimate(deviance, 0.0, shift, "quadrature", nodes)


def _shift(
    solution: GeneralisedSolution, kernel: GeneralisedKernel, other: GeneralisedKernel
) -> float:
    """The largest entry of -H^-1 g in standard errors, with H of the fit and g of `other`."""
    problem = solution.problem
    face = face_of(problem, solution.inner)
    h = hessian_along(problem, face, kernel)
    slope = gradient_along(problem, face, other)
    if h.shape[0] == 0:
        return 0.0
    try:
        inverse = np.linalg.inv(h)
    except np.linalg.LinAlgError:
        return float("nan")
    variances = 2.0 * np.diag(inverse)
    if not np.all(variances > 0.0):
        return float("nan")
    return float(np.abs(inverse @ slope / np.sqrt(variances)).max())


def _by_expansion(solution: GeneralisedSolution) -> ErrorEstimate:
    from ranef.inference.generalised.importance import MOST_EFFECTS, importance

    with solution.standing.ask() as kernel:
        value, complete = kernel.next_term()
        effects = sum(levels * q for levels, q in solution.problem.sizes)
        if (complete and abs(value) <= LARGE) or effects > MOST_EFFECTS:
            return ErrorEstimate(value, 0.0, float("nan"), "next term", 0, complete)
        drawn = importance(solution, kernel)
    if not drawn.error <= max(TRUSTED, SHARE * abs(value)):
        return ErrorEstimate(value, 0.0, float("nan"), "next term", 0, complete)
    return ErrorEstimate(drawn.deviance, drawn.error, float("nan"), "importance sampling")
