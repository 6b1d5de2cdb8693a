"""Counts that are never zero: Poisson and negative binomial counts given that they are positive."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np

from ranef.family.base import Boundary, Family, Part, Psi, Response, together
from ranef.family.negative_binomial import nb_cdf, nb_survival, size_of
from ranef.family.poisson import RATES, poisson_cdf, poisson_survival
from ranef.family.root import increasing_root
from ranef.types import Array

__all__ = ["TruncatedNegativeBinomial", "TruncatedPoisson"]

_SMALL = 1e-6  # of a mean count: zeros are so many that few counts are above 1


class Truncated(Family):
    """Counts of a family without its zeros.

    The linear predictor is that of the mean mu before zeros are left out. Poisson counts are
    negative binomial counts of infinite size, and so have no formulas of their own but the tails.
    """

    __slots__ = ()

    LINKS: ClassVar[tuple[str, ...]] = ("log",)
    RESPONSE: ClassVar[Response] = "positive count"
    MEANS: ClassVar[tuple[float, float]] = (0.0, inf)
    DISCRETE: ClassVar[bool] = True
    MEAN: ClassVar[str] = "mean count before zeros are left out"
    RATIOS: ClassVar[dict[str, str]] = RATES
    MEAN_IS_LINKED: ClassVar[bool] = False

    @property
    def means_of_response(self) -> tuple[float, float]:
        return (1.0, inf)

    @property
    def mean_parts(self) -> tuple[Part, ...]:
        return self.PARTS

    @abstractmethod
    def _size(self, psi: Psi) -> Array:
        """The size of the negative binomial distribution."""

    @abstractmethod
    def _tails(self, y: Array, mu: Array, size: Array) -> tuple[Array, Array]:
        """P(Y <= y) and P(Y > y) before zeros are left out."""

    def mean(self, eta: Array, psi: Psi = ()) -> Array:
        mu, size = together(np.exp(eta), self._size(psi))
        return np.asarray(mu / -np.expm1(_log_zero(mu, size)))

    def mean_slope(self, eta: Array, psi: Psi = ()) -> Array:
        mu, size = together(np.exp(eta), self._size(psi))
        return _mean_slope(mu, size)

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        mu, size = together(np.exp(eta), self._size(psi))
        mean = mu / -np.expm1(_log_zero(mu, size))
        excess = mu * (1.0 + 1.0 / size)
        return np.asarray(np.where(excess < _SMALL, 0.5 * excess, mean * (1.0 + excess - mean)))

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        y, mu, size = together(y, np.exp(eta), self._size(psi))
        low, high = self._tails(y, mu, size)
        zero, some = self._tails(np.zeros_like(y), mu, size)
        upper, lower = high / some, (low - zero) / some
        return np.asarray(np.where(y < 1.0, 0.0, np.where(upper < 0.5, 1.0 - upper, lower)))

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        y, mu, size = together(y, np.exp(eta), self._size(psi))
        upper = self._tails(y, mu, size)[1] / self._tails(np.zeros_like(y), mu, size)[1]
        return np.asarray(np.where(y < 1.0, 1.0, upper))

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        """The first event of a counting process within its time, and then those that follow."""
        mu, size, _ = together(np.exp(eta), self._size(psi), weights)
        some = -np.expm1(_log_zero(mu, size))
        waited = -np.log1p(-rng.random(mu.shape) * some)  # minus log P(no event so far)
        finite = np.minimum(size, 1e15)
        first = np.minimum(finite / mu * np.expm1(waited / finite), 1.0)
        rate = rng.gamma(finite + 1.0, 1.0 / (finite / mu + first))
        return np.asarray(1.0 + rng.poisson(rate * (1.0 - first)))

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        y, mu, size, w = together(y, np.exp(eta), self._size(psi), weights)
        several = np.maximum(y, 2.0)

        def short(log_mu: Array) -> tuple[Array, Array]:
            mu = np.exp(log_mu)
            mean = mu / -np.expm1(_log_zero(mu, size))
            return mean / several - 1.0, _mean_slope(mu, size) / several

        best = np.exp(increasing_root(short, np.log(several)))
        most = np.where(y > 1.0, _log_density(y, best, size), 0.0)
        return 2.0 * w * np.maximum(most - _log_density(y, mu, size), 0.0)


def _log_zero(mu: Array, size: Array) -> Array:
    """The logarithm of the probability of a zero."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(np.isinf(size), -mu, -size * np.log1p(mu / size)))


def _mean_slope(mu: Array, size: Array) -> Array:
    log_zero = _log_zero(mu, size)
    some, excess = -np.expm1(log_zero), mu * (1.0 + 1.0 / size)
    slope = mu / some * (1.0 - mu / (1.0 + mu / size) * np.exp(log_zero) / some)
    return np.asarray(np.where(excess < _SMALL, 0.5 * excess, slope))


def _log_density(y: Array, mu: Array, size: Array) -> Array:
    """The part that depends on mu; all of it if y is 1."""
    log_zero = _log_zero(mu, size)
    ratio = np.log(mu) - np.log1p(mu / size)
    return np.asarray(y * ratio + log_zero - np.log(-np.expm1(log_zero)))


@dataclass(frozen=True, slots=True)
class TruncatedPoisson(Truncated):
    """Poisson counts given that they are not zero.

    Parameters
    ----------
    link : {"log"}

    Examples
    --------
    >>> import ranef as rn
    >>> rn.TruncatedPoisson().mean(0.0).round(4).item()
    1.582
    """

    NAME: ClassVar[str] = "truncated_poisson"

    link: str = "log"

    @property
    def title(self) -> str:
        return "zero-truncated Poisson"

    def _size(self, psi: Psi) -> Array:
        return np.array(inf)

    def _tails(self, y: Array, mu: Array, size: Array) -> tuple[Array, Array]:
        return poisson_cdf(y, mu), poisson_survival(y, mu)


@dataclass(frozen=True, slots=True)
class TruncatedNegativeBinomial(Truncated):
    """Negative binomial counts of kind 2 given that they are not zero; psi is log size.

    Parameters
    ----------
    link : {"log"}

    Examples
    --------
    >>> import ranef as rn
    >>> rn.TruncatedNegativeBinomial().mean(0.0, (0.0,)).item()
    2.0
    """

    NAME: ClassVar[str] = "truncated_nbinom2"
    PARTS: ClassVar[tuple[Part, ...]] = ("dispersion",)
    SIGMA: ClassVar[tuple[str, float] | None] = ("size", 1.0)

    link: str = "log"

    @property
    def title(self) -> str:
        return "zero-truncated negative binomial"

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        words = "the size goes to infinity: the counts vary no more than Poisson counts"
        return (Boundary("dispersion", 1, TruncatedPoisson(), words),)

    def _size(self, psi: Psi) -> Array:
        return size_of(psi[0])

    def _tails(self, y: Array, mu: Array, size: Array) -> tuple[Array, Array]:
        return nb_cdf(y, mu, size), nb_survival(y, mu, size)
