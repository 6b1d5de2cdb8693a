"""What a check of a model by simulation finds: what the data show, beside bands of simulations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.types import Array

__all__ = ["Band", "EffectsCheck", "InfluenceCheck", "ModelCheck", "Ordered", "Trend"]


class Band(NamedTuple):
    """Pointwise limits of simulated values and their median, shape (points,) each."""

    low: Array
    middle: Array
    high: Array

    def outside(self, values: Array) -> NDArray[np.bool_]:
        """Which values are not between the limits."""
        return np.asarray((values < self.low) | (values > self.high))


@dataclass(frozen=True, slots=True)
class Trend:
    """A mean in bins of rows with similar fitted values.

    Attributes
    ----------
    x : ndarray, shape (bins,)
        Mean of the fitted values of each bin.
    value : ndarray, shape (bins,)
    band : Band
    """

    x: Array
    value: Array
    band: Band


@dataclass(frozen=True, slots=True)
class Ordered:
    """Values in order beside the normal quantiles of their ranks.

    Of many values, those of some ranks: all at the ends, and fewer in the middle.

    Attributes
    ----------
    quantile, value : ndarray, shape (points,)
    place : ndarray of int, shape (points,)
        Which of the values each one is.
    band : Band
    total : int
        Number of all values.
    """

    quantile: Array
    value: Array
    place: NDArray[np.intp]
    band: Band
    total: int


@dataclass(frozen=True, slots=True)
class EffectsCheck:
    """The predicted effects of one term and column.

    Attributes
    ----------
    label, factor, effect : str
        Of the term, its grouping factor, and the column.
    levels : tuple of str
    values : Ordered
        In the units of the coefficient.
    """

    label: str
    factor: str
    effect: str
    levels: tuple[str, ...] = field(repr=False)
    values: Ordered


@dataclass(frozen=True, slots=True)
class InfluenceCheck:
    """Cook's distances of groups or rows with the variances kept.

    Attributes
    ----------
    by : str
        A grouping factor, or ``"rows"``.
    levels : tuple of str
    values : Ordered
        Beside half-normal quantiles.
    """

    by: str
    levels: tuple[str, ...] = field(repr=False)
    values: Ordered


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """Residuals, random effects and influence of a fit beside those of simulated responses.

    Attributes
    ----------
    fitted, residuals : ndarray, shape (n,)
        Means of the response, and residuals that are standard normal if the model holds. NaN where
        a row has no residual.
    kind : str
        What the residuals are: ``"Standardised residual"``.
    mean, scale : Trend
        Of the residuals, and of the roots of their sizes.
    normal : Ordered
        The residuals.
    effects : tuple of EffectsCheck
        Of the effects that vary, of factors with enough levels.
    influence : InfluenceCheck or None
        None if the model has no coefficients, or rows that depend on each other.
    n : int
        Simulations.
    level : float
        Of the bands, at each point.
    seed : int
    """

    fitted: Array = field(repr=False)
    residuals: Array = field(repr=False)
    kind: str
    mean: Trend
    scale: Trend
    normal: Ordered
    effects: tuple[EffectsCheck, ...]
    influence: InfluenceCheck | None
    n: int
    level: float
    seed: int
