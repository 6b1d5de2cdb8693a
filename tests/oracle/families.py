"""Log-densities of a row, written as a textbook has them; derivatives come from Taylor numbers.

Each family is a function of the response y, the weights w and the predictors eta, psi. All
constants are kept. What psi means:

    gaussian            log sigma^2            variance sigma^2 / w
    gamma               log shape              variance mu^2 / (shape w)
    inverse_gaussian    log phi                variance phi mu^3 / w
    nbinom2             log size               variance mu + mu^2 / size
    nbinom1             log phi                variance mu (1 + phi)
    beta, betabinomial  log phi                shapes mu phi and (1 - mu) phi
    tweedie             log phi                variance phi mu^power
    cumulative          the cut points below and above the answer (not used at either end)
    zero-inflated       the psi of the family without extra zeros, then logit of their probability

The weights of binomial and beta-binomial rows are trials, and y is a proportion. Where no variance
is named, or it has no w, the weights multiply the log-density.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln
from tests.oracle import taylor as t
from tests.oracle.taylor import Array, Taylor

LogDensity = Callable[..., Taylor]
"""(y, w, eta, *psi) to the log-density of every row."""


@dataclass(frozen=True)
class Family:
    """A log-density, and the expected -l'' by row where some program uses it."""

    density: LogDensity
    channels: int = 0
    information: Callable[..., Array] | None = None

    def loglik(self, y: Array, w: Array, eta: Array, psi: Sequence[Array] = ()) -> Array:
        with np.errstate(all="ignore"):  # of rows that `where` leaves out
            return self.density(y, w, t.constant(eta), *(t.constant(p) for p in psi)).value

    def derivatives(
        self, y: Array, w: Array, eta: Array, psi: Sequence[Array], direction: Array
    ) -> Taylor:
        """Taylor coefficients in eta, and in psi along a direction of the channels."""
        ways = [t.variable(p, psi=d) for p, d in zip(psi, direction, strict=True)]
        with np.errstate(all="ignore"):
            return self.density(y, w, t.variable(eta, eta=1.0), *ways)


# From eta to the mean, and for binomial links to the logs of the probability and its complement.
MEANS: dict[str, t.Function] = {
    "identity": lambda x: x,
    "log": t.exp,
    "inverse": lambda x: 1.0 / x,
    "sqrt": lambda x: x * x,
}
BINARY: dict[str, tuple[t.Function, t.Function]] = {
    "logit": (lambda x: -t.softplus(-x), lambda x: -t.softplus(x)),
    "probit": (t.log_normal_cdf, lambda x: t.log_normal_cdf(-x)),
    "cloglog": (lambda x: t.log1mexp(-t.exp(x)), lambda x: -t.exp(x)),
    "cauchit": (t.log_cauchy_cdf, lambda x: t.log_cauchy_cdf(-x)),
}


def log_choose(n: Array, k: Array) -> Array:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def binomial(link: str) -> Family:
    log_p, log_q = BINARY[link]

    def density(y: Array, w: Array, eta: Taylor) -> Taylor:
        p, q = log_p(eta), log_q(eta)
        return log_choose(w, w * y) + (w * y) * p + (w * (1 - y)) * q

    def information(w: Array, eta: Array) -> Array:
        p, q = log_p(t.variable(eta, eta=1.0)), log_q(t.variable(eta, eta=1.0))
        return w * np.exp(p.value - q.value) * p.derivative(1) ** 2

    return Family(density, information=information)


def poisson(link: str) -> Family:
    def density(y: Array, w: Array, eta: Taylor) -> Taylor:
        mu = MEANS[link](eta)
        log_mu = eta if link == "log" else t.log(mu)
        return w * (y * log_mu - mu - gammaln(y + 1))

    return Family(density)


def gaussian(link: str) -> Family:
    def density(y: Array, w: Array, eta: Taylor, psi: Taylor) -> Taylor:
        log_variance = psi - np.log(w)
        residual = y - MEANS[link](eta)
        return -0.5 * (
            np.log(2 * np.pi) + log_variance + residual * residual * t.exp(-log_variance)
        )

    return Family(density, 1)


def gamma(link: str) -> Family:
    def density(y: Array, w: Array, eta: Taylor, psi: Taylor) -> Taylor:
        shape = w * t.exp(psi)
        log_mu = {"log": lambda x: x, "inverse": lambda x: -t.log(x)}[link](eta)
        rate = shape * t.exp(-log_mu)
        return (
            shape * (t.log(shape) - log_mu) - t.lgamma(shape) + (shape - 1) * np.log(y) - y * rate
        )

    return Family(density, 1)


def inverse_gaussian(link: str) -> Family:
    means = {**MEANS, "1/mu^2": lambda x: x**-0.5}

    def density(y: Array, w: Array, eta: Taylor, psi: Taylor) -> Taylor:
        mu = means[link](eta)
        log_phi = psi - np.log(w)
        z = (y - mu) / mu
        return -0.5 * (np.log(2 * np.pi * y**3) + log_phi + z * z * t.exp(-log_phi) / y)

    return Family(density, 1)


def log_nbinom(y: Array, eta: Taylor, log_size: Taylor) -> Taylor:
    """Counts of mean exp(eta) and variance mu + mu^2 / size."""
    size = t.exp(log_size)
    log_p = -t.softplus(eta - log_size)  # size / (size + mu)
    log_q = -t.softplus(log_size - eta)
    return t.lgamma(y + size) - t.lgamma(size) - gammaln(y + 1) + size * log_p + y * log_q


def nbinom2() -> Family:
    return Family(lambda y, w, eta, psi: w * log_nbinom(y, eta, psi), 1)


def nbinom1() -> Family:
    return Family(lambda y, w, eta, psi: w * log_nbinom(y, eta, eta - psi), 1)


def beta() -> Family:
    def density(y: Array, w: Array, eta: Taylor, psi: Taylor) -> Taylor:
        phi = t.exp(psi)
        a, b = phi * t.exp(-t.softplus(-eta)), phi * t.exp(-t.softplus(eta))
        log_beta = t.lgamma(a) + t.lgamma(b) - t.lgamma(phi)
        return w * ((a - 1) * np.log(y) + (b - 1) * np.log1p(-y) - log_beta)

    return Family(density, 1)


def betabinomial() -> Family:
    def density(y: Array, w: Array, eta: Taylor, psi: Taylor) -> Taylor:
        phi = t.exp(psi)
        a, b = phi * t.exp(-t.softplus(-eta)), phi * t.exp(-t.softplus(eta))
        k = w * y
        above = t.lgamma(a + k) + t.lgamma(b + (w - k)) - t.lgamma(phi + w)
        return log_choose(w, k) + above - t.lgamma(a) - t.lgamma(b) + t.lgamma(phi)

    return Family(density, 1)


def tweedie(power: float) -> Family:
    """A Poisson number of gamma amounts: the density is a series (Dunn & Smyth 2005, eq. 3)."""
    alpha = (2 - power) / (1 - power)

    def density(y: Array, w: Array, eta: Taylor, psi: Taylor) -> Taylor:
        j = np.arange(1.0, 300.0)[:, None]
        at = np.where(y > 0, y, 1.0)
        terms = (
            -j * alpha * np.log(at)
            + j * alpha * np.log(power - 1)
            - j * (1 - alpha) * psi.value
            - j * np.log(2 - power)
            - gammaln(j + 1)
            - gammaln(-j * alpha)
        )
        series = np.logaddexp.reduce(terms, axis=0)
        share = np.exp(terms - series)  # derivatives in psi are cumulants of j
        mean = np.sum(share * j, axis=0)
        variance = np.sum(share * (j - mean) ** 2, axis=0)
        slope, zero = alpha - 1, np.zeros_like(mean)
        log_series = t.compose(psi, [series, slope * mean, slope**2 * variance, zero, zero])
        scaled_mean = t.exp((2 - power) * eta - psi) / (2 - power)
        scaled = t.exp((1 - power) * eta - psi) * (at / (1 - power))
        positive = log_series - np.log(at) + scaled - scaled_mean
        return w * t.where(y > 0, positive, -scaled_mean)

    return Family(density, 1)


def cumulative(link: str) -> Family:
    """Ordered answers, F(above - eta) - F(below - eta); y is -1, 0, 1: lowest, middle, highest."""
    log_f, log_s = BINARY[link]

    def density(y: Array, w: Array, eta: Taylor, below: Taylor, above: Taylor) -> Taylor:
        low, high = log_f(above - eta), log_s(below - eta)
        # log(F(b) - F(a)) = log F(b) + log(1 - F(a)/F(b)), by the tail that is small.
        f = low + t.log1mexp(log_f(below - eta) - low)
        s = high + t.log1mexp(log_s(above - eta) - high)
        middle = t.where(above.value + below.value < 2 * eta.value, f, s)
        return w * t.where(y < 0, low, t.where(y > 0, high, middle))

    return Family(density, 2)


def truncated(family: Family) -> Family:
    """Counts of a family given that they are not zero."""

    def density(y: Array, w: Array, eta: Taylor, *psi: Taylor) -> Taylor:
        one = np.ones_like(y)
        at_zero = family.density(np.zeros_like(y), one, eta, *psi)
        return w * (family.density(y, one, eta, *psi) - t.log1mexp(at_zero))

    return Family(density, family.channels)


def zero_inflated(family: Family) -> Family:
    """Zeros with a probability, else a count of the family."""

    def density(y: Array, w: Array, eta: Taylor, *psi: Taylor) -> Taylor:
        *own, logit = psi
        one = np.ones_like(y)
        count = family.density(y, one, eta, *own) - t.softplus(logit)
        at_zero = family.density(np.zeros_like(y), one, eta, *own)
        zero = at_zero - t.softplus(logit) + t.softplus(logit - at_zero)
        return w * t.where(y == 0, zero, count)

    return Family(density, family.channels + 1)


FAMILIES: dict[str, Family] = {
    **{f"binomial({link})": binomial(link) for link in BINARY},
    **{f"poisson({link})": poisson(link) for link in ("log", "sqrt", "identity")},
    **{f"gaussian({link})": gaussian(link) for link in ("identity", "log", "inverse")},
    **{f"gamma({link})": gamma(link) for link in ("log", "inverse")},
    **{f"inverse_gaussian({link})": inverse_gaussian(link) for link in ("log", "1/mu^2")},
    "nbinom2(log)": nbinom2(),
    "nbinom1(log)": nbinom1(),
    "beta(logit)": beta(),
    "betabinomial(logit)": betabinomial(),
    "tweedie(1.5)": tweedie(1.5),
    **{f"cumulative({link})": cumulative(link) for link in BINARY},
    "truncated_poisson(log)": truncated(poisson("log")),
    "truncated_nbinom2(log)": truncated(nbinom2()),
    "zero_inflated_poisson(log)": zero_inflated(poisson("log")),
    "zero_inflated_nbinom2(log)": zero_inflated(nbinom2()),
}
