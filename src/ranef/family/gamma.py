"""Positive numbers whose standard deviation is proportional to their mean: gamma."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np

from ranef.family.base import Family, Part, Psi, Response, Weights, together
from ranef.family.divergence import of_positive
from ranef.types import Array

__all__ = ["MEANS_RATIO", "Gamma"]

MEANS_RATIO = {"log": "ratio of means"}
"""What exp(beta) is for an amount."""


@dataclass(frozen=True, slots=True)
class Gamma(Family):
    """Positive numbers whose standard deviation is proportional to their mean.

    The variance is sigma^2 mu^2 / weight; psi is the logarithm of the shape, 1 / sigma^2.

    Parameters
    ----------
    link : {"log", "inverse", "identity"}
        The default is the log link, as most models of such data have it; R's ``Gamma`` has the
        inverse link.

    Examples
    --------
    >>> import numpy as np
    >>> import ranef as rn
    >>> rn.Gamma().dispersion(np.log(4.0)), rn.Gamma(link="inverse").text
    (array(0.5), 'gamma(inverse)')
    """

    NAME: ClassVar[str] = "gamma"
    LINKS: ClassVar[tuple[str, ...]] = ("log", "inverse", "identity")
    RESPONSE: ClassVar[Response] = "positive"
    MEANS: ClassVar[tuple[float, float]] = (0.0, inf)
    PARTS: ClassVar[tuple[Part, ...]] = ("dispersion",)
    WEIGHTS: ClassVar[Weights] = "dispersion"
    SIGMA: ClassVar[tuple[str, float] | None] = ("sigma", -0.5)
    DISPERSION_APART: ClassVar[bool] = True
    RATIOS: ClassVar[dict[str, str]] = MEANS_RATIO

    link: str = "log"

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        eta, psi0, w = together(eta, psi[0], weights)
        return self.mean(eta) ** 2 / (w * np.exp(psi0))

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        from scipy.special import gammainc

        y, eta, psi0, w = together(y, eta, psi[0], weights)
        shape = w * np.exp(psi0)
        return np.asarray(gammainc(shape, shape * np.maximum(y, 0.0) / self.mean(eta)))

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        from scipy.special import gammaincc

        y, eta, psi0, w = together(y, eta, psi[0], weights)
        shape = w * np.exp(psi0)
        return np.asarray(gammaincc(shape, shape * np.maximum(y, 0.0) / self.mean(eta)))

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, psi0, w = together(eta, psi[0], weights)
        shape = w * np.exp(psi0)
        return np.asarray(rng.gamma(shape, self.mean(eta) / shape))

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        y, eta, w = together(y, eta, weights)
        return 2.0 * w * of_positive(y, self.mean(eta))
