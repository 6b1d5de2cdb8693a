"""Parameters of the residuals, searched for around the search for the covariances.

The search for both goes through cross-products of the rows. Where these lose digits, what is left
of X and y is summed over the rows, but only at known parameters of the residuals. So the criterion
that is best for given phi,

    f(phi) = min over the covariances of the criterion at phi,

is minimised here, every value from the rows. Its derivatives are differences. The evidence of the
covariances at phi is joined with that of f: the gain and the step that are left, the least
curvature, and the directions of phi along which nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from time import perf_counter
from typing import NamedTuple

import numpy as np

from ranef.core import CoreKernel, Evidence, Solved
from ranef.core.columns import row_threads
from ranef.design import Data
from ranef.errors import NumericalError
from ranef.problem import Problem
from ranef.solve.control import Control
from ranef.solve.found import Found
from ranef.solve.solution import Solution, solve
from ranef.types import Array

__all__ = ["search_around"]

_STEP = 2e-2
"""Of a coordinate, for differences: a relative change of an SD, or of the same kind."""

_FLAT = 1e-6
"""Curvature, deviance units per squared coordinate, below which f is flat."""

_DONE = 1e-10
"""Deviance units that a step of Newton's promises, below which the search ends."""

_MOST_STEPS = 12

_LEAST = 1e-6
"""Step along a coordinate that is none."""

_LONGEST = 1.0
"""Step along any coordinate."""

_MOST_PAIRS = 12
"""Parameters up to which curvatures between them are looked at."""


class _Slope(NamedTuple):
    """Derivatives of f, and what Newton's step promises."""

    gradient: Array
    values: Array
    vectors: Array
    flat: float
    best: Array
    """The lowest point that differences have met."""
    found: float
    """What is gained there."""

    @property
    def along(self) -> Array:
        return np.asarray(self.vectors.T @ self.gradient)

    @property
    def bent(self) -> Array:
        """Curvatures by which steps are divided: never near zero, never negative."""
        return np.maximum(np.abs(self.values), self.flat)

    @property
    def gain(self) -> float:
        up = self.values > self.flat
        return self.found + float(np.sum(0.5 * self.along[up] ** 2 / self.values[up]))

    @property
    def standard_errors(self) -> float:
        return float(np.max(np.abs(self.along) / np.sqrt(2.0 * self.bent)))

    @property
    def step(self) -> Array:
        step = -self.vectors @ (self.along / self.bent)
        return np.asarray(step * min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300)))


@dataclass
class _Around:
    """f, with the covariances searched for from where it stands."""

    problem: Problem
    data: Data
    control: Control
    theta: Array | None
    evaluations: int = 0

    def solution(self, phi: Array) -> tuple[CoreKernel, Solution]:
        data = self.data.at_residual(phi)
        problem = self.problem.at_residual(phi).with_rows(data.design, data.y, data.weights)
        kernel = problem.kernel(threads=row_threads(problem.n, self.control.threads))
        solution = solve(problem, self.control, self.theta, kernel)
        self.evaluations += solution.found.evaluations
        return kernel, solution

    def __call__(self, phi: Array) -> float:
        """f; infinite where it cannot be computed, as for a correlation of 1."""
        try:
            with np.errstate(divide="raise", invalid="raise"):
                return float(self.solution(phi)[1].criterion)
        except (FloatingPointError, NumericalError):
            return float("inf")

    def slope(self, phi: Array, value: float, rounding: float) -> _Slope:
        k = phi.size
        steps = _STEP * np.eye(k)
        up, down, far_up, far_down = (
            np.array([self(phi + times * step) for step in steps])
            for times in (1.0, -1.0, 2.0, -2.0)
        )
        with np.errstate(invalid="ignore"):  # infinite values make neither, and are told below
            gradient = (8.0 * (up - down) - (far_up - far_down)) / (12.0 * _STEP)
            hessian = np.diag(up - 2.0 * value + down)
            for i, j in combinations(range(k if k <= _MOST_PAIRS else 0), 2):
                both = self(phi + steps[i] + steps[j]) + self(phi - steps[i] - steps[j])
                pair = 0.5 * (both - up[i] - down[i] - up[j] - down[j] + 2.0 * value)
                hessian[i, j] = hessian[j, i] = pair
        if not np.isfinite(hessian).all() or not np.isfinite(gradient).all():
            assert self.problem.residual is not None
            self.problem.residual.structure.check_found(phi)
            raise NumericalError(
                "the criterion cannot be computed around the parameters of the residuals",
                found=f"coordinates {np.array2string(phi, precision=4)}",
                fix="check the data for values of wildly different size",
            )
        values, vectors = np.linalg.eigh(hessian / _STEP**2)
        flat = max(_FLAT, 4.0 * rounding / _STEP**2)
        met = np.concatenate([up, down])
        best = phi + np.concatenate([steps, -steps])[int(np.argmin(met))]
        gained = value - float(met.min())
        gained = gained if gained > 2.0 * rounding else 0.0
        return _Slope(gradient, values, vectors, flat, best, gained)


