"""The interface of a family: the distribution of a row's response, given its linear predictor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar, Literal

import numpy as np

from ranef.errors import OptionError, suggestion
from ranef.family.links import LINKS, Link
from ranef.options import shown
from ranef.page.shown import Call
from ranef.types import Array

__all__ = ["SCALES", "Boundary", "Family", "Part", "Psi", "Response", "Weights", "together"]

Part = Literal["dispersion", "zero", "thresholds"]
Response = Literal[
    "binary", "count", "positive count", "real", "positive", "not negative", "proportion", "ordered"
]
Weights = Literal["trials", "dispersion", "density"]
Psi = Sequence[Array | float]
"""The other predictors in the order of `Family.parts`: a number, or one for each row, each. That of
thresholds is the vector of all of them."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """An end of one of the other predictors, at which the family is a simpler one.

    Attributes
    ----------
    part : {"dispersion", "zero"}
    sign : int
        1 if the predictor goes to infinity, -1 if it goes to minus infinity.
    becomes : Family
    words : str
    """

    part: Part
    sign: int
    becomes: Family
    words: str


class Family(Call, ABC):
    """A family with its link: a frozen record, equal to any other of the same name and link.

    Methods take arrays of one shape, or what broadcasts to it: the response `y`, the linear
    predictor `eta`, the other predictors `psi` (see `parts`), and the weights of the rows, which
    are all 1 if they are None. Weights are the trials of "binary" responses; if `WEIGHTS` is
    "dispersion", they divide the variance; if it is "density", they multiply the log-density of a
    row and do not change its distribution.

    Attributes
    ----------
    NAME : str
    LINKS : tuple of str
        The links there are, the default first.
    RESPONSE : str
        What the response may be.
    MEANS : (float, float)
        Between which the mean of the linear predictor lies, open.
    PARTS : tuple of str
        The other predictors: of "dispersion", "zero" and "thresholds".
    WEIGHTS : {"trials", "dispersion", "density"}
    DISCRETE : bool
        Whether the response takes whole numbers (of successes, in a proportion) alone.
    SIGMA : (str, float) or None
        The name of the reported dispersion, and c: it is exp(c psi).
    MEAN : str
        What the inverse link of eta is, in words.
    RATIOS : mapping of str to str
        What exp(beta) is, by link.
    MEAN_IS_LINKED : bool
        Whether the mean of the response is the inverse link of eta, times a number that does not
        depend on eta.
    DISPERSION_APART : bool
        Whether deviances and Pearson residuals leave out the dispersion, as those of R do. It is 1
        where psi is 0.
    """

    __slots__ = ()

    NAME: ClassVar[str]
    LINKS: ClassVar[tuple[str, ...]]
    RESPONSE: ClassVar[Response]
    MEANS: ClassVar[tuple[float, float]] = (-inf, inf)
    PARTS: ClassVar[tuple[Part, ...]] = ()
    WEIGHTS: ClassVar[Weights] = "density"
    DISCRETE: ClassVar[bool] = False
    SIGMA: ClassVar[tuple[str, float] | None] = None
    MEAN: ClassVar[str] = "mean"
    RATIOS: ClassVar[Mapping[str, str]] = {}
    MEAN_IS_LINKED: ClassVar[bool] = True
    DISPERSION_APART: ClassVar[bool] = False

    @property
    @abstractmethod
    def link(self) -> str:
        """The name of the link."""

    def __post_init__(self) -> None:
        if not isinstance(self.link, str) or self.link not in self.LINKS:
            near = "" if self.link in list(LINKS) else suggestion(self.link, self.LINKS)
            raise OptionError(
                f"{self.name} has no link {shown(self.link)}",
                found=f"links {', '.join(self.LINKS)}",
                fix=near or f'leave it out for the default, as in family="{self.name}"',
            )

    # Names and words.

    @property
    def name(self) -> str:
        """As in ``family="poisson"``."""
        return self.NAME

    @property
    def core_name(self) -> str:
        """The name in the core."""
        return self.name

    @property
    def constants(self) -> tuple[float, ...]:
        """Known parameters: the power of a Tweedie family."""
        return ()

    def core_constants(self, answers: int = 0) -> tuple[float, ...]:
        """What the core takes as constants; `answers` is the number of categories of a response."""
        return self.constants

    @property
    def parts(self) -> tuple[Part, ...]:
        """The other predictors, in the order of `psi`."""
        return self.PARTS

    @property
    def means_of_response(self) -> tuple[float, float]:
        """Between which the mean of the response lies, open."""
        return self.MEANS

    @property
    def mean_parts(self) -> tuple[Part, ...]:
        """The other predictors that the mean of the response depends on."""
        return ()

    @property
    def link_function(self) -> Link:
        """The link."""
        return LINKS[self.link]

    @property
    def text(self) -> str:
        """What `family=` reads back as this family: ``"binomial(probit)"``."""
        inside = [f"{constant:g}" for constant in self.constants]
        inside += [self.link] if self.link != self.LINKS[0] else []
        return f"{self.name}({', '.join(inside)})" if inside else self.name

    @property
    def title(self) -> str:
        """For sentences: ``"negative binomial"``."""
        return self.name.replace("_", " ")

    @property
    def words(self) -> str:
        """``"binomial with a logit link"``."""
        return f"{self.title} with {self.link_function.words}"

    @property
    def scale(self) -> str:
        """The scale of the linear predictor: ``"log odds"``, ``"log of the mean count"``."""
        return SCALES[self.link].format(self.MEAN)

    @property
    def ratio(self) -> str | None:
        """What exp(beta) is, ``"odds ratio"``; None if it has no name."""
        return self.RATIOS.get(self.link)

    @property
    def dispersion_name(self) -> str | None:
        """Name of the reported dispersion, ``"size"``; None if there is none."""
        return None if self.SIGMA is None else self.SIGMA[0]

    def dispersion(self, psi: Array | float) -> Array:
        """The reported dispersion, that of glmmTMB's ``sigma()``, of its predictor."""
        if self.SIGMA is None:
            raise TypeError(f"{self.name} has no dispersion")
        return np.asarray(np.exp(self.SIGMA[1] * np.asarray(psi)))

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        """Where it becomes a simpler family."""
        return ()

    @property
    def predictors(self) -> tuple[float, float]:
        """Between which eta lies, open."""
        return self.link_function.predictors(*self.MEANS)

    # Numbers.

    def mean(self, eta: Array, psi: Psi = ()) -> Array:
        """The mean of the response."""
        return self.link_function.inverse(np.asarray(eta))

    def complement(self, eta: Array) -> Array:
        """1 less the inverse link of eta without cancellation, if that is a probability."""
        complement = self.link_function.complement
        if complement is None:
            raise TypeError(f"the mean of {self.name} is not a probability")
        return complement(np.asarray(eta))

    def mean_slope(self, eta: Array, psi: Psi = ()) -> Array:
        """The derivative of :meth:`mean` in eta, for the delta method."""
        return self.link_function.slope(np.asarray(eta))

    @abstractmethod
    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        """The variance of the response."""

    @abstractmethod
    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        """P(Y <= y), accurate if it is small."""

    @abstractmethod
    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        """P(Y > y), accurate if it is small."""

    def below(self, y: Array, weights: Array | None = None) -> Array:
        """The largest possible response below `y`; `y` itself if it is continuous."""
        y, m = together(y, weights if self.WEIGHTS == "trials" else None)
        return (np.rint(y * m) - 1.0) / m if self.DISCRETE else y

    def cdf_below(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        """P(Y < y)."""
        return self.cdf(self.below(y, weights), eta, psi, weights)

    def at_least(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        """P(Y >= y)."""
        return self.survival(self.below(y, weights), eta, psi, weights)

    @abstractmethod
    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        """Responses drawn at random, of the shape of all arrays together."""

    @abstractmethod
    def unit_deviance(
        self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
    ) -> Array:
        """The contribution of each row to the deviance, not negative.

        Twice the log-density at the best eta for the row, with the other predictors held, less
        that at its eta. Gaussian, gamma, inverse Gaussian and Tweedie leave out the division by the
        dispersion, as R's ``dev.resids`` does.
        """


SCALES = {
    "logit": "log odds",
    "probit": "probits",
    "cloglog": "log of the cumulative hazard",
    "cauchit": "quantiles of the Cauchy distribution",
    "log": "log of the {}",
    "sqrt": "square root of the {}",
    "identity": "{}",
    "inverse": "inverse of the {}",
    "1/mu^2": "inverse square of the {}",
}
"""What eta is, by link, where {} stands for what the inverse link is."""


def together(*values: Any) -> tuple[Array, ...]:
    """Arrays of floats, broadcast to one shape."""
    return tuple(
        np.broadcast_arrays(
            *(np.asarray(1.0 if v is None else v, dtype=np.float64) for v in values)
        )
    )
