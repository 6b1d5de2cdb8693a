"""The marginal likelihood by importance sampling from the normal approximation at the modes.

With b = Lambda u, u ~ N(0, I), the modes u^ and M = I + Lambda'Z'WZ Lambda = L L', draws are
u = u^ + L'^-1 z for standard normal z, in pairs z and -z. The likelihood is the mean of

    exp(sum l(u) - u'u/2 + z'z/2) / |L|,

which with l expanded to second order at the modes would be Laplace's approximation in each draw.
Draws come from a counter-based generator: the same for the same number of random effects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ranef.core.family_rows import log_densities
from ranef.core.generalised import GeneralisedKernel
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import group_lambdas
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["MOST_EFFECTS", "Drawn", "importance"]

MOST_EFFECTS = 2_000
"""Random effects up to which M is factorised as a full matrix: some tenths of a second."""

PAIRS = 200
SEED = 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """Attributes
    ----------
    deviance : float
        -2 log-likelihood less the criterion where the kernel stands.
    error : float
        Its standard error.
    share : float
        Effective number of draws over their number.
    """

    deviance: float
    error: float
    share: float


def importance(
    solution: GeneralisedSolution, kernel: GeneralisedKernel, pairs: int = PAIRS
) -> Drawn:
    """Estimate the likelihood at a solution.

    Parameters
    ----------
    solution : GeneralisedSolution
    kernel : GeneralisedKernel
        It stands at the solution.
    pairs : int
        Draws are twice as many.
    """
    from scipy.linalg import solve_triangular

    problem = solution.problem
    by_eta, _ = kernel.row_derivatives(2)
    root = _root(problem, group_lambdas(problem, solution.inner))
    width = root.shape[1]
    weighted = root.multiply(-by_eta[2][:, None])
    M = np.eye(width) + (root.T @ weighted).toarray()
    L = np.linalg.cholesky(M)
    centre = np.asarray(root.T @ by_eta[1])  # u^ = Lambda'Z'g at the modes
    half_determinant = float(np.log(np.diag(L)).sum())
    at_modes = -2.0 * float(by_eta[0].sum()) + float(centre @ centre) + 2.0 * half_determinant
    z = np.random.Generator(np.random.Philox(key=SEED)).standard_normal((width, pairs))
    away = solve_triangular(L, z, trans="T", lower=True)
    fixed, moves = kernel.eta, np.asarray(root @ away)
    psi = problem.further_predictors(solution.inner_coefficients)
    family = problem.family
    constants = family.core_constants(problem.n_answers)
    weights = np.zeros((pairs, 2))
    for side, sign in enumerate((1.0, -1.0)):
        for k in range(pairs):
            density = log_densities(
                family.core_name,
                family.link,
                constants,
                fixed + sign * moves[:, k],
                psi,
                problem.rows.y,
                problem.rows.weights,
            )
            u = centre + sign * away[:, k]
            weights[k, side] = density.sum() - 0.5 * (u @ u) + 0.5 * (z[:, k] @ z[:, k])
    largest = float(weights.max())
    scaled = np.exp(weights - largest)
    pair = scaled.mean(axis=1)
    mean = float(pair.mean())
    loglik = largest + float(np.log(mean)) - half_determinant
    error = 2.0 * float(pair.std(ddof=1)) / (mean * float(np.sqrt(pairs)))
    share = float(scaled.sum()) ** 2 / (scaled.size * float((scaled**2).sum()))
    return Drawn(-2.0 * loglik - at_modes, error, share)


def _root(problem: GeneralisedProblem, lambdas: list[Array]) -> Any:
    """Z Lambda, a sparse matrix."""
    from scipy.sparse import csr_array, hstack

    blocks = []
    for group, own in zip(problem.rows.groups, lambdas, strict=True):
        q = len(group.columns)
        shifts, scales = np.asarray(group.shifts), np.asarray(group.scales)
        constant = np.ones(problem.n)
        Z = np.column_stack([constant if c is None else c for c in group.columns])
        values = ((Z - shifts) / scales) @ own
        columns = group.codes.astype(np.int64)[:, None] * q + np.arange(q)
        pointers = np.arange(0, problem.n * q + 1, q)
        shape = (problem.n, group.n_levels * q)
        blocks.append(csr_array((values.ravel(), columns.ravel(), pointers), shape=shape))
    return csr_array(hstack(blocks))
