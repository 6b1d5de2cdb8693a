"""Profiles of the deviance along single parameters (Bates, Maechler, Bolker & Walker 2015, 5.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ranef.covariance import structure_of
from ranef.errors import NumericalError, OptionError
from ranef.inference.estimates import Estimates
from ranef.inference.parameters import Parameter, parameters_of, values_of
from ranef.inference.profile_points import FixedEffect, Point, Profiled
from ranef.inference.profile_variance import VarianceParameter
from ranef.options import confidence
from ranef.problem import Problem
from ranef.solve import Control, Solution
from ranef.types import Array

__all__ = ["ProfileTrace", "profile_traces", "work"]

STEPS = 6  # points on each side
CLOSE = 1e-7  # in zeta, for the ends of intervals
SAME = 1e-14  # of a value: two values with nothing between them
LOWER = 1e-6  # deviance units below the fit's that count as a better optimum


@dataclass(frozen=True, slots=True)
class ProfileTrace:
    """The profile of one parameter, in order of its values.

    Attributes
    ----------
    parameter : Parameter
    estimate : float
        By maximum likelihood; NaN for a correlation with an effect that does not vary, which has
        no profile; nor has one of a covariance whose rank is 1 by the model.
    values : ndarray, shape (points,)
    zeta : ndarray, shape (points,)
        Signed root of the deviance above that of the fit.
    deviance : ndarray, shape (points,)
    certified : ndarray of bool, shape (points,)
        Whether the other parameters are at a minimum at the point.
    bounds : tuple of float
        Of the parameter's values.
    """

    parameter: Parameter
    estimate: float
    values: Array = field(repr=False)
    zeta: Array = field(repr=False)
    deviance: Array = field(repr=False)
    certified: NDArray[np.bool_] = field(repr=False)
    bounds: tuple[float, float] = (-np.inf, np.inf)

    def interval(self, level: float) -> tuple[float, float]:
        """Where the profile reaches the normal quantiles of `level`; a bound where it does not.

        Points of the profile are met exactly, monotone cubics lie between them.
        """
        from scipy.interpolate import PchipInterpolator

        if np.unique(self.zeta).size < 2:
            return np.nan, np.nan
        z = NormalDist().inv_cdf(0.5 + level / 2.0)
        rising = np.maximum.accumulate(self.zeta)
        keep = np.r_[True, np.diff(rising) > 1e-12]
        inverse = PchipInterpolator(rising[keep], self.values[keep])
        ends = []
        for sign, bound in zip((-1.0, 1.0), self.bounds, strict=True):
            reached = self.zeta[-1] >= z - CLOSE if sign > 0 else self.zeta[0] <= CLOSE - z
            far = self.values[-1] if sign > 0 else self.values[0]
            if reached:
                ends.append(float(inverse(np.clip(sign * z, self.zeta[0], self.zeta[-1]))))
            else:
                end = 0.0 if self.parameter.kind == "sigma" else float(bound)
                ends.append(end if far == bound else np.nan)
        return ends[0], ends[1]


def work(names: Sequence[str], problem: Problem) -> int:
    """How much :func:`profile_traces` has to do, in steps of its `tick`."""
    return 2 * STEPS * len(parameters_of(names, problem.labels, problem.terms))


def profile_traces(
    problem: Problem,
    solution: Solution,
    estimates: Estimates,
    names: Sequence[str],
    control: Control,
    level: float,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[ProfileTrace, ...]:
    """Profiles of all parameters of an ML fit, to the ends of the intervals at `level`.

    `tick` is told how far they are, of :func:`work` to do.
    """
    confidence("level", level)
    if problem.prior is not None:
        raise OptionError(
            "a profile is one of the likelihood, and this fit has a prior",
            found="a penalised criterion",
            fix="profile the fit without the prior, or use confint(method='bootstrap')",
        )
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    covariances = list(estimates.covariances)
    parameters = parameters_of(names, problem.labels, problem.terms)
    values = values_of(
        parameters,
        estimates.beta[None, :],
        [c[None, :, :] for c in covariances],
        np.array([estimates.sigma]),
    )[0]
    out = []
    for k, (parameter, estimate) in enumerate(zip(parameters, values.tolist(), strict=True)):

        def reached(side: int, share: float, before: int = k) -> None:
            tick(int(STEPS * (2 * before + side + min(share, 1.0))))

        if np.isnan(estimate) or _is_fixed(problem, parameter):
            nothing = np.empty(0)
            none = np.empty(0, dtype=np.bool_)
            out.append(ProfileTrace(parameter, estimate, nothing, nothing, nothing, none))
            continue
        profiled: Profiled
        if parameter.kind == "fixed":
            profiled = FixedEffect(problem, parameter.i, control.gain)
            start = solution.inner
        else:
            profiled = VarianceParameter(problem, parameter, estimates.sigma)
            start = profiled.start(covariances, solution.theta)
        first = Point(estimate, estimates.deviance, start)
        bounds = _bounds(parameter, estimate)
        step = _first_step(problem, estimates, parameter, estimate)
        below = _walk(profiled, first, -step, bounds[0], z, partial(reached, 0))
        above = _walk(profiled, first, step, bounds[1], z, partial(reached, 1))
        points = [*reversed(below), first, *above]
        deviance = np.array([point.deviance for point in points])
        side = np.sign(np.array([point.value for point in points]) - estimate)
        zeta = side * np.sqrt(np.maximum(deviance - estimates.deviance, 0.0))
        at = np.array([point.value for point in points])
        certified = np.array([point.certified for point in points])
        out.append(ProfileTrace(parameter, estimate, at, zeta, deviance, certified, bounds))
    return tuple(out)


def _is_fixed(problem: Problem, parameter: Parameter) -> bool:
    """Whether a correlation is 1 or -1 whatever the data: of covariances of rank 1."""
    return parameter.kind == "cor" and structure_of(problem.terms[parameter.term]).most_rank == 1


def _bounds(parameter: Parameter, estimate: float) -> tuple[float, float]:
    """Ends of the parameter space; for sigma a value that stands for zero."""
    if parameter.kind == "fixed":
        return -np.inf, np.inf
    if parameter.kind == "cor":
        return parameter.lowest, 1.0
    return (0.0 if parameter.kind == "sd" else 1e-3 * estimate), np.inf


def _first_step(
    problem: Problem, estimates: Estimates, parameter: Parameter, estimate: float
) -> float:
    """About half a standard error."""
    if parameter.kind == "fixed":
        return 0.5 * float(np.sqrt(estimates.vcov[parameter.i, parameter.i]))
    if parameter.kind == "sigma":
        return 0.5 * estimate / float(np.sqrt(2.0 * problem.n))
    root = float(np.sqrt(problem.labels[parameter.term].n_levels))
    if parameter.kind == "cor":
        return 0.5 * (1.0 - estimate**2 + 0.01) / root
    return 0.5 * (estimate + 0.01 * estimates.sigma) / root


def _walk(
    profiled: Profiled,
    first: Point,
    step: float,
    bound: float,
    z: float,
    reached_share: Callable[[float], None],
) -> list[Point]:
    """Points on one side of the estimate, to where zeta is `z` (the last one) or to the bound."""
    if first.value == bound:
        return []
    sign = np.sign(step)
    points = [first]
    reached = [0.0]
    while True:
        value = points[-1].value + step
        if sign * (value - bound) >= 0.0:
            value = bound
        point = profiled.at(value, _predicted(points, value))
        zeta = _zeta(point, first)
        points.append(point)
        reached.append(zeta)
        reached_share(zeta / z)
        if zeta >= z or value == bound:
            break
        # As far again as takes zeta on by a sixth of the way, by the slope of the last step.
        slope = max(zeta - reached[-2], 1e-3) / abs(value - points[-2].value)
        step = sign * min((z / STEPS) / slope, 3.0 * abs(step))
    if zeta > z + CLOSE:
        points[-1] = _end(profiled, first, points[-2:], reached[-2:], z)
    return points[1:]


def _end(
    profiled: Profiled, first: Point, around: list[Point], reached: list[float], z: float
) -> Point:
    """The point between two where zeta is `z`: zeta is nearly a straight line.

    Where rounding of the deviance keeps zeta from coming close, the nearest one that is beyond.
    """
    (low, high), (below, above) = around, reached
    for _ in range(40):
        if abs(high.value - low.value) <= SAME * abs(high.value):
            break
        share = (z - below) / (above - below)
        value = low.value + min(max(share, 0.02), 0.98) * (high.value - low.value)
        point = profiled.at(value, _predicted([low, high], value))
        zeta = _zeta(point, first)
        if abs(zeta - z) < CLOSE:
            return point
        if zeta < z:
            low, below = point, zeta
        else:
            high, above = point, zeta
    return high


def _predicted(points: Sequence[Point], value: float) -> list[Array]:
    """Where the other parameters should be, by the last two points; then the last one's."""
    last = points[-1]
    if len(points) < 2:
        return [last.others]
    before = points[-2]
    share = (value - last.value) / (last.value - before.value)
    return [last.others + share * (last.others - before.others), last.others]


def _zeta(point: Point, first: Point) -> float:
    difference = point.deviance - first.deviance
    if difference < -LOWER:
        raise NumericalError(
            "a profile found a lower deviance than the fit has",
            found=f"{-difference:.3g} deviance units lower",
            fix="fit again with other start values or with Control(restarts=10)",
        )
    return float(np.sqrt(max(difference, 0.0)))
