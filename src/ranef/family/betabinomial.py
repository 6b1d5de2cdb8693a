"""Successes among trials that vary more than binomial ones: beta-binomial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.family.base import Boundary, Family, Part, Psi, Response, Weights, together
from ranef.family.binomial import ODDS, Binomial, successes
from ranef.family.ragged import ragged_sums
from ranef.family.root import increasing_root
from ranef.types import Array

__all__ = ["BetaBinomial"]

_LARGEST = np.log(1e12)  # of log phi: beyond it proportions vary no more than binomial ones


@dataclass(frozen=True, slots=True)
class BetaBinomial(Family):
    """Successes among trials whose probability varies from row to row by a beta distribution.

    The proportion has the variance mu (1 - mu) / m times (phi + m) / (phi + 1) for m trials; psi
    is log phi.

    Parameters
    ----------
    link : {"logit", "probit", "cloglog"}

    Examples
    --------
    >>> import numpy as np
    >>> import ranef as rn
    >>> rn.BetaBinomial().variance(0.0, (np.log(3.0),), 5.0).round(6).item()
    0.1
    """

    NAME: ClassVar[str] = "betabinomial"
    LINKS: ClassVar[tuple[str, ...]] = ("logit", "probit", "cloglog")
    RESPONSE: ClassVar[Response] = "binary"
    MEANS: ClassVar[tuple[float, float]] = (0.0, 1.0)
    PARTS: ClassVar[tuple[Part, ...]] = ("dispersion",)
    WEIGHTS: ClassVar[Weights] = "trials"
    DISCRETE: ClassVar[bool] = True
    SIGMA: ClassVar[tuple[str, float] | None] = ("phi", 1.0)
    MEAN: ClassVar[str] = "probability"
    RATIOS: ClassVar[dict[str, str]] = ODDS

    link: str = "logit"

    @property
    def title(self) -> str:
        return "beta-binomial"

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        words = "phi goes to infinity: the proportions vary no more than binomial ones"
        return (Boundary("dispersion", 1, Binomial(self.link), words),)

    def _shapes(self, eta: Array, psi0: Array) -> tuple[Array, Array]:
        phi = np.exp(np.minimum(psi0, _LARGEST))
        return self.mean(eta) * phi, self.complement(eta) * phi

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        eta, psi0, m = together(eta, psi[0], weights)
        phi = np.exp(np.minimum(psi0, _LARGEST))
        a, b = self._shapes(eta, psi0)
        return np.asarray((a / phi) * (b / phi) / m * ((phi + m) / (phi + 1.0)))

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        return self._tail(y, eta, psi, weights, upper=False)

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        return self._tail(y, eta, psi, weights, upper=True)

    def _tail(self, y: Array, eta: Array, psi: Psi, weights: Array | None, *, upper: bool) -> Array:
        """Sums of probabilities over the tail."""
        y, eta, psi0, m = together(y, eta, psi[0], weights)
        k = np.clip(successes(y, m), -1.0, m)
        a, b = self._shapes(eta, psi0)
        first, last = (k + 1.0, m) if upper else (np.zeros_like(k), k)

        def probabilities(j: Array, m: Array, a: Array, b: Array) -> Array:
            return np.exp(_log_choices(m, j) + _log_odds(j, m, a, b))

        return np.minimum(ragged_sums(first, last, probabilities, m, a, b), 1.0)

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, psi0, m = together(eta, psi[0], weights)
        p = rng.beta(*self._shapes(eta, psi0))
        return np.asarray(rng.binomial(m.astype(np.int64), p) / m)

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        y, eta, psi0, m = together(y, eta, psi[0], weights)
        k = np.rint(y * m)
        a, b = self._shapes(eta, psi0)
        own = _log_odds(k, m, a, b)
        inside = (k > 0.0) & (k < m)
        best = _best(np.where(inside, k, 1.0), np.where(inside, m, 2.0), a + b)
        most = np.where(inside, _log_odds(k, m, *best), 0.0)
        return 2.0 * np.maximum(most - own, 0.0)


def _log_choices(m: Array, k: Array) -> Array:
    from scipy.special import betaln

    return np.asarray(-np.log1p(m) - betaln(k + 1.0, m - k + 1.0))


def _log_odds(k: Array, m: Array, a: Array, b: Array) -> Array:
    """log B(k + a, m - k + b) - log B(a, b), as a product of rising factors."""
    return _log_rising(a, k) + _log_rising(b, m - k) - _log_rising(a + b, m)


def _log_rising(a: Array, k: Array) -> Array:
    """log of a (a + 1) ... (a + k - 1), k factors."""
    from scipy.special import betaln, gammaln

    counted = np.maximum(k, 1.0)
    return np.asarray(np.where(k > 0.0, gammaln(counted) - betaln(counted, a), 0.0))


def _best(k: Array, m: Array, phi: Array) -> tuple[Array, Array]:
    """The shapes with the largest probability of k if phi is held, for 0 < k < m."""
    from scipy.special import expit, logit, polygamma, psi

    def short(u: Array) -> tuple[Array, Array]:
        a, b = phi * expit(u), phi * expit(-u)
        value = psi(a) - psi(k + a) + psi(m - k + b) - psi(b)
        bend = polygamma(1, a) - polygamma(1, k + a) + polygamma(1, b) - polygamma(1, m - k + b)
        scale = phi * expit(u) * expit(-u)
        return scale * value, scale * (expit(-u) - expit(u)) * value + scale**2 * bend

    u = increasing_root(short, logit(k / m))
    return phi * expit(u), phi * expit(-u)
