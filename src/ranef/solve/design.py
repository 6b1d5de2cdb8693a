"""From a design to a certified solution."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from ranef.core import Kernel, Solved
from ranef.core.columns import row_threads
from ranef.design import Design
from ranef.problem import Problem, check_fixed_part, hardly_explained, make_problem
from ranef.solve.control import Control
from ranef.solve.solution import DEFAULT, Solution, search, solution_of, solve
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["SolvedDesign", "solve_checked", "solve_design"]


class SolvedDesign(NamedTuple):
    """A problem, the kernel that stands at its solution, and how long the sums took, seconds."""

    problem: Problem
    kernel: Kernel
    solution: Solution
    seconds: float


def solve_design(
    design: Design,
    y: Array,
    weights: Array | None,
    reml: bool,
    prior: Assigned | None = None,
    control: Control | None = None,
    start: Array | None = None,
) -> SolvedDesign:
    """Form the cross-products of a design, minimise the criterion and certify the result.

    Parameters
    ----------
    design : Design
    y : ndarray, shape (n,)
        Response less offset.
    weights : ndarray or None, shape (n,)
        Precision weights.
    reml : bool
    prior : Assigned, optional
    control : Control, optional
    start : ndarray, optional
        Theta on the data's scale.

    Raises
    ------
    DataError
        A column whose values are too small or too large to be squared.
    DesignError
        The fixed part fits the response exactly.
    NumericalError
        The criterion cannot be computed at the start values.
    """
    control = control or DEFAULT
    clock = perf_counter()
    problem = make_problem(design, y, weights, reml, prior, control.threads)
    return solve_checked(problem, design, y, weights, control, start, clock)


def solve_checked(
    problem: Problem,
    design: Design,
    y: Array,
    weights: Array | None,
    control: Control,
    start: Array | None,
    clock: float,
) -> SolvedDesign:
    """Solve a problem that leaves something to be explained; `clock` is when its sums were begun.

    Where cross-products lose digits that the fit needs, it is made again from the rows.

    Raises
    ------
    DesignError
        The fixed part fits the response exactly.
    """
    check_fixed_part(problem, design, y, weights)
    if hardly_explained(problem):
        problem = problem.with_rows(design, y, weights)
    seconds = perf_counter() - clock
    kernel = problem.kernel(threads=row_threads(problem.n, control.threads))
    found = search(problem, control, start, kernel)
    if found.solved.loses_digits and problem.rows is None:
        return _from_rows(problem, design, y, weights, control, found.solved, seconds, start)
    return SolvedDesign(problem, kernel, solution_of(problem, *found), seconds)


def _from_rows(
    problem: Problem,
    design: Design,
    y: Array,
    weights: Array | None,
    control: Control,
    found: Solved,
    seconds: float,
    start: Array | None = None,
) -> SolvedDesign:
    """Solve again, with what is left of X and y summed over the rows.

    The search goes on from where cross-products have led it. `start`: what the user gave.
    """
    problem = problem.with_rows(design, y, weights)
    kernel = problem.kernel(threads=row_threads(problem.n, control.threads))
    if control.max_evaluations > 1 and found.status != "broke down":
        start = found.theta
    return SolvedDesign(problem, kernel, solve(problem, control, start, kernel), seconds)
