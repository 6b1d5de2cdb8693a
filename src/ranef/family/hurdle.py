"""Hurdle models: whether a count is zero, and by another model the counts that are not."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np

from ranef.family.base import Boundary, Family, Part, Psi, Response, together
from ranef.family.poisson import RATES
from ranef.family.truncated import Truncated, TruncatedNegativeBinomial, TruncatedPoisson
from ranef.types import Array

__all__ = ["Hurdle", "HurdleNegativeBinomial", "HurdlePoisson"]


class Hurdle(Family):
    """Counts that are zero with the probability pi, and of a truncated family otherwise.

    The last entry of psi is the logit of pi; those before it belong to the truncated family. Unlike
    the zeros of a zero-inflated family, those of a hurdle model say nothing about the counts.

    References
    ----------
    Mullahy (1986), Specification and testing of some modified count data models, Journal of
    Econometrics 33(3).
    """

    __slots__ = ()

    POSITIVE: ClassVar[Truncated]
    SIMPLER: ClassVar[tuple[Family, ...]] = ()
    """With the families that `POSITIVE` becomes at its boundaries, in their order."""

    LINKS: ClassVar[tuple[str, ...]] = ("log",)
    RESPONSE: ClassVar[Response] = "count"
    MEANS: ClassVar[tuple[float, float]] = (0.0, inf)
    DISCRETE: ClassVar[bool] = True
    MEAN: ClassVar[str] = "mean of the counts above zero, before they were truncated"
    RATIOS: ClassVar[dict[str, str]] = RATES
    MEAN_IS_LINKED: ClassVar[bool] = False

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.POSITIVE.parts, "zero")

    @property
    def mean_parts(self) -> tuple[Part, ...]:
        return self.parts

    @property
    def title(self) -> str:
        return f"hurdle {self.POSITIVE.title.removeprefix('zero-truncated ')}"

    @property
    def dispersion_name(self) -> str | None:
        return self.POSITIVE.dispersion_name

    def dispersion(self, psi: Array | float) -> Array:
        return self.POSITIVE.dispersion(psi)

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        inner = [
            Boundary(bound.part, bound.sign, simpler, bound.words)
            for bound, simpler in zip(self.POSITIVE.boundaries, self.SIMPLER, strict=True)
        ]
        return (Boundary("zero", -1, self.POSITIVE, "the probability of a zero is zero"), *inner)

    def mean(self, eta: Array, psi: Psi = ()) -> Array:
        return _above(psi) * self.POSITIVE.mean(eta, psi[:-1])

    def mean_slope(self, eta: Array, psi: Psi = ()) -> Array:
        return _above(psi) * self.POSITIVE.mean_slope(eta, psi[:-1])

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        mean = self.POSITIVE.mean(eta, psi[:-1])
        inner = self.POSITIVE.variance(eta, psi[:-1], weights)
        return _above(psi) * (inner + _zero(psi) * mean**2)

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        made = _zero(psi) + _above(psi) * self.POSITIVE.cdf(y, eta, psi[:-1], weights)
        return np.where(np.asarray(y) < 0.0, 0.0, np.minimum(made, 1.0))

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        made = _above(psi) * self.POSITIVE.survival(y, eta, psi[:-1], weights)
        return np.where(np.asarray(y) < 0.0, 1.0, made)

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, zero, _ = together(eta, _zero(psi), weights)
        counts = self.POSITIVE.simulate(rng, eta, psi[:-1], weights)
        return np.where(rng.random(counts.shape) < zero, 0.0, counts)

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        """A zero does not depend on eta, and has a deviance of zero."""
        y, eta, w = together(y, eta, weights)
        counts = self.POSITIVE.unit_deviance(np.maximum(y, 1.0), eta, psi[:-1], w)
        return np.asarray(np.where(y > 0.0, counts, 0.0))


def _zero(psi: Psi) -> Array:
    """The probability of a zero."""
    from scipy.special import expit

    return np.asarray(expit(np.asarray(psi[-1], dtype=np.float64)))


def _above(psi: Psi) -> Array:
    """The probability of a count above zero."""
    from scipy.special import expit

    return np.asarray(expit(-np.asarray(psi[-1], dtype=np.float64)))


@dataclass(frozen=True, slots=True)
class HurdlePoisson(Hurdle):
    """Whether a count is zero, and Poisson counts above zero.

    Parameters
    ----------
    link : {"log"}

    Examples
    --------
    >>> import ranef as rn
    >>> rn.HurdlePoisson().mean(0.0, (0.0,)).round(4).item()
    0.791
    """

    NAME: ClassVar[str] = "hurdle_poisson"
    POSITIVE: ClassVar[Truncated] = TruncatedPoisson()

    link: str = "log"


@dataclass(frozen=True, slots=True)
class HurdleNegativeBinomial(Hurdle):
    """Whether a count is zero, and negative binomial counts of kind 2 above zero.

    The entries of psi are the log size and the logit of the probability of a zero.

    Parameters
    ----------
    link : {"log"}

    Examples
    --------
    >>> import ranef as rn
    >>> rn.HurdleNegativeBinomial().parts
    ('dispersion', 'zero')
    """

    NAME: ClassVar[str] = "hurdle_nbinom2"
    POSITIVE: ClassVar[Truncated] = TruncatedNegativeBinomial()
    SIMPLER: ClassVar[tuple[Family, ...]] = (HurdlePoisson(),)

    link: str = "log"
