"""Positive numbers whose variance grows with the cube of the mean: inverse Gaussian."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import ClassVar

import numpy as np

from ranef.family.base import Family, Part, Psi, Response, Weights, together
from ranef.family.gamma import MEANS_RATIO
from ranef.types import Array

__all__ = ["InverseGaussian"]


@dataclass(frozen=True, slots=True)
class InverseGaussian(Family):
    """Positive numbers of variance sigma^2 mu^3 / weight.

    psi is log sigma^2.

    Parameters
    ----------
    link : {"log", "1/mu^2"}
        The default is the log link; R's ``inverse.gaussian`` has 1/mu^2.

    References
    ----------
    Giner and Smyth (2016), statmod: probability calculations for the inverse Gaussian
    distribution, R Journal 8(1).

    Examples
    --------
    >>> import ranef as rn
    >>> rn.InverseGaussian(link="1/mu^2").mean(0.25).item()
    2.0
    """

    NAME: ClassVar[str] = "inverse_gaussian"
    LINKS: ClassVar[tuple[str, ...]] = ("log", "1/mu^2")
    RESPONSE: ClassVar[Response] = "positive"
    MEANS: ClassVar[tuple[float, float]] = (0.0, inf)
    PARTS: ClassVar[tuple[Part, ...]] = ("dispersion",)
    WEIGHTS: ClassVar[Weights] = "dispersion"
    SIGMA: ClassVar[tuple[str, float] | None] = ("sigma", 0.5)
    DISPERSION_APART: ClassVar[bool] = True
    RATIOS: ClassVar[dict[str, str]] = MEANS_RATIO

    link: str = "log"

    @property
    def title(self) -> str:
        return "inverse Gaussian"

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        eta, psi0, w = together(eta, psi[0], weights)
        return np.asarray(self.mean(eta) ** 3 * np.exp(psi0) / w)

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        return self._tails(y, eta, psi, weights)[0]

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        return self._tails(y, eta, psi, weights)[1]

    def _tails(self, y: Array, eta: Array, psi: Psi, weights: Array | None) -> tuple[Array, Array]:
        """The lower tail, accurate below the mean, and the upper one, accurate above it."""
        from scipy.special import erfcx

        y, eta, psi0, w = together(y, eta, psi[0], weights)
        mu, positive = self.mean(eta), y > 0.0
        y = np.where(positive, y, 1.0)
        root = np.sqrt(w * np.exp(-psi0) / y)
        a, b = root * (y / mu - 1.0), root * (y / mu + 1.0)
        # Both normal tails carry exp(-a^2 / 2), which erfcx leaves out.
        scale, second = 0.5 * np.exp(-0.5 * a * a), erfcx(b / sqrt(2.0))
        first = erfcx(np.abs(a) / sqrt(2.0))
        lower = scale * (first + second)
        upper = np.where(a > 0.0, scale * (first - second), 1.0 - lower)
        lower = np.where(a > 0.0, 1.0 - upper, lower)
        return np.where(positive, lower, 0.0), np.where(positive, upper, 1.0)

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, psi0, w = together(eta, psi[0], weights)
        return np.asarray(rng.wald(self.mean(eta), w * np.exp(-psi0)))

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        y, eta, w = together(y, eta, weights)
        mu = self.mean(eta)
        return np.asarray(w * np.square((y - mu) / mu) / y)
