"""From a generalised problem to a certified solution."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from typing import Any

import numpy as np

from ranef.core import CoreSolved, Evidence, Step
from ranef.core.columns import row_threads
from ranef.core.generalised import GeneralisedKernel
from ranef.core.workspace import steps_of
from ranef.errors import NumericalError, OptionError
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import group_lambdas, to_inner
from ranef.solve.certificate import Certificate, certificate
from ranef.solve.control import Control
from ranef.solve.standing import Standing
from ranef.types import Array

__all__ = ["GeneralisedSolution", "solve_generalised"]


@dataclass(frozen=True, eq=False)
class GeneralisedSolution:
    """Where -2 log of the marginal likelihood is smallest, and the proof.

    Attributes
    ----------
    problem : GeneralisedProblem
    found : CoreSolved
    """

    problem: GeneralisedProblem = field(repr=False)
    found: CoreSolved = field(repr=False)

    @property
    def theta(self) -> Array:
        """Factors of the covariances on the data's scale, lower triangles by column."""
        return self.found.theta

    @property
    def inner(self) -> Array:
        """Coordinates of the covariances on the inner scale."""
        return self.found.inner

    @property
    def covariances(self) -> tuple[Array, ...]:
        """Of the random effects of each term, shape (q, q)."""
        return tuple(self.found.covariances)

    @property
    def inner_coefficients(self) -> Array:
        return np.asarray(self.found.coefficients)

    @property
    def coefficients(self) -> Array:
        """All coefficients on the data's scale: beta, then those of the other parts."""
        return self.problem.coefficients(self.inner_coefficients)

    @property
    def criterion(self) -> float:
        return self.found.criterion

    @property
    def log(self) -> tuple[Step, ...]:
        return steps_of(self.found.log)

    @property
    def method(self) -> str:
        return self.found.method

    @property
    def flat_directions(self) -> int:
        """Directions along the face in which the certificate calls the criterion flat."""
        evidence = Evidence(*self.found.evidence)
        return int(evidence.flat.shape[1]) - len(evidence.loose)

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

    @cached_property
    def standing(self) -> Standing[GeneralisedKernel]:
        """The kernel at the solution, kept for later questions; never pickled."""
        return Standing(self.problem.kernel, partial(_stand, self))

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


def _stand(solution: GeneralisedSolution, kernel: GeneralisedKernel) -> None:
    lambdas = group_lambdas(solution.problem, solution.inner)
    if not kernel.evaluate(lambdas, solution.inner_coefficients):
        raise NumericalError(
            "the likelihood cannot be computed at the estimates",
            found=f"theta {np.array2string(solution.theta, precision=4)}",
            fix="check the data for values of wildly different size",
        )


def solve_generalised(
    problem: GeneralisedProblem, control: Control, start: Array | None = None
) -> GeneralisedSolution:
    """Minimise the criterion and certify the result.

    Parameters
    ----------
    problem : GeneralisedProblem
    control : Control
    start : ndarray, optional
        Theta on the data's scale, or theta and then all coefficients.

    Raises
    ------
    NumericalError
        The likelihood cannot be computed at the start values.
    OptionError
        Start values of another length, or not finite.
    """
    threads = row_threads(problem.n, control.threads)
    kernel = problem.kernel(threads)
    found = kernel.solve(
        problem.scaling.core,
        None if start is None else _given_start(problem, start),
        control.max_evaluations,
        control.gain,
        control.restarts,
        control.method,
    )
    if found.status == "broke down":
        raise NumericalError(
            "the likelihood cannot be computed at the start values",
            found=f"inner theta {np.array2string(found.inner, precision=4)}",
            fix="check the response and the offset for extreme values, or give other start values",
        )
    solution = GeneralisedSolution(problem, found)
    solution.standing.take(kernel)
    return solution


def _given_start(problem: GeneralisedProblem, start: Array) -> Array:
    values = np.asarray(start, dtype=np.float64).ravel()
    k, rest = problem.n_theta, problem.p + problem.n_psi
    if values.size not in (k, k + rest) or not np.all(np.isfinite(values)):
        raise OptionError(
            "the start values do not fit the model",
            found=f"{values.size} values: {np.array2string(values, precision=4)}",
            fix=f"give {k} finite numbers, theta in the order of `fit.theta`, or {k + rest}: theta "
            "and then all coefficients",
        )
    inner = to_inner(problem, values[:k])
    return inner if values.size == k else np.concatenate([inner, problem.inner(values[k:])])
