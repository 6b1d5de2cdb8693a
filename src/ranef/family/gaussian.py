"""Numbers with a normal distribution around a mean that a link relates to the predictors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.family.base import Family, Part, Psi, Response, Weights, together
from ranef.family.gamma import MEANS_RATIO
from ranef.types import Array

__all__ = ["Gaussian"]


@dataclass(frozen=True, slots=True)
class Gaussian(Family):
    """Numbers with a normal distribution of variance sigma^2 / weight; psi is log sigma^2.

    With the identity link this is a linear mixed model, which :func:`ranef.lmm` fits exactly.

    Parameters
    ----------
    link : {"identity", "log"}

    Examples
    --------
    >>> import ranef as rn
    >>> rn.Gaussian(link="log").words, rn.Gaussian(link="log").ratio
    ('Gaussian with a log link', 'ratio of means')
    """

    NAME: ClassVar[str] = "gaussian"
    LINKS: ClassVar[tuple[str, ...]] = ("identity", "log")
    RESPONSE: ClassVar[Response] = "real"
    PARTS: ClassVar[tuple[Part, ...]] = ("dispersion",)
    WEIGHTS: ClassVar[Weights] = "dispersion"
    SIGMA: ClassVar[tuple[str, float] | None] = ("sigma", 0.5)
    DISPERSION_APART: ClassVar[bool] = True
    RATIOS: ClassVar[dict[str, str]] = MEANS_RATIO

    link: str = "identity"

    @property
    def title(self) -> str:
        return "Gaussian"

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        _, psi0, w = together(eta, psi[0], weights)
        return np.asarray(np.exp(psi0) / w)

    def _standard(self, y: Array, eta: Array, psi: Psi, weights: Array | None) -> Array:
        y, eta, psi0, w = together(y, eta, psi[0], weights)
        return np.asarray((y - self.mean(eta)) * np.sqrt(w) * np.exp(-0.5 * psi0))

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        from scipy.special import ndtr

        return np.asarray(ndtr(self._standard(y, eta, psi, weights)))

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        from scipy.special import ndtr

        return np.asarray(ndtr(-self._standard(y, eta, psi, weights)))

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, psi0, w = together(eta, psi[0], weights)
        return self.mean(eta) + np.exp(0.5 * psi0) / np.sqrt(w) * rng.standard_normal(eta.shape)

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        y, eta, w = together(y, eta, weights)
        return np.asarray(w * np.square(y - self.mean(eta)))
