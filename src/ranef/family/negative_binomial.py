"""Counts that vary more than Poisson counts: negative binomial of both kinds."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np

from ranef.family.base import Boundary, Family, Part, Psi, Response, together
from ranef.family.divergence import of_counts
from ranef.family.poisson import RATES, Poisson
from ranef.family.root import increasing_root
from ranef.options import one_of
from ranef.types import Array

__all__ = ["NegativeBinomial", "nb_cdf", "nb_survival", "size_of"]

_LARGEST = 1e15  # of a size: a negative binomial count is Poisson there to rounding
_POISSON = 1e-8  # of phi: the deviance is that of Poisson counts there, to as many digits


def size_of(psi: Array | float) -> Array:
    """The size of its logarithm."""
    return np.asarray(np.exp(np.minimum(psi, np.log(_LARGEST))))


def nb_cdf(y: Array, mu: Array, size: Array) -> Array:
    """P(Y <= y) of a negative binomial count."""
    from scipy.special import betainc, betaincc

    k = np.floor(y)
    a = np.maximum(k, 0.0) + 1.0
    hit, miss = mu / (size + mu), size / (size + mu)
    inside = np.where(hit < miss, betaincc(a, size, hit), betainc(size, a, miss))
    return np.asarray(np.where(k < 0.0, 0.0, inside))


def nb_survival(y: Array, mu: Array, size: Array) -> Array:
    """P(Y > y) of a negative binomial count."""
    from scipy.special import betainc, betaincc

    k = np.floor(y)
    a = np.maximum(k, 0.0) + 1.0
    hit, miss = mu / (size + mu), size / (size + mu)
    inside = np.where(hit < miss, betainc(a, size, hit), betaincc(size, a, miss))
    return np.asarray(np.where(k < 0.0, 1.0, inside))


@dataclass(frozen=True, slots=True)
class NegativeBinomial(Family):
    """Counts that vary more than Poisson counts of the same mean.

    Parameters
    ----------
    kind : {2, 1}
        How the variance grows with the mean mu: mu + mu^2 / size for kind 2, where psi is the
        logarithm of the size; mu (1 + phi) for kind 1, where psi is the logarithm of phi.
    link : {"log"}

    Examples
    --------
    >>> import numpy as np
    >>> import ranef as rn
    >>> family = rn.NegativeBinomial()
    >>> family.name, family.variance(np.log(3.0), (np.log(1.5),)).round(6).item()
    ('nbinom2', 9.0)
    """

    NAME: ClassVar[str] = "nbinom"
    RESPONSE: ClassVar[Response] = "count"
    MEANS: ClassVar[tuple[float, float]] = (0.0, inf)
    PARTS: ClassVar[tuple[Part, ...]] = ("dispersion",)
    DISCRETE: ClassVar[bool] = True
    MEAN: ClassVar[str] = "mean count"
    RATIOS: ClassVar[dict[str, str]] = RATES
    LINKS: ClassVar[tuple[str, ...]] = ("log",)

    kind: int = 2
    link: str = "log"

    def __post_init__(self) -> None:
        one_of("kind", self.kind, (1, 2))
        Family.__post_init__(self)

    @property
    def name(self) -> str:
        return f"nbinom{self.kind}"

    @property
    def title(self) -> str:
        growth = "mu + mu^2 / size" if self.kind == 2 else "mu (1 + phi)"
        return f"negative binomial (variance {growth})"

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        poisson = Poisson(self.link)
        if self.kind == 2:
            words = "the size goes to infinity: the counts vary no more than Poisson counts"
            return (Boundary("dispersion", 1, poisson, words),)
        words = "phi goes to zero: the counts vary no more than Poisson counts"
        return (Boundary("dispersion", -1, poisson, words),)

    @property
    def dispersion_name(self) -> str:
        return "size" if self.kind == 2 else "phi"

    def dispersion(self, psi: Array | float) -> Array:
        return np.asarray(np.exp(psi))

    def size(self, mu: Array, psi: Psi) -> Array:
        """The size: the shape of the gamma distribution of the rates."""
        if self.kind == 2:
            return size_of(psi[0])
        with np.errstate(under="ignore"):
            return np.asarray(np.minimum(mu / np.exp(psi[0]), _LARGEST))

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        mu = self.mean(eta)
        return mu + mu**2 / size_of(psi[0]) if self.kind == 2 else mu * (1.0 + np.exp(psi[0]))

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        y, eta, _ = together(y, eta, psi[0])
        mu = self.mean(eta)
        return nb_cdf(y, mu, self.size(mu, psi))

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        y, eta, _ = together(y, eta, psi[0])
        mu = self.mean(eta)
        return nb_survival(y, mu, self.size(mu, psi))

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, _, _ = together(eta, psi[0], weights)
        mu = self.mean(eta)
        size = self.size(mu, psi)
        return np.asarray(rng.poisson(rng.gamma(size, mu / size)), dtype=np.float64)

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        y, eta, psi0, w = together(y, eta, psi[0], weights)
        mu = self.mean(eta)
        if self.kind == 2:
            size = size_of(psi0)
            return np.asarray(2.0 * w * (of_counts(y, mu) - of_counts(y + size, mu + size)))
        return 2.0 * w * _deviance_1(y, mu, np.exp(psi0))


def _deviance_1(y: Array, mu: Array, phi: Array) -> Array:
    """Half the deviance if phi is held: the size r = mu / phi moves with the mean."""
    from scipy.special import betaln, polygamma, psi

    counted = np.maximum(y, 1.0)
    held = np.maximum(phi, _POISSON)
    own = mu / held

    def short(log_r: Array) -> tuple[Array, Array]:
        r = np.exp(log_r)
        value = np.log1p(held) - psi(counted + r) + psi(r)
        return r * value, r * value + r * r * (polygamma(1, r) - polygamma(1, counted + r))

    best = np.exp(increasing_root(short, np.log(counted / held)))
    gain = betaln(counted, own) - betaln(counted, best) - (best - own) * np.log1p(held)
    gain = np.where(y == 0.0, own * np.log1p(held), np.maximum(gain, 0.0))
    return np.asarray(np.where(phi < _POISSON, of_counts(y, mu), gain))
