"""Every family and link: its log-density from SciPy, and responses that it could have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import special, stats

from ranef import _core
from ranef.types import Array

__all__ = ["CASES", "Case", "Rows", "rows_of"]

N = 61  # not a multiple of the four rows that loops take at once
ANSWERS = 4
POWER = 1.4

CDF: dict[str, Callable[[Any], Any]] = {
    "logit": special.expit,
    "probit": special.ndtr,
    "cloglog": lambda x: -np.expm1(-np.exp(x)),
    "cauchit": lambda x: 0.5 + np.arctan(x) / np.pi,
}
REST: dict[str, Callable[[Any], Any]] = {  # 1 - CDF, in full
    "logit": lambda x: special.expit(-x),
    "probit": lambda x: special.ndtr(-x),
    "cloglog": lambda x: np.exp(-np.exp(x)),
    "cauchit": lambda x: 0.5 - np.arctan(x) / np.pi,
}
MEAN: dict[str, Callable[[Any], Any]] = {
    "log": np.exp,
    "identity": lambda x: x,
    "sqrt": np.square,
    "inverse": lambda x: 1 / x,
    "1/mu^2": lambda x: 1 / np.sqrt(x),
}


class Case(NamedTuple):
    """A family with a link, and the constants that it takes."""

    name: str
    link: str
    channels: int = 0
    constants: tuple[float, ...] = ()

    def rows(self, order: int, rows: Rows) -> tuple[Any, Any, Any]:
        return _core.family_rows(*self.made, order, rows.eta, rows.psi, rows.y, rows.weights)

    def expected(self, rows: Rows) -> Array:
        return _core.family_expected(*self.made, rows.eta, rows.psi, rows.y, rows.weights)

    def start(self, rows: Rows) -> tuple[Array, Array]:
        return _core.family_start(*self.made, rows.y, rows.weights)

    def facts(self) -> tuple[bool, list[float]]:
        return _core.family_facts(*self.made)

    @property
    def made(self) -> tuple[str, str, list[float]]:
        return self.name, self.link, list(self.constants)

    @property
    def trials(self) -> bool:
        return "binomial" in self.name

    @property
    def positive(self) -> bool:
        """Whether the predictor has to be positive."""
        unbounded = self.name == "gaussian" or self.link == "log" or self.link in CDF
        return not unbounded

    def density(self, rows: Rows) -> Array:
        """The log-density, from SciPy's."""
        return DENSITIES[self.name](self.link, rows)


class Rows(NamedTuple):
    """What a family is called with."""

    eta: Array
    psi: list[Array]
    y: Array
    weights: Array | None

    def moved(self, eta: float = 0.0, psi: Sequence[float] = ()) -> Rows:
        moved = [one + by for one, by in zip(self.psi, psi, strict=True)] if psi else self.psi
        return self._replace(eta=self.eta + eta, psi=moved)

    @property
    def w(self) -> Array:
        return np.ones_like(self.y) if self.weights is None else self.weights


LINKS = {
    "binomial": ("logit", "probit", "cloglog", "cauchit"),
    "poisson": ("log", "sqrt", "identity"),
    "gamma": ("log", "inverse", "identity"),
    "gaussian": ("identity", "log"),
    "inverse_gaussian": ("log", "1/mu^2"),
    "nbinom2": ("log",),
    "nbinom1": ("log",),
    "beta": ("logit", "probit", "cloglog"),
    "betabinomial": ("logit", "probit", "cloglog"),
    "tweedie": ("log",),
    "cumulative": ("logit", "probit", "cloglog"),
    "truncated_poisson": ("log",),
    "truncated_nbinom2": ("log",),
    "hurdle_poisson": ("log",),
    "hurdle_nbinom2": ("log",),
    "zero_inflated_poisson": ("log",),
    "zero_inflated_nbinom2": ("log",),
    "zero_inflated_nbinom1": ("log",),
    "zero_inflated_binomial": ("logit", "probit", "cloglog"),
}
CHANNELS = {
    "cumulative": 2,
    "hurdle_nbinom2": 2,
    "zero_inflated_nbinom2": 2,
    "zero_inflated_nbinom1": 2,
}
WITHOUT = ("binomial", "poisson", "truncated_poisson")
CONSTANTS = {"cumulative": (float(ANSWERS),), "tweedie": (POWER,)}

CASES = [
    Case(name, link, 0 if name in WITHOUT else CHANNELS.get(name, 1), CONSTANTS.get(name, ()))
    for name, links in LINKS.items()
    for link in links
]


def _binomial(link: str, rows: Rows) -> Array:
    k, n = np.rint(rows.y * rows.w), rows.w
    choose = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return choose + k * np.log(CDF[link](rows.eta)) + (n - k) * np.log(REST[link](rows.eta))


def _poisson(link: str, rows: Rows) -> Array:
    return rows.w * stats.poisson.logpmf(rows.y, MEAN[link](rows.eta))


def _gamma(link: str, rows: Rows) -> Array:
    shape = rows.w * np.exp(rows.psi[0])
    return stats.gamma.logpdf(rows.y, shape, scale=MEAN[link](rows.eta) / shape)


def _gaussian(link: str, rows: Rows) -> Array:
    return stats.norm.logpdf(rows.y, MEAN[link](rows.eta), np.exp(rows.psi[0] / 2) / rows.w**0.5)


def _inverse_gaussian(link: str, rows: Rows) -> Array:
    size = rows.w * np.exp(-rows.psi[0])
    return stats.invgauss.logpdf(rows.y, MEAN[link](rows.eta) / size, scale=size)


def _nbinom(y: Array, mean: Array, size: Array) -> Array:
    return stats.nbinom.logpmf(y, size, size / (size + mean))


