"""Residuals that know the model: marginal, standardised, whitened, and their quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.design import Design
from ranef.inference.estimates import Estimates
from ranef.inference.residual_tests import standardized_residuals
from ranef.inference.whitening import whitened
from ranef.problem import Problem
from ranef.problem.left import left_of_response, weighted
from ranef.problem.parameters import group_lambdas
from ranef.solve import Solution
from ranef.solve.solution import at_solution
from ranef.types import Array

__all__ = ["QUANTILE_KINDS", "marginal_sd", "quantiles_of", "residuals_of_model"]

QUANTILE_KINDS = ("conditional", "marginal", "whitened")


def residuals_of_model(
    problem: Problem,
    solution: Solution,
    design: Design,
    y: Array,
    weights: Array | None,
    kind: str,
) -> Array:
    """``"normalized"``, ``"standardized"`` or ``"whitened"`` residuals.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Response less offset.
    """
    with at_solution(problem, solution) as kernel:
        rows = problem.rows_of(design, y, weights)
        if kind == "standardized":
            return standardized_residuals(problem, kernel, rows)
        sigma = float(np.sqrt(kernel.r2 / problem.nu))
        if kind == "normalized":
            left = left_of_response(rows, kernel.beta, kernel.modes())
            return weighted(left, rows.weights) / sigma
        values = weighted(left_of_response(rows, kernel.beta), rows.weights) / sigma
        return whitened(problem, group_lambdas(problem, solution.inner), rows, values)


def marginal_sd(
    design: Design, covariances: Sequence[Array], sigma: float, weights: Array | None
) -> Array:
    """Standard deviation of each row's response, (sigma^2 / w + sum of z'D z)^1/2."""
    out = np.full(design.n, sigma**2) if weights is None else sigma**2 / weights
    for term, d in zip(design.terms, covariances, strict=True):
        z = term.Z
        out = out + np.einsum("ia,ab,ib->i", z, d, z)
    return np.asarray(np.sqrt(out))


def quantiles_of(
    problem: Problem,
    solution: Solution,
    estimates: Estimates,
    design: Design,
    y: Array,
    weights: Array | None,
    kind: str,
) -> Array:
    """The standard normal distribution at residuals over their standard deviations, in (0, 1)."""
    from scipy import special

    if kind == "marginal":
        left = y - design.X @ estimates.beta
        z = left / marginal_sd(design, estimates.covariances, estimates.sigma, weights)
    else:
        which = "standardized" if kind == "conditional" else "whitened"
        z = residuals_of_model(problem, solution, design, y, weights, which)
    return np.asarray(special.ndtr(z))
