"""Hurdle models: whether a count is zero, and by another model the counts that are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.family.base import Boundary, Family, Part, Psi, together
from ranef.family.extra_zeros import ExtraZeros
from ranef.family.poisson import RATES
from ranef.family.truncated import Truncated, TruncatedNegativeBinomial, TruncatedPoisson
from ranef.types import Array

__all__ = ["Hurdle", "HurdleNegativeBinomial", "HurdlePoisson"]


class Hurdle(ExtraZeros):
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
    MEAN: ClassVar[str] = "mean of the counts above zero, before they were truncated"
    RATIOS: ClassVar[dict[str, str]] = RATES
    MEAN_IS_LINKED: ClassVar[bool] = False

    @property
    def rest(self) -> Family:
        return self.POSITIVE

    @property
    def mean_parts(self) -> tuple[Part, ...]:
        return self.parts

    @property
    def title(self) -> str:
        return f"hurdle {self.POSITIVE.title.removeprefix('zero-truncated ')}"

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        inner = [
            Boundary(bound.part, bound.sign, simpler, bound.words)
            for bound, simpler in zip(self.POSITIVE.boundaries, self.SIMPLER, strict=True)
        ]
        return (Boundary("zero", -1, self.POSITIVE, "the probability of a zero is zero"), *inner)

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        """A zero does not depend on eta, and has a deviance of zero."""
        y, eta, w = together(y, eta, weights)
        counts = self.POSITIVE.unit_deviance(np.maximum(y, 1.0), eta, psi[:-1], w)
        return np.asarray(np.where(y > 0.0, counts, 0.0))


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
