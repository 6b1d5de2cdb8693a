"""The smallest deviance over the parameters that a profile does not hold, by Newton's method.

The covariances are written T T', so the deviance is even in a column of T that vanishes, and its
gradient there is zero whether or not a variance would lower the deviance. Only the curvature tells:
along such a column it is 2 v'Gamma v. So a point counts as lowest only if no curvature is negative
there; otherwise the search leaves it along the negative one, as the solver does
(``cpp/optimise.cpp``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.solve.certificate import ENOUGH_GAIN
from ranef.types import Array

__all__ = ["GAIN", "Lowest", "lowest"]

Places = NDArray[np.intp]

MOST_STEPS = 60
GAIN = 1e-9  # deviance units left when the search ends
SMALLEST = 1e-8  # deviance units per squared natural size: curvature that counts as none
SHORTEST = 1e-8  # part of a Newton step
LEAVING = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)  # natural sizes, to leave a saddle by


class Lowest(NamedTuple):
    """Where a search ended: the parameters, the deviance, and whether nothing is left to gain."""

    x: Array
    deviance: float
    certified: bool


class _Model(NamedTuple):
    """Newton's quadratic model in natural sizes, of the parameters that are free to move."""

    free: NDArray[np.bool_]
    step: Array
    gain: float
    curvature: float  # the smallest
    direction: Array  # of the smallest curvature, downhill


def lowest(
    deviance: Callable[[Array], float],
    derivatives: Callable[[Array], tuple[Array, Array]],
    sizes: Callable[[Array], Array],
    start: Array,
    bounded: Sequence[int] = (),
    moved: Callable[[Array, Array], Array] = np.add,
) -> Lowest:
    """Minimise from a start.

    Parameters
    ----------
    deviance : callable
        Infinite where it cannot be computed.
    derivatives : callable
        Gradient and Hessian, in local coordinates, at the point where `deviance` was last computed.
    sizes : callable
        Natural size of each local coordinate at a point.
    start : ndarray, shape (k,)
    bounded : sequence of int
        Places of parameters that must not be negative, the same among local coordinates.
    moved : callable
        The point that a step in the local coordinates leads to.
    """
    at = np.array(bounded, dtype=np.intp)

    def trial(step: Array) -> Array:
        out = moved(x, step)
        out[at] = np.maximum(out[at], 0.0)
        return out

    x = start.copy()
    x[at] = np.maximum(x[at], 0.0)
    value = deviance(x)
    if not x.size or not np.isfinite(value):
        return Lowest(x, value, bool(np.isfinite(value)))
    model = _model(x, derivatives(x), sizes(x), at)
    for _ in range(MOST_STEPS):
        if model.gain >= GAIN:
            found = _along(deviance, trial, value, model)
        elif model.curvature < -SMALLEST:
            found = _away(deviance, trial, value, model)
        else:
            break
        if found is None:
            deviance(x)
            # Nothing lower was found although the model promises it: rounding error, if it
            # promises little.
            return Lowest(x, value, model.gain <= ENOUGH_GAIN)
        x, value = found
        model = _model(x, derivatives(x), sizes(x), at)
    return Lowest(x, value, model.gain <= ENOUGH_GAIN and model.curvature >= -SMALLEST)


def _model(x: Array, derivatives: tuple[Array, Array], sizes: Array, at: Places) -> _Model:
    gradient, hessian = derivatives
    free = np.ones(gradient.size, dtype=bool)
    free[at] = (x[at] > 0.0) | (gradient[at] <= 0.0)
    step = np.zeros(gradient.size)
    if not free.any():
        return _Model(free, step, 0.0, 0.0, step)
    size = sizes[free]
    values, vectors = np.linalg.eigh(hessian[np.ix_(free, free)] * np.outer(size, size))
    slope = vectors.T @ (gradient[free] * size)
    step[free] = -size * (vectors @ (slope / np.maximum(np.abs(values), SMALLEST)))
    direction = np.zeros(gradient.size)
    direction[free] = -np.copysign(1.0, slope[0]) * size * vectors[:, 0]
    return _Model(free, step, -0.5 * float(gradient @ step), float(values[0]), direction)


def _along(
    deviance: Callable[[Array], float],
    trial: Callable[[Array], Array],
    value: float,
    model: _Model,
) -> tuple[Array, float] | None:
    """A point along Newton's step that is lower by a share of what the model promises."""
    step, length = model.step, 1.0
    while length > SHORTEST:
        point = trial(length * step)
        found = deviance(point)
        if found <= value - 0.1 * length * model.gain:
            return point, found
        if length * model.gain < GAIN and found <= value:
            return point, found
        length *= 0.25
    return None


def _away(
    deviance: Callable[[Array], float],
    trial: Callable[[Array], Array],
    value: float,
    model: _Model,
) -> tuple[Array, float] | None:
    """The lowest point met along the negative curvature, on either side."""
    best = None
    for sign in (1.0, -1.0):
        before = value - GAIN
        for size in LEAVING:
            point = trial(sign * size * model.direction)
            found = deviance(point)
            if found < before:
                before, best = found, (point, found)
            elif best is not None:
                break
        if best is not None:
            break
    if best is not None:
        deviance(best[0])
    return best
