"""Leverages of the rows of a generalised model: those of its working model at the modes.

With W the curvature of the log-density of each row, the penalised least squares problem whose
solution is the last Newton step for beta and the modes maps working responses to linear predictors.
The diagonal of that map is

    h_i = w_i (z_i'P z_i + r_i'(X'W R)^-1 r_i),   R = X + Z db/dbeta,

with P the conditional covariance of the modes. Their sum is the effective number of parameters of
the linear predictor. lme4's ``hatvalues`` are not these: for cbpp (56 rows) they add up to 163.
"""

from __future__ import annotations

import numpy as np

from ranef.inference.inner_rows import Blocks, inner_rows
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["working_leverages"]


def working_leverages(solution: GeneralisedSolution, x: Array, blocks: Blocks) -> Array:
    """The leverage of each row, shape (n,).

    Parameters
    ----------
    solution : GeneralisedSolution
    x : ndarray, shape (n, p)
    blocks : sequence of (codes, Z)
        Of the terms.
    """
    problem = solution.problem
    inner = inner_rows(problem, x, blocks)
    with solution.standing.ask() as kernel:
        weights = kernel.working_weights
        own = kernel.row_variances(problem.rows.groups)
        moves = kernel.mode_derivatives([])
    r = np.array(inner.x)
    for code, z, move in zip(inner.codes, inner.z, moves, strict=True):
        r += np.einsum("nq,nqp->np", z, move[code][:, :, : problem.p])
    information = inner.x.T @ (weights[:, None] * r)
    if problem.p:
        own = own + np.einsum("np,np->n", r, np.linalg.solve(information, r.T).T)
    return np.asarray(weights * own)
