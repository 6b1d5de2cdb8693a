"""Zeros beside those of a family of counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.errors import OptionError
from ranef.family.base import Boundary, Family, Part, Psi, together
from ranef.family.extra_zeros import ExtraZeros
from ranef.types import Array

__all__ = ["ZeroInflated"]


@dataclass(frozen=True, slots=True)
class ZeroInflated(ExtraZeros):
    """A family of counts, replaced by a zero with the probability pi.

    The last entry of psi is the logit of pi; those before it belong to the base.

    Parameters
    ----------
    base : Family

    References
    ----------
    Lambert (1992), Zero-inflated Poisson regression, Technometrics 34(1).

    Examples
    --------
    >>> import ranef as rn
    >>> from ranef.family import ZeroInflated
    >>> family = ZeroInflated(rn.Poisson())
    >>> family.words, family.mean(0.0, (0.0,)).item()
    ('zero-inflated Poisson with a log link', 0.5)
    """

    NAME: ClassVar[str] = "zero_inflated"
    LINKS: ClassVar[tuple[str, ...]] = ("log",)

    base: Family

    def __post_init__(self) -> None:
        if self.base.RESPONSE != "count":
            raise OptionError(
                f"the {self.base.name} family has no zero inflation",
                found=f"zero_inflation= with family={self.base.text!r}",
                fix="it is for counts: poisson, nbinom2 and nbinom1"
                + ("; hurdle models are for counts without zeros" if self.base.DISCRETE else ""),
            )
        Family.__post_init__(self)

    @property
    def rest(self) -> Family:
        return self.base

    @property
    def link(self) -> str:
        return self.base.link

    @property
    def name(self) -> str:
        return f"{self.NAME}_{self.base.name}"

    @property
    def mean_parts(self) -> tuple[Part, ...]:
        return (*self.base.mean_parts, "zero")

    @property
    def title(self) -> str:
        return f"zero-inflated {self.base.title}"

    @property
    def scale(self) -> str:
        return self.base.scale

    @property
    def ratio(self) -> str | None:
        return self.base.ratio

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        words = "the probability of an extra zero is zero"
        inner = [
            Boundary(b.part, b.sign, ZeroInflated(b.becomes), b.words) for b in self.base.boundaries
        ]
        return (Boundary("zero", -1, self.base, words), *inner)

    @property
    def predictors(self) -> tuple[float, float]:
        return self.base.predictors

    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        y, eta, w = together(y, eta, weights)
        none = self.cdf(np.zeros_like(y), eta, psi)
        of_zero = np.where(none > 0.5, np.log1p(-self.survival(0.0 * y, eta, psi)), np.log(none))
        inner = self.base.unit_deviance(y, eta, psi[:-1], weights)
        return np.asarray(np.where(y == 0.0, -2.0 * w * of_zero, inner))
