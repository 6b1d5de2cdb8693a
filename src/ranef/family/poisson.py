"""Counts whose variance is their mean: Poisson."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np

from ranef.family.base import Family, Psi, Response, together
from ranef.family.divergence import of_counts
from ranef.types import Array

__all__ = ["RATES", "Poisson", "poisson_cdf", "poisson_survival"]

RATES = {"log": "rate ratio"}
"""What exp(beta) is for a count."""


def poisson_cdf(y: Array, mu: Array) -> Array:
    """P(Y <= y)."""
    from scipy.special import gammaincc

    k = np.floor(y)
    return np.asarray(np.where(k < 0.0, 0.0, gammaincc(np.maximum(k, 0.0) + 1.0, mu)))


def poisson_survival(y: Array, mu: Array) -> Array:
    """P(Y > y)."""
    from scipy.special import gammainc

    k = np.floor(y)
    return np.asarray(np.where(k < 0.0, 1.0, gammainc(np.maximum(k, 0.0) + 1.0, mu)))


@dataclass(frozen=True, slots=True)
class Poisson(Family):
    """Counts whose variance is their mean.

    Parameters
    ----------
    link : {"log", "sqrt", "identity"}

    Examples
    --------
    >>> import ranef as rn
    >>> rn.Poisson().cdf([0, 1, 2], 0.0).round(4)
    array([0.3679, 0.7358, 0.9197])
    """

    NAME: ClassVar[str] = "poisson"
    LINKS: ClassVar[tuple[str, ...]] = ("log", "sqrt", "identity")
    RESPONSE: ClassVar[Response] = "count"
    MEANS: ClassVar[tuple[float, float]] = (0.0, inf)
    DISCRETE: ClassVar[bool] = True
    MEAN: ClassVar[str] = "mean count"
    RATIOS: ClassVar[dict[str, str]] = RATES

    link: str = "log"

    @property
    def title(self) -> str:
        return "Poisson"

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        return self.mean(eta)

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        y, eta = together(y, eta)
        return poisson_cdf(y, self.mean(eta))

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        y, eta = together(y, eta)
        return poisson_survival(y, self.mean(eta))

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, _ = together(eta, weights)
        return np.asarray(rng.poisson(self.mean(eta)), dtype=np.float64)

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        y, eta, w = together(y, eta, weights)
        return 2.0 * w * of_counts(y, self.mean(eta))
