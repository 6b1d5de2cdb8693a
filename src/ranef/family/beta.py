"""Proportions that are not counts, strictly between 0 and 1: beta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.family.base import Family, Part, Psi, Response, together
from ranef.family.root import increasing_root
from ranef.types import Array

__all__ = ["Beta"]


@dataclass(frozen=True, slots=True)
class Beta(Family):
    """Proportions that are not counts, strictly between 0 and 1.

    The variance is mu (1 - mu) / (1 + phi); psi is log phi.

    Parameters
    ----------
    link : {"logit", "probit", "cloglog"}

    References
    ----------
    Ferrari and Cribari-Neto (2004), Beta regression for modelling rates and proportions, Journal
    of Applied Statistics 31(7); its deviance is that of equation 8.

    Examples
    --------
    >>> import numpy as np
    >>> import ranef as rn
    >>> rn.Beta().variance(0.0, (np.log(4.0),)).round(6).item()
    0.05
    """

    NAME: ClassVar[str] = "beta"
    LINKS: ClassVar[tuple[str, ...]] = ("logit", "probit", "cloglog")
    RESPONSE: ClassVar[Response] = "proportion"
    MEANS: ClassVar[tuple[float, float]] = (0.0, 1.0)
    PARTS: ClassVar[tuple[Part, ...]] = ("dispersion",)
    SIGMA: ClassVar[tuple[str, float] | None] = ("phi", 1.0)
    MEAN: ClassVar[str] = "mean proportion"
    RATIOS: ClassVar[dict[str, str]] = {"logit": "odds ratio"}

    link: str = "logit"

    def _shapes(self, eta: Array, psi0: Array) -> tuple[Array, Array]:
        phi = np.exp(psi0)
        return self.mean(eta) * phi, self.complement(eta) * phi

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        eta, psi0 = together(eta, psi[0])
        a, b = self._shapes(eta, psi0)
        return np.asarray(a * b * np.exp(-2.0 * psi0) / (1.0 + np.exp(psi0)))

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        from scipy.special import betainc

        y, eta, psi0 = together(y, eta, psi[0])
        return np.asarray(betainc(*self._shapes(eta, psi0), np.clip(y, 0.0, 1.0)))

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        from scipy.special import betaincc

        y, eta, psi0 = together(y, eta, psi[0])
        return np.asarray(betaincc(*self._shapes(eta, psi0), np.clip(y, 0.0, 1.0)))

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, psi0, _ = together(eta, psi[0], weights)
        drawn = rng.beta(*self._shapes(eta, psi0))
        # A beta response has no 0 and no 1, but rounding does.
        return np.clip(drawn, np.finfo(np.float64).tiny, 1.0 - 2.0**-53)

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        from scipy.special import betaln

        y, eta, psi0, w = together(y, eta, psi[0], weights)
        a, b = self._shapes(eta, psi0)
        best_a, best_b = _best(y, np.exp(psi0))
        gain = (best_a - a) * np.log(y) + (best_b - b) * np.log1p(-y)
        return np.asarray(2.0 * w * np.maximum(gain + betaln(a, b) - betaln(best_a, best_b), 0.0))


def _best(y: Array, phi: Array) -> tuple[Array, Array]:
    """The shapes with the largest density of y if phi is held."""
    from scipy.special import expit, logit, polygamma, psi

    log_odds = logit(y)

    def short(u: Array) -> tuple[Array, Array]:
        a, b = phi * expit(u), phi * expit(-u)
        slope = a * expit(-u) * (polygamma(1, a) + polygamma(1, b))
        return psi(a) - psi(b) - log_odds, slope

    u = increasing_root(short, log_odds)
    return phi * expit(u), phi * expit(-u)
