"""Points of a profile: the deviance left when one parameter is held at a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from scipy.linalg import null_space

from ranef.core import CoreKernel, change_fixed
from ranef.errors import NumericalError
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas, to_data
from ranef.solve.certificate import ENOUGH_GAIN, ENOUGH_STEP
from ranef.types import Array

__all__ = ["Best", "FixedEffect", "Point", "Profiled", "broke_down"]


@dataclass(frozen=True, slots=True)
class Point:
    """A value of the parameter, the smallest deviance there, and where the others stand.

    `certified`: whether the others are at a minimum, by the rules of the certificate of a fit.
    """

    value: float
    deviance: float
    others: Array
    certified: bool = True


class Best(NamedTuple):
    """All parameters at a point, on the data's scale; no sigma of a generalised model."""

    coefficients: Array
    covariances: list[Array]
    sigma: float | None


class Profiled(Protocol):
    """One parameter to hold; ML, on the data's scale."""

    def at(self, value: float, starts: Sequence[Array]) -> Point:
        """The point at `value`, searched for from values of the others, the likeliest first."""
        ...

    def best(self, point: Point) -> Best:
        """All parameters at a point that was found."""
        ...


class FixedEffect:
    """Coefficient `which` of the fixed part held at a value.

    With beta = beta_0 + N gamma on the line where the coefficient has its value, the model is one
    in the columns X N for the response y - X beta_0: a congruence of the cross-products.
    """

    def __init__(self, problem: Problem, which: int, gain: float) -> None:
        scaling = problem.scaling
        self._problem = problem
        self._row = scaling.y_scale * scaling.R[which]
        self._free = null_space(self._row[None, :])
        self._origin = scaling.y_shift if which == scaling.intercept else 0.0
        self._constant = scaling.criterion_constant(problem.nu, reml=False)
        self._gain = gain

    def at(self, value: float, starts: Sequence[Array]) -> Point:
        kernel = self._kernel(value)
        terms = self._problem.terms
        best: Point | None = None
        for start in (*starts, None):
            at = kernel.moment_start(terms) if start is None else start
            found = kernel.optimise(terms, at, 500, self._gain)
            if found.status == "broke down":
                continue
            evidence = kernel.evidence(terms, found.theta, self._problem.scaling.B)
            certified = evidence.gain <= ENOUGH_GAIN and evidence.step <= ENOUGH_STEP
            if best is None or found.criterion < best.deviance or certified:
                best = Point(value, found.criterion, found.theta, certified)
            if certified:
                break
        if best is None:
            raise broke_down(value)
        return best

    def _held(self, value: float) -> Array:
        """beta_0 of the inner columns."""
        return np.asarray(self._row * ((value - self._origin) / (self._row @ self._row)))

    def _kernel(self, value: float) -> CoreKernel:
        p = self._problem.p
        change = np.zeros((p + 1, p))
        change[:p, : p - 1] = self._free
        change[:p, p - 1] = -self._held(value)
        change[p, p - 1] = 1.0
        products = change_fixed(self._problem.products, change)
        return CoreKernel(products, False, self._constant)

    def best(self, point: Point) -> Best:
        problem, kernel = self._problem, self._kernel(point.value)
        if not kernel.evaluate(group_lambdas(problem, point.others)):
            raise broke_down(point.value)
        sigma = problem.scaling.y_scale * float(np.sqrt(kernel.r2 / problem.n))
        beta = problem.scaling.beta(self._held(point.value) + self._free @ kernel.beta)
        relative = to_data(problem, point.others)[1]
        return Best(beta, [sigma**2 * c for c in relative], sigma)


def broke_down(value: float) -> NumericalError:
    """The error where no start gives a deviance."""
    return NumericalError(
        "the deviance cannot be computed on a profile", found=f"the parameter at {value:.6g}"
    )
