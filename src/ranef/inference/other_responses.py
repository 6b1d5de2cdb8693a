"""What a linear model leaves of other responses if the variances of its random effects are kept.

At known relative covariances coefficients and random effects are linear in the response. With
V = I + Z D Z' over sigma^2 and M = (X'V^-1 X)^-1, a response y_k beside the fit's own y has

    b_k = b + M X'V^-1 (y_k - y),   u_k = D (Z'V^-1 y_k - Z'V^-1 X b_k),

so that Z'V^-1 y_k is all that is missing. The responses are put beside the columns of X, and one
factorisation gives it for all of them; fits one by one need a factorisation each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ranef.core import CoreKernel, Rows, cross_products
from ranef.core.columns import row_threads
from ranef.errors import NumericalError
from ranef.inference.row_influence import solved_columns
from ranef.problem import Problem
from ranef.problem.left import weighted
from ranef.problem.parameters import group_lambdas
from ranef.solve import Solution
from ranef.types import Array

__all__ = ["Left", "at_same_variances", "inner_columns", "most_together"]

TOGETHER = 4_000_000  # numbers: of the responses that are solved for together
FEWEST_ROWS = 4  # for each response that stands beside X: the columns must stay independent


class Left(NamedTuple):
    """One response, on the inner scale.

    ``residuals`` (n,): y - X beta - Z b, times the roots of the weights; ``beta`` (p,); ``modes``
    (levels, q) by grouping factor; ``squares``: (y - X beta)'V^-1 (y - X beta).
    """

    residuals: Array
    beta: Array
    modes: list[Array]
    squares: float


def most_together(problem: Problem) -> int:
    """How many responses :func:`at_same_variances` takes at once."""
    room = (problem.n - problem.p) // FEWEST_ROWS
    return max(1, min(room, TOGETHER // problem.n))


def inner_columns(
    columns: Sequence[Array | None], shifts: Sequence[float], scales: Sequence[float], n: int
) -> Array:
    """Columns of rows under their scaling, shape (n, columns)."""
    out = np.empty((n, len(columns)), order="F")
    for k, (column, shift, scale) in enumerate(zip(columns, shifts, scales, strict=True)):
        out[:, k] = ((1.0 if column is None else column) - shift) / scale
    return out


def at_same_variances(
    problem: Problem,
    solution: Solution,
    kernel: CoreKernel,
    rows: Rows,
    responses: Sequence[Rows],
) -> Callable[[int], Left]:
    """A function that says what is left of each response, by its number; threads may share it.

    Parameters
    ----------
    problem : Problem
    solution : Solution
    kernel : CoreKernel
        It stands at the solution.
    rows : Rows
        Of the fit (see :meth:`~ranef.problem.Problem.rows_of`).
    responses : sequence of Rows
        The same rows with another response each, at most :func:`most_together`.

    Raises
    ------
    NumericalError
        The responses are linearly dependent.
    """
    n = problem.n
    beta, inverse, own = kernel.beta, kernel.xx_inverse, _response(rows)
    solved = solved_columns(problem, solution, kernel, rows)
    lambdas = group_lambdas(problem, solution.inner)
    of_x = [scores[:, :, : problem.p] for scores in kernel.scores()]
    beside = _beside(problem, lambdas, rows, responses) if lambdas else []
    x = inner_columns(rows.x, rows.x_shifts, rows.x_scales, n)
    z = [inner_columns(g.columns, g.shifts, g.scales, n) for g in rows.groups]

    def left_of(k: int) -> Left:
        response = responses[k]
        y = _response(response)
        beta_k = beta + inverse @ (solved.T @ weighted(y - own, rows.weights))
        modes = [
            (scores[:, :, k] - fixed @ beta_k) @ (lambda_ @ lambda_.T)
            for scores, fixed, lambda_ in zip(beside, of_x, lambdas, strict=True)
        ]
        marginal = y - x @ beta_k
        left = marginal.copy()
        for group, columns, effects in zip(rows.groups, z, modes, strict=True):
            for j in range(columns.shape[1]):
                left -= columns[:, j] * effects[:, j][group.codes]
        left = weighted(left, rows.weights)
        squares = float(left @ weighted(marginal, rows.weights))
        return Left(left, beta_k, modes, squares)

    return left_of


def _response(rows: Rows) -> Array:
    return np.asarray((rows.y - rows.y_shift) / rows.y_scale)


def _beside(
    problem: Problem, lambdas: Sequence[Array], rows: Rows, responses: Sequence[Rows]
) -> list[Array]:
    """Z'V^-1 y_k by grouping factor, (levels, q, responses) each."""
    columns = [_response(response) for response in responses]
    shifts = [*rows.x_shifts, *[0.0] * len(columns)]
    scales = [*rows.x_scales, *[1.0] * len(columns)]
    wide = rows.replace(x=[*rows.x, *columns], x_shifts=shifts, x_scales=scales)
    kernel = CoreKernel(cross_products(wide, row_threads(problem.n, None)), reml=False)
    if not kernel.evaluate(lambdas):
        raise NumericalError(
            "the residuals of simulated responses cannot be computed",
            found=f"{len(columns)} responses of {problem.n} rows",
            fix="simulate with another seed",
        )
    return [scores[:, :, problem.p : -1] for scores in kernel.scores()]
