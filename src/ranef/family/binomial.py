"""Successes among trials: binomial, with the proportion of successes as response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.family.base import Family, Psi, Response, Weights, together
from ranef.family.divergence import of_counts
from ranef.types import Array

__all__ = ["ODDS", "Binomial", "successes"]

ODDS = {"logit": "odds ratio", "cloglog": "hazard ratio"}
"""What exp(beta) is for a probability."""


def successes(y: Array, trials: Array) -> Array:
    """The largest whole number of successes whose proportion is at most `y`."""
    return np.floor(y * trials + 1e-6)


@dataclass(frozen=True, slots=True)
class Binomial(Family):
    """Binary responses, or successes among known numbers of trials.

    Parameters
    ----------
    link : {"logit", "probit", "cloglog", "cauchit"}

    Examples
    --------
    >>> import ranef as rn
    >>> rn.Binomial(link="probit").words
    'binomial with a probit link'
    >>> rn.Binomial().mean([0.0, 2.0]).round(3), rn.Binomial().ratio
    (array([0.5  , 0.881]), 'odds ratio')
    """

    NAME: ClassVar[str] = "binomial"
    LINKS: ClassVar[tuple[str, ...]] = ("logit", "probit", "cloglog", "cauchit")
    RESPONSE: ClassVar[Response] = "binary"
    MEANS: ClassVar[tuple[float, float]] = (0.0, 1.0)
    WEIGHTS: ClassVar[Weights] = "trials"
    DISCRETE: ClassVar[bool] = True
    MEAN: ClassVar[str] = "probability"
    RATIOS: ClassVar[dict[str, str]] = ODDS

    link: str = "logit"

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        eta, m = together(eta, weights)
        return self.mean(eta) * self.complement(eta) / m

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        from scipy.special import betainc, betaincc

        y, eta, m = together(y, eta, weights)
        k, p, q = successes(y, m), self.mean(eta), self.complement(eta)
        a, b = np.clip(k + 1.0, 1.0, m), np.clip(m - k, 1.0, m)
        inside = np.where(p < q, betaincc(a, b, p), betainc(b, a, q))
        return np.asarray(np.where(k < 0.0, 0.0, np.where(k >= m, 1.0, inside)))

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        from scipy.special import betainc, betaincc

        y, eta, m = together(y, eta, weights)
        k, p, q = successes(y, m), self.mean(eta), self.complement(eta)
        a, b = np.clip(k + 1.0, 1.0, m), np.clip(m - k, 1.0, m)
        inside = np.where(p < q, betainc(a, b, p), betaincc(b, a, q))
        return np.asarray(np.where(k < 0.0, 1.0, np.where(k >= m, 0.0, inside)))

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, m = together(eta, weights)
        return np.asarray(rng.binomial(m.astype(np.int64), self.mean(eta)) / m)

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        y, eta, m = together(y, eta, weights)
        hits = of_counts(y, self.mean(eta))
        return np.asarray(2.0 * m * (hits + of_counts(1.0 - y, self.complement(eta))))
