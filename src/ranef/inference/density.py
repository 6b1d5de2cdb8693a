"""Kernel densities: of many samples on one grid, and of replicates that may lie on a bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ranef.types import Array

__all__ = ["Spread", "bandwidth", "densities", "spread_of"]

POINTS = 256
REACH = 3.0  # bandwidths beyond the values
AT_BOUND = 1e-6


def bandwidth(values: Array) -> float:
    """Silverman's rule of thumb; 0 if all values are the same.

    Silverman (1986), Density Estimation for Statistics and Data Analysis, equation 3.31.
    """
    if values.size < 2:
        return 0.0
    low, high = np.quantile(values, (0.25, 0.75))
    sizes = [float(values.std(ddof=1)), float(high - low) / 1.34]
    size = min(s for s in sizes if s > 0.0) if max(sizes) > 0.0 else 0.0
    return float(0.9 * size * float(values.size) ** -0.2)


def densities(
    samples: Sequence[Array],
    width: float,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    points: int = POINTS,
) -> tuple[Array, Array]:
    """Densities on a grid over all samples.

    Values are put into as many cells as the grid has points, and the cells smoothed by a normal
    kernel. What the kernel puts beyond a bound comes back from it.

    Parameters
    ----------
    samples : sequence of ndarray
        None of them empty.
    width : float
        Standard deviation of the kernel, above 0.
    bounds : tuple of float
        Of the values that are possible.
    points : int

    Returns
    -------
    x : ndarray, shape (points,)
    density : ndarray, shape (samples, points)
    """
    from scipy.ndimage import gaussian_filter1d

    low = min(float(s.min()) for s in samples) - REACH * width
    high = max(float(s.max()) for s in samples) + REACH * width
    low, high = max(low, bounds[0]), min(high, bounds[1])
    edges = np.linspace(low, high, points + 1)
    cell = (high - low) / points
    shares = np.array([np.histogram(s, edges)[0] / s.size for s in samples])
    smooth = gaussian_filter1d(shares, width / cell, axis=1, mode="reflect", truncate=5.0)
    return 0.5 * (edges[:-1] + edges[1:]), smooth / cell


class Spread(NamedTuple):
    """The distribution of replicates of one parameter.

    ``x``, ``density`` (points,): of the values between the bounds, empty if these are the same;
    ``at``: bounds that some of the values are at, and their shares.
    """

    x: Array
    density: Array
    at: tuple[tuple[float, float], ...]


def spread_of(values: Array, bounds: tuple[float, float]) -> Spread:
    """A density beside what lies on the bounds of a parameter; `values` are finite."""
    on = [np.abs(values - b) <= AT_BOUND for b in bounds]
    shares = [(b, float(o.mean())) for b, o in zip(bounds, on, strict=True) if o.any()]
    between = values[~(on[0] | on[1])]
    width = bandwidth(between)
    if not width > 0.0:
        return Spread(np.empty(0), np.empty(0), tuple(shares))
    x, made = densities([between], width, bounds)
    return Spread(x, made[0] * between.size / values.size, tuple(shares))
