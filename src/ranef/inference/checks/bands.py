"""Bands of simulated values, and the summaries of many values that they are made for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ranef.errors import OptionError
from ranef.inference.checks.record import Band
from ranef.options import confidence, whole
from ranef.types import Array

__all__ = [
    "band_of",
    "bins_of",
    "fewest",
    "half_normal_quantiles",
    "mean_in_bins",
    "normal_quantiles",
    "number_of_simulations",
    "ranks_to_show",
]

USUAL = 199  # simulations
MOST_NUMBERS = 3_000_000  # rows times simulations, if the number is not given
MOST_BINS = 20
ROWS_IN_BIN = 9
ENDS = 150  # ranks at each end that are all shown
MIDDLE = 300  # ranks between them


def fewest(level: float) -> int:
    """The fewest simulations whose least and greatest value are limits at a level.

    One more value of the same distribution lies between them with probability (n - 1) / (n + 1).

    >>> fewest(0.95), fewest(0.9)
    (39, 19)
    """
    return math.ceil(2.0 / (1.0 - level) - 1e-9) - 1


def number_of_simulations(n: int | None, level: float, rows: int) -> int:
    """How many simulations to make: `n`, or as many as are quick.

    Raises
    ------
    OptionError
        A `level` that is not between 0 and 1, or fewer simulations than it needs.
    """
    least = fewest(confidence("level", level))
    if n is None:
        return max(least, min(USUAL, MOST_NUMBERS // max(rows, 1)))
    if whole("n", n, of="the number of simulations") < least:
        raise OptionError(
            f"a band at level {level:g} needs at least {least} simulations",
            found=f"n={n}",
            fix=f"use n={least} or more, or a lower level",
        )
    return n


def band_of(simulated: Array, level: float) -> Band:
    """Limits between which one more value lies with probability `level`, point by point.

    Order statistics (n + 1) (1 -+ level) / 2 of n simulations.

    Parameters
    ----------
    simulated : ndarray, shape (n, points)
        At least :func:`fewest` simulations.
    """
    tail = 0.5 * (1.0 - level)
    low, middle, high = np.quantile(simulated, (tail, 0.5, 1.0 - tail), axis=0, method="weibull")
    return Band(low, middle, high)


def bins_of(fitted: Array) -> list[NDArray[np.intp]]:
    """Rows in bins of equal numbers, by their fitted values."""
    count = max(2, min(MOST_BINS, fitted.size // ROWS_IN_BIN))
    ends = np.cumsum([part.size for part in np.array_split(np.empty(fitted.size), count)])[:-1]
    order = np.argpartition(fitted, ends) if ends[0] > 0 else np.arange(fitted.size)
    return np.split(order, ends)


def mean_in_bins(values: Array, bins: Sequence[NDArray[np.intp]]) -> Array:
    """The mean in each bin."""
    return np.array([values[rows].mean() for rows in bins])


def ranks_to_show(total: int) -> NDArray[np.intp]:
    """Places in order: all of them, or those at both ends and some between."""
    if total <= 2 * ENDS + 2 * MIDDLE:
        return np.arange(total)
    between = np.unique(np.linspace(ENDS, total - ENDS - 1, MIDDLE).round().astype(np.intp))
    return np.concatenate([np.arange(ENDS), between, np.arange(total - ENDS, total)])


def normal_quantiles(places: NDArray[np.intp], total: int) -> Array:
    """Normal quantiles of places in order."""
    from scipy.special import ndtri

    return np.asarray(ndtri((places + 0.5) / total))


def half_normal_quantiles(places: NDArray[np.intp], total: int) -> Array:
    """Quantiles of the absolute value of a normal variable.

    Atkinson (1981), Two graphical displays for outlying and influential observations in regression,
    Biometrika 68, 13-20.
    """
    from scipy.special import ndtri

    return np.asarray(ndtri((total + places + 1.0 - 0.125) / (2.0 * total + 0.5)))
