"""Link functions: what the linear predictor eta is of the mean mu.

All are accurate in the tails: a probability near 1 has its complement computed by itself. NumPy is
all that loading this file costs; SciPy is imported where it works.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, pi, sqrt

import numpy as np

from ranef.types import Array

__all__ = ["LINKS", "Link"]

Function = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Link:
    """A link function and its inverse.

    Attributes
    ----------
    name : str
    words : str
        As in "a binomial model with a logit link".
    function : callable
        eta of mu.
    inverse, slope, bend : callable
        mu of eta, and its first and second derivative in eta.
    complement : callable or None
        1 - mu of eta without cancellation, if mu is a probability.
    means : (float, float)
        Between which mu lies, open.
    latent_variance : float or None
        Variance of the distribution whose cumulative distribution function is the inverse link,
        if that is one and has a variance.
    """

    name: str
    words: str
    function: Function = field(repr=False)
    inverse: Function = field(repr=False)
    slope: Function = field(repr=False)
    bend: Function = field(repr=False)
    complement: Function | None = field(default=None, repr=False)
    means: tuple[float, float] = (-inf, inf)
    latent_variance: float | None = None

    def predictors(self, low: float = -inf, high: float = inf) -> tuple[float, float]:
        """Between which eta lies if mu lies between `low` and `high`, open."""
        ends = np.array([max(low, self.means[0]), min(high, self.means[1])])
        with np.errstate(divide="ignore"):
            a, b = self.function(ends).tolist()
        return min(a, b), max(a, b)


def _logit(mu: Array) -> Array:
    from scipy.special import logit

    return np.asarray(logit(mu))


def _expit(eta: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(eta))


def _logit_slope(eta: Array) -> Array:
    return _expit(eta) * _expit(-eta)


def _logit_bend(eta: Array) -> Array:
    return -_logit_slope(eta) * np.tanh(0.5 * eta)


def _probit(mu: Array) -> Array:
    from scipy.special import ndtri

    return np.asarray(ndtri(mu))


def _normal_cdf(eta: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(eta))


def _normal_density(eta: Array) -> Array:
    return np.asarray(np.exp(-0.5 * np.square(eta)) / sqrt(2.0 * pi))


def _exp(eta: Array) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.exp(eta))


def _cloglog(mu: Array) -> Array:
    return np.asarray(np.log(-np.log1p(-mu)))


def _cloglog_slope(eta: Array) -> Array:
    return _exp(np.minimum(eta, 700.0) - _exp(np.minimum(eta, 700.0)))


def _cauchit(mu: Array) -> Array:
    return np.asarray(np.where(mu < 0.5, -1.0, 1.0) / np.tan(pi * np.minimum(mu, 1.0 - mu)))


def _cauchit_bend(eta: Array) -> Array:
    return -2.0 * eta / (pi * np.square(1.0 + np.square(eta)))


LINKS = {
    link.name: link
    for link in (
        Link(
            "logit",
            "a logit link",
            _logit,
            _expit,
            _logit_slope,
            _logit_bend,
            lambda eta: _expit(-eta),
            means=(0.0, 1.0),
            latent_variance=pi**2 / 3.0,
        ),
        Link(
            "probit",
            "a probit link",
            _probit,
            _normal_cdf,
            _normal_density,
            lambda eta: -eta * _normal_density(eta),
            lambda eta: _normal_cdf(-eta),
            means=(0.0, 1.0),
            latent_variance=1.0,
        ),
        Link(
            "cloglog",
            "a complementary log-log link",
            _cloglog,
            lambda eta: -np.expm1(-_exp(eta)),
            _cloglog_slope,
            lambda eta: _cloglog_slope(eta) * -np.expm1(np.minimum(eta, 700.0)),
            lambda eta: _exp(-_exp(eta)),
            means=(0.0, 1.0),
            latent_variance=pi**2 / 6.0,
        ),
        # The arctangent of a quotient keeps the digits of small probabilities.
        Link(
            "cauchit",
            "a cauchit link",
            _cauchit,
            lambda eta: np.arctan2(1.0, -eta) / pi,
            lambda eta: 1.0 / (pi * (1.0 + np.square(eta))),
            _cauchit_bend,
            lambda eta: np.arctan2(1.0, eta) / pi,
            means=(0.0, 1.0),
        ),
        Link(
            "log",
            "a log link",
            np.log,
            _exp,
            _exp,
            _exp,
            means=(0.0, inf),
        ),
        Link(
            "sqrt",
            "a square root link",
            np.sqrt,
            np.square,
            lambda eta: 2.0 * eta,
            lambda eta: np.full_like(eta, 2.0),
            means=(0.0, inf),
        ),
        Link(
            "identity",
            "an identity link",
            np.asarray,
            np.asarray,
            np.ones_like,
            np.zeros_like,
        ),
        Link(
            "inverse",
            "an inverse link",
            lambda mu: 1.0 / mu,
            lambda eta: 1.0 / eta,
            lambda eta: -(eta**-2.0),
            lambda eta: 2.0 * eta**-3.0,
            means=(0.0, inf),
        ),
        Link(
            "1/mu^2",
            "an inverse squared link",
            lambda mu: mu**-2.0,
            lambda eta: eta**-0.5,
            lambda eta: -0.5 * eta**-1.5,
            lambda eta: 0.75 * eta**-2.5,
            means=(0.0, inf),
        ),
    )
}
"""By name."""
