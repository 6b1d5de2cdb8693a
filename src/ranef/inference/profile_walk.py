"""From the estimate of a parameter outwards, to where its interval ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ranef.errors import NumericalError
from ranef.inference.parameters import Parameter
from ranef.inference.profile_points import Point, Profiled
from ranef.types import Array

__all__ = ["STEPS", "ProfileTrace", "no_trace", "trace_of", "unwatched"]

STEPS = 6  # points on each side
CLOSE = 1e-7  # in zeta, for the ends of intervals
SAME = 1e-14  # of a value: two values with nothing between them
LOWER = 1e-6  # deviance units below the fit's that count as a better optimum


def unwatched(side: int, share: float) -> None:
    """Progress that nobody watches."""


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
    ends : tuple of float, optional
        Where an interval ends if the profile gets to a bound: the bounds, or what they stand for.
    along : ndarray, shape (points, parameters)
        The best values of all parameters of the model at each point.
    """

    parameter: Parameter
    estimate: float
    values: Array = field(repr=False)
    zeta: Array = field(repr=False)
    deviance: Array = field(repr=False)
    certified: NDArray[np.bool_] = field(repr=False)
    bounds: tuple[float, float] = (-np.inf, np.inf)
    ends: tuple[float, float] | None = None
    along: Array = field(default_factory=lambda: np.empty((0, 0)), repr=False)

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
        limits = self.bounds if self.ends is None else self.ends
        for sign, bound, limit in zip((-1.0, 1.0), self.bounds, limits, strict=True):
            reached = self.zeta[-1] >= z - CLOSE if sign > 0 else self.zeta[0] <= CLOSE - z
            far = self.values[-1] if sign > 0 else self.values[0]
            if reached:
                ends.append(float(inverse(np.clip(sign * z, self.zeta[0], self.zeta[-1]))))
            else:
                ends.append(float(limit) if far == bound else np.nan)
        return ends[0], ends[1]


def no_trace(parameter: Parameter, estimate: float) -> ProfileTrace:
    """Of a parameter that has no profile."""
    nothing, none = np.empty(0), np.empty(0, dtype=np.bool_)
    return ProfileTrace(parameter, estimate, nothing, nothing, nothing, none)


def trace_of(
    parameter: Parameter,
    profiled: Profiled,
    first: Point,
    step: float,
    bounds: tuple[float, float],
    level: float,
    reached: Callable[[int, float], None] = unwatched,
    ends: tuple[float, float] | None = None,
    along: Callable[[Point], Array] | None = None,
    values: Array | None = None,
) -> ProfileTrace:
    """Walk from an estimate both ways.

    Parameters
    ----------
    parameter : Parameter
    profiled : Profiled
    first : Point
        At the estimate.
    step : float
        About half a standard error.
    bounds : tuple of float
    level : float
    reached : callable
        Told the side, 0 or 1, and what share of the way to its end is done.
    ends : tuple of float, optional
        Where an interval ends that gets to a bound, if not at the bound.
    along : callable, optional
        Values of all parameters at a point that was found; `values` are those of the estimates.
    """
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    below = _walk(profiled, first, -step, bounds[0], z, partial(reached, 0))
    above = _walk(profiled, first, step, bounds[1], z, partial(reached, 1))
    points = [*reversed(below), first, *above]
    deviance = np.array([point.deviance for point in points])
    at = np.array([point.value for point in points])
    side = np.sign(at - first.value)
    zeta = side * np.sqrt(np.maximum(deviance - first.deviance, 0.0))
    certified = np.array([point.certified for point in points])
    others = np.empty((0, 0))
    if along is not None and values is not None:
        others = np.array([values if point is first else along(point) for point in points])
    return ProfileTrace(parameter, first.value, at, zeta, deviance, certified, bounds, ends, others)


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
