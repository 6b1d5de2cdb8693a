"""From a problem to a certified solution."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ranef.core import CoreKernel, Estimation, Evidence, Kernel, Solved
from ranef.core.columns import row_threads
from ranef.errors import NumericalError, OptionError
from ranef.page.phrases import count
from ranef.problem import Problem, covariances, nearest
from ranef.problem.crossed import with_path, with_probes
from ranef.problem.parameters import group_lambdas, to_inner
from ranef.solve.certificate import Certificate, certificate
from ranef.solve.control import Control
from ranef.solve.of_found import OfFound
from ranef.solve.standing import Standing, evaluate_at, standing_at
from ranef.types import Array

__all__ = [
    "DEFAULT",
    "Solution",
    "at_found_residual",
    "at_solution",
    "computed",
    "evaluate_at",
    "search",
    "solve",
]

DEFAULT = Control()

# Standard deviation, in sigma for columns of unit size and beside the largest one of the term, that
# every direction is given where a start on the boundary is moved inside.
LEAST = 0.1


@dataclass(frozen=True, eq=False)
class Solution(OfFound):
    """Where the criterion is smallest, and the proof.

    Attributes
    ----------
    theta : ndarray
        Relative covariance factors on the data's scale: lower triangles by column, diagonals not
        negative.
    inner : ndarray
        The same on the inner scale.
    covariances : tuple of ndarray, shape (q, q)
        Relative covariances T T' of the terms, data's scale.
    criterion : float
        Profiled criterion on the data's scale, deviance units.
    certificate : Certificate
    log : tuple of Step
        Steps of the search that found it.
    method : str
        What found it, "newton" or "l-bfgs" (see :class:`~ranef.Control`).
    start_moved : bool
        Whether the start values that were given had to be moved inside: a prior's density is zero
        at them.
    """

    problem: Problem = field(repr=False)
    found: Solved = field(repr=False)
    start_moved: bool = False

    @cached_property
    def certificate(self) -> Certificate:
        found = self.found
        return certificate(
            self.problem,
            found.inner,
            Evidence(*found.evidence),
            found.evaluations,
            found.starts,
            found.basins,
            self.estimation,
        )

    @property
    def estimation(self) -> Estimation | None:
        """The error of the optimum, if the criterion is an estimate."""
        return estimation_of(self.found)

    @cached_property
    def standing(self) -> Standing[CoreKernel]:
        """The kernel at the solution, kept for later questions; never pickled."""
        return standing_at(self.problem, self.inner)

    @cached_property
    def work(self) -> int:
        """Numbers that one evaluation reads: a measure of its cost."""
        with self.standing.ask() as kernel:
            return kernel.work


def at_solution(problem: Problem, solution: Solution) -> AbstractContextManager[CoreKernel]:
    """A kernel of the problem at the solution, for questions that do not move it.

    It is the solution's own, unless `problem` is not the one that was solved.
    """
    own = solution.problem is problem
    return (solution.standing if own else standing_at(problem, solution.inner)).ask()


def solve(
    problem: Problem,
    control: Control | None = None,
    start: Array | None = None,
    kernel: CoreKernel | None = None,
) -> Solution:
    """Minimise the criterion and certify the result.

    Parameters
    ----------
    problem : Problem
    control : Control, optional
    start : ndarray, optional
        Theta on the data's scale.
    kernel : CoreKernel, optional
        A workspace for the problem; its last evaluation will be the one at the solution. If the
        problem has parameters of residuals to search for, the solution is one of another problem,
        at these parameters.

    Raises
    ------
    NumericalError
        The criterion cannot be computed at the start values. (Those at which a prior's density is
        zero are moved inside.)
    OptionError
        Start values of another length, or not finite.
    """
    return at_found_residual(computed(search(problem, control, start, kernel)))


def search(
    problem: Problem,
    control: Control | None = None,
    start: Array | None = None,
    kernel: CoreKernel | None = None,
    inner: Array | None = None,
) -> Solution:
    """What `solve` finds, whether or not the criterion could be computed.

    `inner` is a start on the inner scale, in place of `start`.
    """
    control = control or DEFAULT
    if kernel is None:
        problem = with_path(problem, control.crossed, control.error)
        kernel = problem.kernel()
    first = inner if start is None else _given_start(problem, start)
    if not problem.terms:
        from ranef.solve.closed import closed_form

        return Solution(problem, closed_form(problem, kernel))
    moved = first is not None and problem.prior is not None and not _allows(problem, kernel, first)
    if first is not None and moved:
        first = _inside(problem, first)
    found = kernel.solve(
        problem.scaling.core,
        first,
        control.max_evaluations,
        control.gain,
        control.restarts,
        control.method,
        row_threads(problem.n, control.threads),
    )
    return Solution(with_probes(problem, estimation_of(found)), found, moved)


def estimation_of(found: Solved) -> Estimation | None:
    """The error of what a search has found, if the criterion is an estimate."""
    if found.error is None:
        return None
    error, criterion, deflated, probes, iterations = found.error
    return Estimation(error, criterion, int(deflated), int(probes), int(iterations))


def computed(solution: Solution) -> Solution:
    """A solution, if there is one.

    Raises
    ------
    NumericalError
        The criterion cannot be computed at the start values.
    """
    found = solution.found
    if found.status == "broke down":
        raise NumericalError(
            "the criterion cannot be computed at the start values",
            found=f"inner theta {np.array2string(found.inner, precision=4)}",
            fix="check the data for values of wildly different size, or give other start values",
        )
    return solution


def at_found_residual(solution: Solution) -> Solution:
    """A solution of the problem at the parameters of the residuals that the search has found."""
    if solution.problem.searched is None:
        return solution
    problem = solution.problem.at_residual(np.asarray(solution.found.phi))
    return Solution(problem, solution.found, solution.start_moved)


def _allows(problem: Problem, kernel: Kernel, inner: Array) -> bool:
    """Whether likelihood and prior are above zero at an inner theta."""
    return kernel.evaluate(group_lambdas(problem, inner))


def _inside(problem: Problem, inner: Array) -> Array:
    """An inner theta with some more variance in every direction of each term that has a prior."""
    assert problem.prior is not None
    matrices = covariances(problem.terms, inner)
    for k, matrix in enumerate(matrices):
        if problem.prior.terms[k]:
            size = max(LEAST, LEAST * float(np.sqrt(matrix.diagonal().max())))
            matrices[k] = matrix + size**2 * np.eye(matrix.shape[0])
    return nearest(problem.terms, matrices)


def _given_start(problem: Problem, start: Array) -> Array:
    theta = np.asarray(start, dtype=np.float64).ravel()
    if theta.size != problem.n_theta or not np.all(np.isfinite(theta)):
        raise OptionError(
            "the start values do not fit the model",
            found=f"{count(theta.size, 'value')}: {np.array2string(theta, precision=4)}",
            fix=f"give {count(problem.n_theta, 'finite number')}, theta in the order of "
            "`fit.theta`",
        )
    return to_inner(problem, theta)