def _nbinom2(_: str, rows: Rows) -> Array:
    return rows.w * _nbinom(rows.y, np.exp(rows.eta), np.exp(rows.psi[0]))


def _nbinom1(_: str, rows: Rows) -> Array:
    return rows.w * _nbinom(rows.y, np.exp(rows.eta), np.exp(rows.eta - rows.psi[0]))


def _beta(link: str, rows: Rows) -> Array:
    p, rest, phi = CDF[link](rows.eta), REST[link](rows.eta), np.exp(rows.psi[0])
    return rows.w * stats.beta.logpdf(rows.y, p * phi, rest * phi)


def _betabinomial(link: str, rows: Rows) -> Array:
    p, rest, phi = CDF[link](rows.eta), REST[link](rows.eta), np.exp(rows.psi[0])
    return stats.betabinom.logpmf(np.rint(rows.y * rows.w), rows.w, p * phi, rest * phi)


def _tweedie(_: str, rows: Rows) -> Array:
    """A Poisson number of gamma amounts, summed over the number."""
    mean, phi = np.exp(rows.eta), np.exp(rows.psi[0])
    rate = mean ** (2 - POWER) / phi / (2 - POWER)
    shape, scale = (2 - POWER) / (POWER - 1), phi * (POWER - 1) * mean ** (POWER - 1)
    j = np.arange(1, 400)[:, None]
    y = np.where(rows.y > 0, rows.y, 1.0)
    terms = stats.poisson.logpmf(j, rate) + stats.gamma.logpdf(y, j * shape, scale=scale)
    return rows.w * np.where(rows.y > 0, special.logsumexp(terms, axis=0), -rate)


def _cumulative(link: str, rows: Rows) -> Array:
    above = np.where(rows.y < ANSWERS, rows.psi[0] - rows.eta, np.inf)
    below = np.where(rows.y > 1, rows.psi[1] - rows.eta, -np.inf)
    lower = CDF[link](above) - CDF[link](below)
    upper = REST[link](below) - REST[link](above)
    return rows.w * np.log(np.where(below > 0, upper, lower))


def _truncated(zero: Callable[[Rows], Array], base: Any) -> Any:
    def density(link: str, rows: Rows) -> Array:
        plain = base(link, rows._replace(weights=None))
        return rows.w * (plain - np.log1p(-np.exp(zero(rows))))

    return density


def _inflated(base: Any, trials: bool = False) -> Any:
    def density(link: str, rows: Rows) -> Array:
        extra = special.expit(rows.psi[-1])
        plain = base(link, rows if trials else rows._replace(weights=None))
        found = np.log((rows.y == 0) * extra + (1 - extra) * np.exp(plain))
        return found if trials else rows.w * found

    return density


def _hurdle(zero: Callable[[Rows], Array], base: Any) -> Any:
    def density(link: str, rows: Rows) -> Array:
        none = special.expit(rows.psi[-1])
        positive = rows._replace(y=np.maximum(rows.y, 1.0), weights=None)
        above = np.log1p(-none) + _truncated(zero, base)(link, positive)
        return rows.w * np.where(rows.y > 0, above, np.log(none))

    return density


def _no_nbinom2(rows: Rows) -> Array:
    size = np.exp(rows.psi[0])
    return -size * np.log1p(np.exp(rows.eta) / size)


DENSITIES: dict[str, Callable[[str, Rows], Array]] = {
    "binomial": _binomial,
    "poisson": _poisson,
    "gamma": _gamma,
    "gaussian": _gaussian,
    "inverse_gaussian": _inverse_gaussian,
    "nbinom2": _nbinom2,
    "nbinom1": _nbinom1,
    "beta": _beta,
    "betabinomial": _betabinomial,
    "tweedie": _tweedie,
    "cumulative": _cumulative,
    "truncated_poisson": _truncated(lambda rows: -np.exp(rows.eta), _poisson),
    "truncated_nbinom2": _truncated(_no_nbinom2, _nbinom2),
    "hurdle_poisson": _hurdle(lambda rows: -np.exp(rows.eta), _poisson),
    "hurdle_nbinom2": _hurdle(_no_nbinom2, _nbinom2),
    "zero_inflated_poisson": _inflated(_poisson),
    "zero_inflated_nbinom2": _inflated(_nbinom2),
    "zero_inflated_nbinom1": _inflated(_nbinom1),
    "zero_inflated_binomial": _inflated(_binomial, trials=True),
}


def rows_of(case: Case, seed: int = 3) -> Rows:
    """Rows with every kind of response, predictors that make them plausible, and weights."""
    rng = np.random.default_rng(seed)
    eta = rng.normal(size=N)
    weights = rng.uniform(0.5, 2.0, N)
    psi = [rng.normal(size=N) for _ in range(case.channels)]
    if case.positive:
        eta = 0.3 + np.abs(eta)
    if case.trials:
        weights = rng.integers(1, 9, N).astype(float)
        y = rng.integers(0, weights + 1) / weights
    elif case.name == "beta":
        y = rng.uniform(0.02, 0.98, N)
    elif case.name in ("gamma", "inverse_gaussian"):
        y = rng.gamma(2.0, 1.0, N)
    elif case.name == "gaussian":
        y = rng.normal(size=N) + 1.0
    elif case.name == "tweedie":
        y = np.where(rng.random(N) < 0.3, 0.0, rng.gamma(2.0, 1.0, N))
    elif case.name == "cumulative":
        y = rng.integers(1, ANSWERS + 1, N).astype(float)
        psi[0] = psi[1] + rng.uniform(0.3, 3.0, N)
    else:
        y = rng.poisson(2.0, N).astype(float)
        y[:2] = 0.0, 40.0
    return Rows(eta, psi, np.maximum(y, 1.0) if "truncated" in case.name else y, weights)
