"""Pearson's chi-squared of counts and proportions, with what the model takes up counted.

With z the Pearson residuals at the modes, the sum of z^2 is about n - p - sum h if the variance of
the response is that of the family, h the leverages. For a test the part of z^2 that is linear in z
is taken out (Farrington 1996): z^2 - s z with s the skewness of a row has variance 2 for Poisson
counts, 2 (m - 1) / m for m trials, so that rows of one trial, which say nothing, count nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.diagnose.generalised.at_modes import AtModes
from ranef.diagnose.generalised.subject import GeneralisedSubject
from ranef.types import Array

__all__ = ["Pearson", "pearson", "tells_dispersion"]


@dataclass(frozen=True, slots=True)
class Pearson:
    """Pearson's statistic.

    Attributes
    ----------
    statistic : float
    df : float
        Rows less coefficients and what the random effects take up.
    z : float
        Of the corrected statistic; standard normal if the family's variance holds.
    """

    statistic: float
    df: float
    z: float

    @property
    def ratio(self) -> float:
        """1 if the variance is the family's."""
        return self.statistic / self.df


def tells_dispersion(subject: GeneralisedSubject) -> bool:
    """Whether the family fixes the variance, and the responses can contradict it."""
    family, weights = subject.family, subject.data.weights
    if family.name == "binomial":
        return weights is not None and bool((weights > 1.0).any())
    return family.name == "poisson"


def pearson(subject: GeneralisedSubject, at: AtModes) -> Pearson | None:
    """The statistic of a fit; None if no degrees of freedom are left, or rows have no variance."""
    family, y, m = subject.family, subject.data.y, subject.data.weights
    used = np.ones(y.size, dtype=bool)
    if family.name == "binomial":
        assert m is not None
        used = m > 1.0
    df = float(np.sum(1.0 - at.leverage[used])) - subject.design.p
    variance = at.variance[used]
    if df <= 1.0 or not (variance > 0.0).all():
        return None
    z = (y[used] - at.mean[used]) / np.sqrt(variance)
    if family.name == "binomial":
        assert m is not None
        trials = m[used]
        mean = at.mean[used]
        skewness = (1.0 - 2.0 * mean) / np.sqrt(trials * mean * (1.0 - mean))
        noise = 2.0 * (trials - 1.0) / trials
    else:
        skewness = 1.0 / np.sqrt(at.mean)
        noise = np.full(z.size, 2.0)
    squares = z * z
    return Pearson(float(squares.sum()), df, _z(squares - skewness * z, noise, df))


def _z(corrected: Array, noise: Array, df: float) -> float:
    spread = float(np.sqrt(noise.sum() * df / noise.size))
    return float((corrected.sum() - df) / spread)
