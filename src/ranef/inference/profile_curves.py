"""Curves from profiles: zeta between the points, densities, and regions of two parameters.

Bates and Watts (1988), Nonlinear Regression Analysis and Its Applications, section 6.1 and appendix
A6: the profiles of two parameters, and where each leaves the other, determine the contours of their
joint profile. On contour tau, zeta_1 = tau cos(a + d/2) and zeta_2 = tau cos(a - d/2), where the
phase d as a function of the angle a is known at the four points that the traces pass through.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.inference.profile_walk import CLOSE, ProfileTrace
from ranef.types import Array

__all__ = [
    "ProfileDensity",
    "contour",
    "density_of",
    "has_profile",
    "radius",
    "trace_in_other",
    "zeta_curve",
]

POINTS = 201


def has_profile(trace: ProfileTrace) -> bool:
    """Whether there is a curve: a correlation with an effect that does not vary has none."""
    return bool(np.unique(trace.zeta).size > 1)


def _knots(trace: ProfileTrace) -> tuple[Array, Array]:
    """Values and zeta where both rise."""
    rising = np.maximum.accumulate(trace.zeta)
    keep = np.r_[True, np.diff(rising) > 1e-12]
    return trace.values[keep], rising[keep]


def zeta_curve(trace: ProfileTrace, points: int = POINTS) -> tuple[Array, Array]:
    """Values and zeta, shape (points,) each: a monotone cubic through the points of a profile."""
    from scipy.interpolate import PchipInterpolator

    values, zeta = _knots(trace)
    x = np.unique(np.concatenate([np.linspace(values[0], values[-1], points), values]))
    return x, np.asarray(PchipInterpolator(values, zeta)(x))


class ProfileDensity(NamedTuple):
    """The density that has the profile's intervals as its quantiles.

    ``x``, ``density`` (points,); ``at_bounds``: the shares beyond a lower and an upper bound of the
    parameter, 0 where the profile does not get to one.
    """

    x: Array
    density: Array
    at_bounds: tuple[float, float]


def density_of(trace: ProfileTrace, points: int = POINTS) -> ProfileDensity:
    """The derivative of the normal distribution function of zeta.

    Zeta between the points is a cubic spline if that rises, else a monotone cubic.
    """
    from scipy.interpolate import CubicSpline, PchipInterpolator
    from scipy.special import ndtr

    values, zeta = _knots(trace)
    x = np.linspace(values[0], values[-1], points)
    smooth = CubicSpline(values, zeta) if values.size > 3 else PchipInterpolator(values, zeta)
    slope = smooth(x, 1)
    if np.any(slope < 0.0):
        smooth = PchipInterpolator(values, zeta)
        slope = smooth(x, 1)
    density = np.exp(-0.5 * smooth(x) ** 2) / np.sqrt(2.0 * np.pi) * slope
    low, high = trace.bounds
    shares = (
        float(ndtr(trace.zeta[0])) if trace.values[0] == low else 0.0,
        float(ndtr(-trace.zeta[-1])) if trace.values[-1] == high else 0.0,
    )
    return ProfileDensity(x, np.asarray(density), shares)


def radius(level: float) -> float:
    """The zeta of a contour: the region of two parameters at a level, by chi-squared(2)."""
    return float(np.sqrt(-2.0 * np.log1p(-level)))


def trace_in_other(trace: ProfileTrace, other: ProfileTrace, place: int) -> Array:
    """Zeta of another parameter at the points of a profile, shape (points,).

    Parameters
    ----------
    place : int
        Of the other parameter among all of them.
    """
    from scipy.interpolate import PchipInterpolator

    values, zeta = _knots(other)
    at = np.clip(trace.along[:, place], values[0], values[-1])
    return np.asarray(PchipInterpolator(values, zeta)(at))


def contour(
    one: ProfileTrace, other: ProfileTrace, places: tuple[int, int], level: float
) -> tuple[Array, Array] | None:
    """A contour of the joint profile of two parameters: values of both, shape (points,) each.

    Parameters
    ----------
    places : tuple of int
        Of the two among all parameters.
    level : float
        Of the region inside of it.

    Returns
    -------
    tuple of ndarray, or None
        None if one of the profiles does not reach so far.
    """
    from scipy.interpolate import CubicSpline, PchipInterpolator

    tau = radius(level)
    if any(not _reaches(trace, tau) for trace in (one, other)):
        return None
    corners = []
    for trace, along, first in (
        (one, trace_in_other(one, other, places[1]), True),
        (other, trace_in_other(other, one, places[0]), False),
    ):
        if not np.isfinite(along).all():
            return None
        values, zeta = _knots(trace)
        kept = np.isin(trace.values, values)
        across = PchipInterpolator(zeta, along[kept])
        for sign, own in ((1.0, 0.0), (-1.0, np.pi)):
            angle = float(np.arccos(np.clip(across(sign * tau) / tau, -1.0, 1.0)))
            both = (own, angle) if first else (angle, own)
            corners.append(_angle_and_phase(*both))
    angles, phases = np.array(sorted(corners)).T
    gaps = np.diff(np.r_[angles, angles[0] + 2.0 * np.pi])
    if np.any(gaps < 1e-6):  # the traces touch: the contour has no inside
        return None
    periodic = CubicSpline(
        np.r_[angles, angles[0] + 2.0 * np.pi], np.r_[phases, phases[0]], bc_type="periodic"
    )
    a = np.linspace(-np.pi, np.pi, POINTS)
    d = periodic(a)
    out = []
    for trace, sign in ((one, 1.0), (other, -1.0)):
        values, zeta = _knots(trace)
        at = np.clip(tau * np.cos(a + sign * 0.5 * d), zeta[0], zeta[-1])
        out.append(np.asarray(PchipInterpolator(zeta, values)(at)))
    return out[0], out[1]


def _reaches(trace: ProfileTrace, tau: float) -> bool:
    return bool(
        has_profile(trace) and trace.zeta[0] <= CLOSE - tau and trace.zeta[-1] >= tau - CLOSE
    )


def _angle_and_phase(first: float, second: float) -> tuple[float, float]:
    """a and d of the two angles, with a phase that is not negative."""
    a, d = 0.5 * (first + second), first - second
    return (a, d) if d > 0.0 else (-a, -d)
