"""Amounts of which some are exactly zero: Tweedie with a power between 1 and 2."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np

from ranef.family.base import Family, Part, Psi, Response, together
from ranef.family.gamma import MEANS_RATIO
from ranef.family.ragged import ragged_sums
from ranef.options import real
from ranef.types import Array

__all__ = ["Tweedie"]


@dataclass(frozen=True, slots=True)
class Tweedie(Family):
    """Amounts that are zero or positive: a Poisson number of gamma summands.

    The variance is phi mu^power; psi is log phi.

    Parameters
    ----------
    power : float
        Known, between 1 (Poisson) and 2 (gamma).
    link : {"log"}

    References
    ----------
    Dunn and Smyth (2005), Series evaluation of Tweedie exponential dispersion model densities,
    Statistics and Computing 15.

    Examples
    --------
    >>> import ranef as rn
    >>> rn.Tweedie(power=1.6).text, rn.Tweedie().cdf(0.0, 0.0, (0.0,)).round(4).item()
    ('tweedie(1.6)', 0.1353)
    """

    NAME: ClassVar[str] = "tweedie"
    LINKS: ClassVar[tuple[str, ...]] = ("log",)
    RESPONSE: ClassVar[Response] = "not negative"
    MEANS: ClassVar[tuple[float, float]] = (0.0, inf)
    PARTS: ClassVar[tuple[Part, ...]] = ("dispersion",)
    SIGMA: ClassVar[tuple[str, float] | None] = ("phi", 1.0)
    DISPERSION_APART: ClassVar[bool] = True
    RATIOS: ClassVar[dict[str, str]] = MEANS_RATIO

    power: float = 1.5
    link: str = "log"

    def __post_init__(self) -> None:
        what = "the power of a Tweedie family is a number between 1 and 2"
        fix = "1 is poisson, 2 is gamma, 3 is inverse_gaussian; as in tweedie(1.5)"
        power = real("power", self.power, above=1.0, below=2.0, what=what, fix=fix)
        object.__setattr__(self, "power", power)
        Family.__post_init__(self)

    @property
    def constants(self) -> tuple[float, ...]:
        return (self.power,)

    @property
    def title(self) -> str:
        return f"Tweedie (power {self.power:g})"

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        eta, psi0 = together(eta, psi[0])
        return np.asarray(np.exp(psi0 + self.power * eta))

    def _summands(self, eta: Array, phi: Array) -> tuple[Array, float, Array]:
        """The mean number of summands, and the shape and the scale of each."""
        p = self.power
        number = np.exp((2.0 - p) * eta) / (phi * (2.0 - p))
        return number, (2.0 - p) / (p - 1.0), phi * (p - 1.0) * np.exp((p - 1.0) * eta)

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        return self._tail(y, eta, psi, upper=False)

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        return self._tail(y, eta, psi, upper=True)

    def _tail(self, y: Array, eta: Array, psi: Psi, *, upper: bool) -> Array:
        """Gamma tails weighted by the probabilities of the number of summands."""
        from scipy.special import gammainc, gammaincc, gammaln, xlogy

        y, eta, psi0 = together(y, eta, psi[0])
        phi = np.exp(psi0)
        number, shape, scale = self._summands(eta, phi)
        x = np.maximum(y, 0.0) / scale
        # The numbers of summands that count are near their mean, or near what y makes likely.
        p = self.power
        likely = np.maximum(y, 0.0) ** (2.0 - p) / (phi * (2.0 - p))
        low, high = np.minimum(number, likely), np.maximum(number, likely)
        first = np.maximum(np.floor(low - 10.0 * np.sqrt(low) - 40.0), 1.0)
        last = np.ceil(high + 10.0 * np.sqrt(high) + 40.0)

        def terms(n: Array, number: Array, x: Array) -> Array:
            tail = gammaincc(n * shape, x) if upper else gammainc(n * shape, x)
            return np.asarray(np.exp(xlogy(n, number) - number - gammaln(n + 1.0)) * tail)

        total = ragged_sums(first, last, terms, number, x)
        if upper:
            return np.where(y < 0.0, 1.0, np.minimum(total, 1.0))
        return np.where(y < 0.0, 0.0, np.minimum(total + np.exp(-number), 1.0))

    def cdf_below(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        y, eta = together(y, eta)
        return np.where(y > 0.0, self.cdf(y, eta, psi, weights), 0.0)

    def at_least(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        y, eta = together(y, eta)
        return np.where(y > 0.0, self.survival(y, eta, psi, weights), 1.0)

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, psi0, _ = together(eta, psi[0], weights)
        number, shape, scale = self._summands(eta, np.exp(psi0))
        return np.asarray(rng.gamma(rng.poisson(number) * shape) * scale)

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        y, eta, w = together(y, eta, weights)
        p, positive = self.power, y > 0.0
        d = np.where(positive, np.log(np.where(positive, y, 1.0)) - eta, 0.0)
        # In units of mu^(2 - p), with d = log(y / mu).
        apart = np.exp(d) * np.expm1((1.0 - p) * d) / (1.0 - p) - np.expm1((2.0 - p) * d) / (
            2.0 - p
        )
        apart = np.where(positive, np.maximum(apart, 0.0), 1.0 / (2.0 - p))
        return np.asarray(2.0 * w * np.exp((2.0 - p) * eta) * apart)
