"""From a problem to its solution, with the rows at hand."""

from __future__ import annotations

import numpy as np

from ranef.core import CoreKernel
from ranef.core.columns import row_threads
from ranef.design import Data
from ranef.errors import DesignError
from ranef.problem import Problem
from ranef.problem.crossed import with_path
from ranef.solve.around import search_around
from ranef.solve.control import Control
from ranef.solve.solution import Solution, at_found_residual, computed, evaluate_at, search, solve
from ranef.types import Array

__all__ = ["solve_data"]


def solve_data(
    problem: Problem, data: Data, control: Control, start: Array | None = None
) -> tuple[CoreKernel, Solution]:
    """Minimise the criterion and certify the result; from the rows if sums lose digits.

    The residuals of X and y are then summed over the rows, and the search goes on from the point
    to which cross-products have led: `Solution.problem` holds the rows.

    If the residuals have parameters, they are found in the same search. `Solution.problem` is then
    that at these parameters: one of independent residuals.

    Parameters
    ----------
    problem : Problem
        Of these data, and settled.
    data : Data
    control : Control
    start : ndarray, optional
        Theta on the data's scale.

    Returns
    -------
    kernel : CoreKernel
        It stands at the solution.
    solution : Solution

    Raises
    ------
    NumericalError
        The criterion cannot be computed at the start values.
    """
    problem = with_path(problem, control.crossed, control.error)
    kernel = problem.kernel(threads=row_threads(problem.n, control.threads))
    solution = search(problem, control, start, kernel)
    if problem.searched is not None and solution.found.status != "broke down":
        solution = _better_inside(problem, control, kernel, solution)
    found = solution.found
    if problem.searched is not None and found.loses_digits:
        kernel, solution = search_around(problem, data, control, found)
        solution.standing.take(kernel)
        return kernel, solution
    if problem.searched is not None:
        solution = at_found_residual(computed(solution))
        problem = solution.problem
        kernel = problem.kernel(threads=row_threads(problem.n, control.threads))
        evaluate_at(problem, kernel, solution.inner)
    if not found.loses_digits or problem.rows is not None:
        solution.standing.take(kernel)
        return kernel, computed(solution)
    problem = problem.with_rows(data.design, data.y, data.weights)
    kernel = problem.kernel(threads=row_threads(problem.n, control.threads))
    if control.max_evaluations > 1 and found.status != "broke down":
        start = found.theta
    solution = solve(problem, control, start, kernel)
    solution.standing.take(kernel)
    return kernel, solution


def _better_inside(
    problem: Problem, control: Control, kernel: CoreKernel, solution: Solution
) -> Solution:
    """The better of two solutions, if the first has a parameter of the residuals at its end.

    Where variances between groups are larger than the residual variance by many orders, a search
    from the usual start can mistake them for residuals that hardly change in time. The second one
    starts from the covariances that are best for independent residuals.
    """
    assert problem.residual is not None
    try:
        problem.residual.structure.check_found(np.asarray(solution.found.phi))
    except DesignError:
        apart = solve(problem.at_residual(problem.residual.start()), control)
        again = search(problem, control, apart.theta, kernel)
        if again.found.status != "broke down" and again.criterion < solution.criterion:
            return again
    return solution
