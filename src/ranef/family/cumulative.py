"""Ordered answers: cumulative link models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.family.base import SCALES, Family, Part, Psi, Response, together
from ranef.types import Array

__all__ = ["Cumulative"]


@dataclass(frozen=True, slots=True)
class Cumulative(Family):
    """Ordered answers of K categories: P(Y <= k) = F(c_k - eta) with thresholds c.

    The response has the codes 1 to K, and psi holds the vector of the K - 1 increasing
    thresholds. A larger eta means higher answers, as in ``clm`` and ``clmm``.

    Parameters
    ----------
    link : {"logit", "probit", "cloglog"}

    References
    ----------
    McCullagh (1980), Regression models for ordinal data, Journal of the Royal Statistical Society
    B 42(2); Christensen, the R package ``ordinal``.

    Examples
    --------
    >>> import numpy as np
    >>> import ranef as rn
    >>> rn.Cumulative().probabilities(0.0, (np.array([-1.0, 1.0]),)).round(3)
    array([0.269, 0.462, 0.269])
    """

    NAME: ClassVar[str] = "cumulative"
    LINKS: ClassVar[tuple[str, ...]] = ("logit", "probit", "cloglog")
    RESPONSE: ClassVar[Response] = "ordered"
    PARTS: ClassVar[tuple[Part, ...]] = ("thresholds",)
    DISCRETE: ClassVar[bool] = True
    MEAN: ClassVar[str] = "answer"
    MEAN_IS_LINKED: ClassVar[bool] = False
    RATIOS: ClassVar[dict[str, str]] = {"logit": "odds ratio", "cloglog": "hazard ratio"}

    link: str = "logit"

    @property
    def title(self) -> str:
        return "cumulative link model"

    @property
    def scale(self) -> str:
        return f"{SCALES[self.link]} of a higher answer"

    @property
    def mean_parts(self) -> tuple[Part, ...]:
        return self.PARTS

    @property
    def predictors(self) -> tuple[float, float]:
        return self.link_function.predictors()

    def core_constants(self, answers: int = 0) -> tuple[float, ...]:
        return (float(answers),)

    def probabilities(self, eta: Array, psi: Psi) -> Array:
        """The probability of each category, shape (..., K)."""
        ends = self._ends(eta, psi)
        link = self.link_function
        assert link.complement is not None
        # Of the two differences that give a probability, the one of the smaller numbers.
        low, high = link.inverse(ends), link.complement(ends)
        return np.where(ends[..., :-1] < 0.0, np.diff(low), -np.diff(high))

    def probability_slopes(self, eta: Array, psi: Psi) -> Array:
        """The derivatives of :meth:`probabilities` in eta, shape (..., K)."""
        return np.negative(np.diff(self.link_function.slope(self._ends(eta, psi))))

    def _ends(self, eta: Array, psi: Psi) -> Array:
        """The thresholds less eta, from minus infinity to infinity."""
        ends = np.concatenate([[-np.inf], np.asarray(psi[0], dtype=np.float64), [np.inf]])
        return np.asarray(ends - np.asarray(eta, dtype=np.float64)[..., None])

    def mean(self, eta: Array, psi: Psi = ()) -> Array:
        """The mean of the codes 1 to K."""
        return np.asarray(1.0 + self.exceedances(eta, psi).sum(-1))

    def exceedances(self, eta: Array, psi: Psi) -> Array:
        """P(Y > k) for k from 1 to K - 1, shape (..., K - 1)."""
        complement = self.link_function.complement
        assert complement is not None
        return complement(self._ends(eta, psi)[..., 1:-1])

    def mean_slope(self, eta: Array, psi: Psi = ()) -> Array:
        return np.asarray(self.link_function.slope(self._ends(eta, psi)[..., 1:-1]).sum(-1))

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        p = self.probabilities(eta, psi)
        apart = np.arange(1, p.shape[-1] + 1) - self.mean(eta, psi)[..., None]
        return np.asarray((p * apart**2).sum(-1))

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        y, eta = together(y, eta)
        return self.link_function.inverse(self._above(y, psi) - eta)

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        y, eta = together(y, eta)
        return self.complement(self._above(y, psi) - eta)

    def _above(self, y: Array, psi: Psi) -> Array:
        """The threshold above each code."""
        ends = np.concatenate([[-np.inf], np.asarray(psi[0], dtype=np.float64), [np.inf]])
        return np.asarray(ends[np.clip(np.floor(y), 0, ends.size - 1).astype(np.intp)])

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, _ = together(eta, weights)
        drawn = rng.random(eta.shape)[..., None]
        return np.asarray(1.0 + (drawn < self.exceedances(eta, psi)).sum(-1))

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        """-2 log of the probability of the answer, times the weight."""
        y, eta, w = together(y, eta, weights)
        p = self.probabilities(eta, psi)
        own = np.take_along_axis(p, y.astype(np.intp)[..., None] - 1, -1)[..., 0]
        with np.errstate(divide="ignore"):
            return np.asarray(-2.0 * w * np.log(own))
