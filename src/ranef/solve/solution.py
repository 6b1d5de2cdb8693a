"""From a problem to a certified solution."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property

import numpy as np

from ranef.errors import NumericalError, OptionError
from ranef.kernel import CoreKernel, Evidence, Kernel, Solved, Step
from ranef.kernel.core import steps_of
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas, to_inner
from ranef.record import record
from ranef.solve.certificate import Certificate, certificate
from ranef.solve.control import Control
from ranef.types import Array

__all__ = ["Solution", "evaluate_at", "solve"]

DEFAULT = Control()


@record(frozen=True, eq=False)
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

    problem: Problem = field(repr=False)
    found: Solved = field(repr=False)

    @property
    def theta(self) -> Array:
        return self.found.theta

    @property
    def inner(self) -> Array:
        return self.found.inner

    @property
    def covariances(self) -> tuple[Array, ...]:
        return tuple(self.found.covariances)

    @property
    def criterion(self) -> float:
        return self.found.criterion

    @property
    def log(self) -> tuple[Step, ...]:
        return steps_of(self.found.log)

    @property
    def method(self) -> str:
        return self.found.method

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
        )


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
    control = control or DEFAULT
    kernel = kernel or problem.kernel()
    first = None if start is None else _given_start(problem, start)
    if isinstance(kernel, CoreKernel):
        found = kernel.solve(
            problem.terms,
            problem.scaling.B,
            first,
            control.max_evaluations,
            control.gain,
            control.restarts,
            control.method,
        )
    else:
        from ranef.solve.reference import search

        found = search(problem, kernel, first, control)
    if found.status == "broke down":
        raise NumericalError(
            "the criterion cannot be computed at the start values",
            found=f"inner theta {np.array2string(found.inner, precision=4)}",
            fix="check the data for values of wildly different size, or give other start values",
        )
    return Solution(problem, found)


def evaluate_at(problem: Problem, kernel: Kernel, inner: Array) -> None:
    """Bring a kernel to an inner theta."""
    if not kernel.evaluate(group_lambdas(problem, inner)):
        raise NumericalError(
            "the criterion cannot be computed at these variances",
            found=f"theta {np.array2string(inner, precision=4)}",
            fix="check the data for values of wildly different size",
        )


def _given_start(problem: Problem, start: Array) -> Array:
    theta = np.asarray(start, dtype=np.float64).ravel()
    if theta.size != problem.n_theta or not np.all(np.isfinite(theta)):
        raise OptionError(
            "the start values do not fit the model",
            found=f"{theta.size} values: {np.array2string(theta, precision=4)}",
            fix=f"give {problem.n_theta} finite numbers, theta in the order of `fit.theta`",
        )
    return to_inner(problem, theta)