def search_around(
    problem: Problem, data: Data, control: Control, found: Solved
) -> tuple[CoreKernel, Solution]:
    """Search for the parameters of the residuals with sums over the rows.

    Parameters
    ----------
    problem : Problem
        Whose parameters of the residuals are searched for.
    data : Data
    control : Control
    found : Solved
        What a search through cross-products has found, if it has: one of two starts, beside
        independent residuals of one variance.

    Returns
    -------
    kernel : CoreKernel
        It stands at the solution.
    solution : Solution
        Of the problem at the parameters found; its evidence is of these too.
    """
    assert problem.residual is not None
    clock = perf_counter()
    around = _Around(problem, data, control, found.theta)
    starts = [problem.residual.start()]
    if found.status == "broke down":
        around.theta = None
    else:
        starts.append(np.asarray(found.phi, dtype=np.float64))
    phi, value = min(((start, around(start)) for start in starts), key=lambda pair: pair[1])
    kernel, solution = around.solution(phi)
    # From here on the covariances are followed: other starts have had their turn.
    around.control = replace(control, restarts=0)
    for left in reversed(range(min(_MOST_STEPS, control.max_evaluations))):
        around.theta = solution.theta
        slope = around.slope(phi, value, Evidence(*solution.found.evidence).rounding)
        step = slope.step if left and slope.gain > _DONE else np.zeros_like(phi)
        while np.abs(step).max() > _LEAST and not around(phi + step) < value:
            step = 0.25 * step
        if np.abs(step).max() > _LEAST:
            phi = phi + step
        elif left and slope.found > _DONE:
            phi = slope.best
        else:
            break
        kernel, solution = around.solution(phi)
        value = solution.criterion
    joined = Found(**{name: getattr(solution.found, name) for name in Found._fields})._replace(
        evidence=_joined(Evidence(*solution.found.evidence), slope),
        evaluations=found.evaluations,
        elsewhere=found.elsewhere + around.evaluations,
        log=found.log,
        starts=found.starts,
        basins=found.basins,
        search_seconds=found.search_seconds + perf_counter() - clock,
    )
    return kernel, Solution(solution.problem, joined, solution.start_moved)


def _joined(own: Evidence, slope: _Slope) -> Evidence:
    """The evidence of the covariances at phi, with that of phi."""
    loose = len(own.loose)
    n_flat = int(np.count_nonzero(slope.values <= slope.flat))
    size, columns = own.flat.shape
    flat = np.zeros((size + slope.values.size, columns + n_flat))
    flat[:size, : columns - loose] = own.flat[:, : columns - loose]
    flat[size:, columns - loose : columns - loose + n_flat] = slope.vectors[:, :n_flat]
    flat[:size, columns - loose + n_flat :] = own.flat[:, columns - loose :]
    return own._replace(
        gain=own.gain + slope.gain,
        step=max(own.step, slope.standard_errors),
        curvature=float(np.fmin(own.curvature, slope.values[0])),
        flat=flat,
    )
