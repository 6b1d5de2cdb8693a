"""From a problem to its solution, with the rows at hand."""

from __future__ import annotations

from ranef.core import CoreKernel
from ranef.core.columns import row_threads
from ranef.design import Data
from ranef.problem import Problem
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
    kernel = problem.kernel(threads=row_threads(problem.n, control.threads))
    solution = search(problem, control, start, kernel)
    found = solution.found
    if problem.searched is not None:
        solution = at_found_residual(computed(solution))
        problem, data = solution.problem, data.at_residual(found.phi)
        kernel = problem.kernel(threads=row_threads(problem.n, control.threads))
        if not found.loses_digits:
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
