"""From a problem to a certified solution."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from ranef.errors import NumericalError, OptionError
from ranef.kernel import Kernel, Optimum
from ranef.kernel.protocol import Step
from ranef.problem import Problem, lower_triangles
from ranef.problem.parameters import group_lambdas, theta_of_blocks, to_data, to_inner
from ranef.solve.certificate import Certificate, certify
from ranef.solve.control import Control
from ranef.solve.start import other_starts
from ranef.types import Array

__all__ = ["Solution", "evaluate_at", "solve"]

SAME_BASIN = 1e-6  # deviance units

# Numbers read by one evaluation times parameters, up to which a certified boundary optimum is
# searched for again from elsewhere; a doubtful one always is.
CHEAP = 2_000_000


@dataclass(frozen=True, slots=True)
class Solution:
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
    """

    theta: Array
    inner: Array
    covariances: tuple[Array, ...]
    criterion: float
    certificate: Certificate
    log: tuple[Step, ...] = field(repr=False)
    method: str


def solve(
    problem: Problem,
    control: Control | None = None,
    start: Array | None = None,
    kernel: Kernel | None = None,
) -> Solution:
    """Minimise the criterion and certify the result.

    Parameters
    ----------
    problem : Problem
    control : Control, optional
    start : ndarray, optional
        Theta on the data's scale.
    kernel : Kernel, optional
        A workspace for the problem; its last evaluation will be the one at the solution.

    Raises
    ------
    NumericalError
        The criterion cannot be computed at the start values.
    OptionError
        Start values of another length, or not finite.
    """
    control = control or Control()
    kernel = kernel or problem.kernel()
    first = kernel.moment_start(problem.terms) if start is None else _given_start(problem, start)
    best = _search(problem, kernel, first, control)
    certificate = certify(problem, best.theta, kernel, best.evaluations)
    doubtful = not certificate.certified
    on_boundary = certificate.verdict == "boundary optimum"
    cheap = kernel.work * problem.n_theta < CHEAP
    if control.max_evaluations > 1 and (doubtful or (on_boundary and cheap)):
        best, certificate = _restart(problem, kernel, control, best, certificate)
    inner = canonical(problem, best.theta)
    theta, matrices = to_data(problem, inner)
    return Solution(
        theta, inner, tuple(matrices), best.criterion, certificate, best.log, best.method
    )


def evaluate_at(problem: Problem, kernel: Kernel, inner: Array) -> None:
    """Bring a kernel to an inner theta."""
    if not kernel.evaluate(group_lambdas(problem, inner)):
        raise NumericalError(
            "the criterion cannot be computed at these variances",
            found=f"theta {np.array2string(inner, precision=4)}",
            fix="check the data for values of wildly different size",
        )


def canonical(problem: Problem, inner: Array) -> Array:
    """The same covariances with non-negative diagonals: signs of columns are free."""
    blocks = []
    for t in lower_triangles(inner, [t.q for t in problem.terms]):
        signs = np.where(np.diag(t) < 0.0, -1.0, 1.0)
        blocks.append(t * signs + 0.0)
    return theta_of_blocks(blocks)


def _given_start(problem: Problem, start: Array) -> Array:
    theta = np.asarray(start, dtype=np.float64).ravel()
    if theta.size != problem.n_theta or not np.all(np.isfinite(theta)):
        raise OptionError(
            "the start values do not fit the model",
            found=f"{theta.size} values: {np.array2string(theta, precision=4)}",
            fix=f"give {problem.n_theta} finite numbers, theta in the order of `fit.theta`",
        )
    return to_inner(problem, theta)


def _optimise(problem: Problem, kernel: Kernel, start: Array, control: Control) -> Optimum:
    return kernel.optimise(
        problem.terms, start, control.max_evaluations, control.gain, control.method
    )


def _search(problem: Problem, kernel: Kernel, start: Array, control: Control) -> Optimum:
    found = _optimise(problem, kernel, start, control)
    if found.status == "broke down":
        raise NumericalError(
            "the criterion cannot be computed at the start values",
            found=f"inner theta {np.array2string(start, precision=4)}",
            fix="check the data for values of wildly different size, or give other start values",
        )
    return found


def _restart(
    problem: Problem, kernel: Kernel, control: Control, best: Optimum, certificate: Certificate
) -> tuple[Optimum, Certificate]:
    """Look from other starts; keep the lowest optimum and count the basins."""
    evaluations = best.evaluations
    ends = [best.criterion]
    for start in other_starts(problem, control.restarts):
        found = _optimise(problem, kernel, start, control)
        evaluations += found.evaluations
        if found.status == "broke down":
            continue
        ends.append(found.criterion)
        if found.criterion < best.criterion - SAME_BASIN:
            best = found
            certificate = certify(problem, found.theta, kernel, evaluations)
    evaluate_at(problem, kernel, best.theta)
    ends.sort()
    basins = 1 + sum(b - a > SAME_BASIN for a, b in pairwise(ends))
    return best, replace(certificate, evaluations=evaluations, starts=len(ends), basins=basins)
