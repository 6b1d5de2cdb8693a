"""Profiles of the deviance of a generalised model along each of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy.linalg import null_space

from ranef.inference.generalised.estimates import GeneralisedEstimates
from ranef.inference.parameters import Parameter, values_of
from ranef.inference.profile import is_fixed, refuse_penalised
from ranef.inference.profile_held import Held
from ranef.inference.profile_points import Best, Point
from ranef.inference.profile_walk import STEPS, ProfileTrace, no_trace, trace_of
from ranef.options import confidence
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import parts
from ranef.solve.family_ends import Watched, watched
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["HeldParameter", "generalised_traces"]

SMALL = 1e-2
"""The least natural size of a standard deviation, for a column of unit size."""
FAR = 100
"""Half standard errors from the estimate of a coefficient: beyond, a profile levels off."""
UNIT = 0.5
"""The longest first step of a dispersion, on the scale of its coefficient."""
FEW = 1e-7
"""1 / size of a negative binomial: as good as the end of its range."""


class HeldParameter(Held):
    """A coefficient, a standard deviation, a correlation or a dispersion held at a value.

    The deviance F(D, c) is minimised over the covariances of the terms and the coefficients c =
    (beta, those of the other predictors); all derivatives are exact. A held coefficient leaves the
    line of inner coefficients on which it has its value. A dispersion is held by its coefficient.
    """

    def __init__(self, problem: GeneralisedProblem, parameter: Parameter) -> None:
        super().__init__(problem, parameter)
        self._kernel = problem.kernel()
        self._row: Array | None = None
        self._free = np.eye(problem.p + problem.n_psi)
        if parameter.kind in ("fixed", "other", "dispersion"):
            self._row = problem.change[parameter.i]
            self._free = null_space(self._row[None, :])
        self._problem = problem
        self._to_inner: list[Array] = [np.asarray(np.linalg.inv(b)) for b in problem.scaling.B]
        self._units = [SMALL * np.linalg.norm(b, axis=1) for b in problem.scaling.B]

    def start(self, solution: GeneralisedSolution, coefficients: Array) -> Array:
        """The others at the estimates; `coefficients` are inner ones of this problem."""
        own = parts(self._problem.terms, solution.theta)
        values = [
            term.start(covariance, theta, 1.0)
            for term, covariance, theta in zip(self._terms, solution.covariances, own, strict=True)
        ]
        return np.concatenate([*values, self._free.T @ coefficients])

    def _coefficients(self, value: float, others: Array) -> Array:
        out = self._free @ others[self._ends[-1] :]
        if self._row is not None:
            out += self._row * (value / (self._row @ self._row))
        return np.asarray(out)

    def _evaluate(self, value: float, others: Array) -> float:
        lambdas = self._lambdas(value, others, self._to_inner)
        coefficients = self._coefficients(value, others)
        if lambdas is None or not self._kernel.evaluate(lambdas, coefficients):
            return np.inf
        return self._kernel.value

    def best(self, point: Point) -> Best:
        coefficients = self._problem.coefficients(self._coefficients(point.value, point.others))
        return Best(coefficients, self._covariances(point.value, point.others), None)

    def _derivatives(self, value: float, others: Array) -> tuple[Array, Array]:
        gamma = self._kernel.gamma()
        directions, bend = self._ways(value, others, self._to_inner, gamma)
        k = len(directions)
        first = [float(np.sum(gamma[d.group] * d.d)) for d in directions]
        second = self._kernel.second(directions)
        change = np.zeros((second.shape[0], k + self._free.shape[1]))
        change[:k, :k] = np.eye(k)
        change[k:, k:] = self._free
        h = change.T @ second @ change
        h[:k, :k] += bend
        return np.concatenate([first, self._free.T @ self._kernel.slopes]), h

    def _least_sds(self, value: float, others: Array) -> Sequence[Array]:
        return self._units

    def _rest_sizes(self) -> Array:
        """Columns have size one inside."""
        return np.ones(self._free.shape[1])


def generalised_traces(
    solution: GeneralisedSolution,
    asked: GeneralisedProblem,
    estimates: GeneralisedEstimates,
    parameters: Sequence[Parameter],
    values: Array,
    errors: Array,
    level: float,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[ProfileTrace, ...]:
    """Profiles of all parameters, to the ends of the intervals at `level`.

    At an end of the family the other parameters have the profiles of the simpler family, as if the
    end were known. The parameter that is there has one that begins at its end.

    Parameters
    ----------
    solution : GeneralisedSolution
    asked : GeneralisedProblem
        Of the family that was asked for.
    estimates : GeneralisedEstimates
    parameters : sequence of Parameter
    values, errors : ndarray, shape (m,)
        Estimates and standard errors; errors may be NaN.
    level : float
    tick : callable
        Told how far they are, of ``2 * STEPS * m`` to do.
    """
    confidence("level", level)
    refuse_penalised(asked.prior)
    ends = {end.index: end for end in watched(asked)}
    out = []
    for k, parameter in enumerate(parameters):

        def reached(side: int, share: float, before: int = k) -> None:
            tick(int(STEPS * (2 * before + side + min(share, 1.0))))

        step = 0.5 * float(errors[k])
        coefficient = parameter.kind in ("fixed", "other", "dispersion")
        at_end = coefficient and not solution.determined[parameter.i]
        nowhere = parameter.kind in ("fixed", "other") and not step > 0.0 and not at_end
        if np.isnan(values[k]) or is_fixed(asked, parameter) or nowhere:
            out.append(no_trace(parameter, float(values[k])))
            continue
        if at_end:
            end = ends[parameter.i]
            out.append(
                _from_the_end(solution, asked, parameter, end, parameters, values, level, reached)
            )
            continue
        problem = solution.problem
        own = parameter
        if coefficient:  # its place among the coefficients that the simpler family has
            own = replace(parameter, i=int(solution.determined[: parameter.i].sum()))
        held = HeldParameter(problem, own)
        at = float(estimates.coefficients[parameter.i] if coefficient else values[k])
        if parameter.kind == "dispersion":
            step /= abs(parameter.rate) * float(values[k])
            step = min(step, UNIT) if step > 0.0 else UNIT
        elif not coefficient and not step > 0.0:
            step = _without_error(problem, parameter, at)
        bounds, limits = _bounds(problem, parameter, at, step)
        start = held.start(solution, solution.inner_coefficients)
        first = Point(at, estimates.deviance, start)

        def along(point: Point, held: HeldParameter = held) -> Array:
            found = held.best(point)
            return _values(parameters, solution.whole(found.coefficients), found)

        trace = trace_of(
            parameter, held, first, step, bounds, level, reached, limits, along, values
        )
        out.append(_as_reported(trace) if parameter.kind == "dispersion" else trace)
    return tuple(out)


def _from_the_end(
    solution: GeneralisedSolution,
    asked: GeneralisedProblem,
    parameter: Parameter,
    end: Watched,
    parameters: Sequence[Parameter],
    values: Array,
    level: float,
    reached: Callable[[int, float], None],
) -> ProfileTrace:
    """The profile of a coefficient at an end of the family, which is infinite."""
    coefficients = solution.spread(solution.inner_coefficients)
    for other in watched(asked):
        if not solution.determined[other.index]:
            coefficients[other.index] = other.psi(FEW)
    held = HeldParameter(asked, parameter)
    at, sign = end.psi(FEW), end.boundary.sign
    first = Point(at, solution.criterion, held.start(solution, coefficients))
    bounds = (-np.inf, at) if sign > 0 else (at, np.inf)

    def along(point: Point) -> Array:
        found = held.best(point)
        return _values(parameters, found.coefficients, found)

    unlimited = (-np.inf, np.inf)
    trace = trace_of(parameter, held, first, UNIT, bounds, level, reached, unlimited, along, values)
    if parameter.kind == "dispersion":
        trace = _as_reported(trace)
    return replace(trace, estimate=float(values[list(parameters).index(parameter)]))


def _values(parameters: Sequence[Parameter], coefficients: Array, best: Best) -> Array:
    covariances = [c[None, :, :] for c in best.covariances]
    return np.asarray(values_of(parameters, coefficients[None, :], covariances)[0])


def _without_error(problem: GeneralisedProblem, parameter: Parameter, estimate: float) -> float:
    """A first step for a standard deviation or correlation at a bound, which has no error."""
    root = float(np.sqrt(problem.labels[parameter.term].n_levels))
    if parameter.kind == "cor":
        return 0.5 * (1.0 - estimate**2 + 0.01) / root
    unit = float(np.linalg.norm(problem.scaling.B[parameter.term][parameter.i]))
    return 0.5 * (estimate + 0.1 * unit) / root


def _bounds(
    problem: GeneralisedProblem, parameter: Parameter, at: float, step: float
) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """Ends of the range, and what they stand for if it has none."""
    if parameter.kind == "cor":
        return (parameter.lowest, 1.0), None
    if parameter.kind == "sd":
        return (0.0, np.inf), None
    low, high = at - FAR * step, at + FAR * step
    if parameter.kind == "dispersion":
        for end in problem.family.boundaries:
            if end.part == "dispersion" and end.sign > 0:
                high = max(at, -np.log(FEW))
            elif end.part == "dispersion":
                low = min(at, np.log(FEW))
    return (low, high), (-np.inf, np.inf)


def _as_reported(trace: ProfileTrace) -> ProfileTrace:
    """From the coefficient of a dispersion to the dispersion itself."""
    rate = trace.parameter.rate
    order = slice(None) if rate > 0.0 else slice(None, None, -1)
    ends = tuple(np.exp(rate * np.array(trace.bounds))[order])
    return replace(
        trace,
        estimate=float(np.exp(rate * trace.estimate)),
        values=np.exp(rate * trace.values)[order],
        zeta=np.sign(rate) * trace.zeta[order],
        deviance=trace.deviance[order],
        certified=trace.certified[order],
        along=trace.along[order],
        bounds=(float(ends[0]), float(ends[1])),
        ends=(0.0, np.inf),
    )
