"""Hurdle models: one model of whether a count is zero, and one of the counts that are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ranef.family.base import Response
from ranef.family.binomial import Binomial
from ranef.family.truncated import Truncated, TruncatedNegativeBinomial, TruncatedPoisson

__all__ = ["Hurdle", "HurdleNegativeBinomial", "HurdlePoisson"]


class Hurdle:
    """A pair of families that are fitted one by one: their likelihoods share no parameter.

    References
    ----------
    Mullahy (1986), Specification and testing of some modified count data models, Journal of
    Econometrics 33(3).
    """

    __slots__ = ()

    NAME: ClassVar[str]
    POSITIVE: ClassVar[type[Truncated]]
    RESPONSE: ClassVar[Response] = "count"

    @property
    def name(self) -> str:
        """As in ``family="hurdle_poisson"``."""
        return self.NAME

    @property
    def text(self) -> str:
        """What `family=` reads back as this."""
        return self.NAME

    @property
    def zero(self) -> Binomial:
        """The family of whether a count is above zero."""
        return Binomial()

    @property
    def positive(self) -> Truncated:
        """The family of the counts above zero."""
        return self.POSITIVE()

    @property
    def words(self) -> str:
        """For sentences."""
        return (
            f"hurdle model: {self.zero.words} of counts above zero, and {self.positive.words} "
            "of these counts"
        )


@dataclass(frozen=True, slots=True)
class HurdlePoisson(Hurdle):
    """Whether a count is above zero, and Poisson counts above zero.

    Examples
    --------
    >>> import ranef as rn
    >>> rn.HurdlePoisson().positive
    TruncatedPoisson(link='log')
    """

    NAME: ClassVar[str] = "hurdle_poisson"
    POSITIVE: ClassVar[type[Truncated]] = TruncatedPoisson


@dataclass(frozen=True, slots=True)
class HurdleNegativeBinomial(Hurdle):
    """Whether a count is above zero, and negative binomial counts above zero.

    Examples
    --------
    >>> import ranef as rn
    >>> rn.HurdleNegativeBinomial().name
    'hurdle_nbinom2'
    """

    NAME: ClassVar[str] = "hurdle_nbinom2"
    POSITIVE: ClassVar[type[Truncated]] = TruncatedNegativeBinomial
