"""Quantiles of a new observation whose linear predictor is uncertain.

The linear predictor is normal around its estimate, and given it the response has the family's
distribution. The distribution function of the mixture is an average over the linear predictor; its
quantiles are found by bisection, in whole numbers if the response has them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ranef.family import Family, Psi
from ranef.inference.generalised.over_groups import normal_nodes
from ranef.types import Array

__all__ = ["quantiles_of_new"]

REACH = 6.0  # standard deviations: 2e-9 of the mixture lies beyond
FINE = 0.8
"""With s the standard deviation of the predictor, and r that of the response in its units, the step
between nodes is FINE r / sqrt(r^2 + s^2). If the response is about normal, the integrand's Fourier
transform is that of a normal density, and the error of the average exp(-2 pi^2 / FINE^2), 4e-14."""
MOST = 400  # nodes on each side
AT_ONCE = 1 << 20
CLOSE = 1e-9  # a quantile, relative to itself
LEAST = 1e-6  # standard deviations of the response: quantiles nearer to 0 are no closer than that
HALVINGS = 1100  # more than any interval of floats has


def quantiles_of_new(
    family: Family,
    eta: Array,
    sd: Array,
    psi: Psi,
    weights: Array | None,
    confidence: float,
) -> tuple[Array, Array]:
    """Lower and upper quantiles of new observations, shape (rows,) each.

    The smallest y with P(Y <= y) of at least (1 - confidence) / 2, and of 1 less that. The
    interval between them has at least the probability `confidence`, and exactly that of continuous
    responses.

    Parameters
    ----------
    family : Family
    eta, sd : ndarray, shape (rows,)
        Of the normal law of the linear predictor.
    psi : sequence of ndarray or float
        Taken as known.
    weights : ndarray, shape (rows,), optional
        Trials, or what divides the variance.
    confidence : float
    """
    low, high = np.full((2, eta.size), np.nan)
    w = None if weights is None else np.broadcast_to(weights, eta.shape)
    known = np.isfinite(eta) & np.isfinite(sd)
    if w is not None:
        known &= np.isfinite(w)
    for value in psi:
        known &= ~np.isnan(value)  # infinite at an end of the family
    rows = np.flatnonzero(known)
    if not rows.size:
        return low, high
    whole = tuple(np.broadcast_to(value, eta.shape) for value in psi)
    inside = np.clip(eta, *family.predictors)
    noise = np.sqrt(family.variance(inside, whole, w)) / np.abs(family.mean_slope(inside, whole))
    with np.errstate(divide="ignore", invalid="ignore"):
        step = FINE / np.sqrt(1.0 + (sd / noise) ** 2)
    step = np.where(np.isfinite(step), np.maximum(step, REACH / MOST), FINE)
    rows = rows[np.argsort(step[rows], kind="stable")]
    tail = 0.5 * (1.0 - confidence)
    start = 0
    while start < rows.size:
        nodes, share = normal_nodes(float(step[rows[start]]), REACH)
        own = rows[start : start + max(1, AT_ONCE // nodes.size)]
        start += own.size
        mixture = _Mixture(
            family,
            np.clip(eta[own, None] + sd[own, None] * nodes, *family.predictors),
            tuple(value[own, None] for value in whole),
            None if w is None else w[own, None],
            share,
        )
        low[own] = mixture.quantiles(tail)
        high[own] = mixture.quantiles(1.0 - tail)
    return low, high


class _Mixture:
    """Distributions of new observations, one a row."""

    def __init__(
        self, family: Family, eta: Array, psi: Psi, weights: Array | None, share: Array
    ) -> None:
        self.family, self.eta, self.psi, self.weights, self.share = family, eta, psi, weights, share
        self.units = np.ones(eta.shape[0])
        if family.WEIGHTS == "trials" and weights is not None:
            self.units = weights[:, 0]

    def below(self, y: Array, probability: float, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Where P(Y <= y) is less than a probability; y in units of `units`."""
        psi = tuple(np.asarray(value)[rows] for value in self.psi)
        weights = None if self.weights is None else self.weights[rows]
        at = (y / self.units[rows])[:, None]
        tails = self.family.cdf if probability < 0.5 else self.family.survival
        average = tails(at, self.eta[rows], psi, weights) @ self.share
        if probability < 0.5:
            return np.asarray(average < probability)
        return np.asarray(average > 1.0 - probability)

    def quantiles(self, probability: float) -> Array:
        """The smallest y with P(Y <= y) of at least a probability."""
        family, units = self.family, self.units
        every = np.arange(units.size)
        middle = self.eta.shape[1] // 2
        psi = tuple(np.asarray(value)[:, 0] for value in self.psi)
        weights = None if self.weights is None else self.weights[:, 0]
        centre = family.mean(self.eta[:, middle], psi) * units
        size = np.sqrt(family.variance(self.eta[:, middle], psi, weights)) * units
        centre, size = np.nan_to_num(centre), np.nan_to_num(size, nan=1.0)
        if family.DISCRETE:
            centre, size = np.floor(centre), np.ceil(size) + 1.0
        least, most = _range(family)
        low, high = centre - size, centre + size
        # Bounds: F(low) < probability <= F(high), or low just below the range of the response.
        for _ in range(HALVINGS):
            bad = ~self.below(low, probability, every) & (low > least)
            if not bad.any():
                break
            low = np.where(bad, np.maximum(least, low - (centre - low)), low)
        for _ in range(HALVINGS):
            bad = self.below(high, probability, every) & (high < most * units)
            if not bad.any():
                break
            high = np.where(bad, np.minimum(most * units, high + (high - centre)), high)
        rows = every
        for _ in range(HALVINGS):
            gap = high[rows] - low[rows]
            scale = np.maximum(np.abs(high[rows]), LEAST * size[rows])
            enough = 1.0 if family.DISCRETE else CLOSE * scale
            rows = rows[gap > enough]
            if not rows.size:
                break
            at = 0.5 * (low[rows] + high[rows])
            if family.DISCRETE:
                at = np.floor(at)
            under = self.below(at, probability, rows)
            low[rows] = np.where(under, at, low[rows])
            high[rows] = np.where(under, high[rows], at)
        if family.RESPONSE == "not negative":  # with a probability of 0 itself
            high = np.where(self.below(0.0 * high, probability, every), high, 0.0)
        return np.asarray(high / units)


def _range(family: Family) -> tuple[float, float]:
    """Just below the least response, and the largest; proportions of trials are counted."""
    of = {
        "binary": (-1.0, 1.0),
        "count": (-1.0, np.inf),
        "positive count": (0.0, np.inf),
        "positive": (0.0, np.inf),
        "not negative": (-1.0, np.inf),
        "proportion": (0.0, 1.0),
    }
    return of.get(family.RESPONSE, (-np.inf, np.inf))
