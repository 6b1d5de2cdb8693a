"""What single rows do to the estimates, the variances kept, in closed form.

Rows are multiplied by the roots of their weights. With V = I + Z D Z' over sigma^2,
M = (X'V^-1 X)^-1, P the projection V^-1 - V^-1 X M X'V^-1, e = P y the conditional residuals,
h = 1 - diag(P) the leverages, and x~_i row i of V^-1 X = X - Z D Z'V^-1 X: without row i

    b_(i) = b - M x~_i e_i / (1 - h_i),

so that Cook's distance of the fixed effects is (e_i / (1 - h_i))^2 x~_i'M x~_i / (sigma^2 p),
exactly. That of lme4 has h_i in place of x~_i'M x~_i: it counts how far the predicted random
effects move too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.core import CoreKernel
from ranef.core.protocol import Rows
from ranef.design import Design
from ranef.inference.rows import leverages_at
from ranef.problem import Problem
from ranef.problem.left import left_of_response, weighted
from ranef.problem.parameters import group_lambdas
from ranef.solve import Solution
from ranef.solve.solution import at_solution
from ranef.types import Array

__all__ = ["RowInfluence", "row_influence", "solved_columns"]


class RowInfluence(NamedTuple):
    """One entry for each row.

    ``change`` (n, p): coefficients without the row less those with it; ``cooks_distance`` of the
    fixed effects, ``cooks_distance_conditional`` lme4's; ``leverage`` h and ``leverage_fixed`` the
    share of the fixed effects in it, x~'M x~; ``standardized``: e / (sigma (1 - h)^1/2).
    """

    cooks_distance: Array
    cooks_distance_conditional: Array
    leverage: Array
    leverage_fixed: Array
    standardized: Array
    change: Array


def row_influence(
    problem: Problem, solution: Solution, design: Design, y: Array, weights: Array | None
) -> RowInfluence:
    """Influence of each row.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Response less offset.
    """
    with at_solution(problem, solution) as kernel:
        rows = problem.rows_of(design, y, weights)
        left = 1.0 - leverages_at(kernel, rows, "the influence of single rows")
        residual = weighted(left_of_response(rows, kernel.beta, kernel.modes()), rows.weights)
        solved = solved_columns(problem, solution, kernel, rows)
        p, sigma = problem.p, float(np.sqrt(kernel.r2 / problem.nu))
        root = np.linalg.cholesky(kernel.xx_inverse) if p else np.zeros((0, 0))
        turned = solved @ root
        fixed = np.einsum("ia,ia->i", turned, turned)
        with np.errstate(divide="ignore", invalid="ignore"):
            deleted = np.where(left > 0.0, residual / left, np.nan)
        move = problem.scaling.y_scale * (solved @ kernel.xx_inverse) @ problem.scaling.R.T
        squares = (deleted / sigma) ** 2 / p if p else np.full(problem.n, np.nan)
        with np.errstate(invalid="ignore"):
            standardized = deleted * np.sqrt(left) / sigma
        return RowInfluence(
            squares * fixed,
            squares * (1.0 - left),
            1.0 - left,
            fixed,
            standardized,
            -deleted[:, None] * move,
        )


def solved_columns(problem: Problem, solution: Solution, kernel: CoreKernel, rows: Rows) -> Array:
    """V^-1 X, shape (n, p), rows times the roots of their weights."""
    n = problem.n
    out = np.empty((n, problem.p))
    for j, column in enumerate(rows.x):
        values = np.ones(n) if column is None else column
        out[:, j] = (values - rows.x_shifts[j]) / rows.x_scales[j]
    lambdas = group_lambdas(problem, solution.inner)
    for group, lambda_, scores in zip(rows.groups, lambdas, kernel.scores(), strict=True):
        moved = lambda_ @ (lambda_.T @ scores[:, :, : problem.p])
        for k, column in enumerate(group.columns):
            z = ((np.ones(n) if column is None else column) - group.shifts[k]) / group.scales[k]
            out -= z[:, None] * moved[group.codes, k]
    return out if rows.weights is None else out * np.sqrt(rows.weights)[:, None]
