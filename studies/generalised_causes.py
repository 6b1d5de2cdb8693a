"""Responses that are not normal, with exactly one thing the matter, and clean ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

import ranef as rn
from ranef.diagnose.ladder import Rung

__all__ = ["CAUSES", "CLEAN", "GeneralisedCause"]

Rng = np.random.Generator

SLOPE = 0.5
"""Of x, in units of the linear predictor."""

SURE = 3.29
"""Standard errors from the planted value that are held to be chance: once in a thousand."""


@dataclass(frozen=True, slots=True)
class GeneralisedCause:
    """One cause: how data with it are drawn, what names it and what cures it.

    Attributes
    ----------
    name : str
        As in the table.
    formula : str
    options : mapping
        Of :func:`ranef.glmm`.
    draw : callable
        Random generator to data.
    code : str
        Of the finding that names the cause; empty for clean data.
    words : tuple of str
        What its message holds.
    rung : str
        Key of the rung that cures; empty if the model as asked is to be kept.
    remedy : str
        As in the table.
    """

    name: str
    formula: str
    options: Mapping[str, Any]
    draw: Callable[[Rng], pd.DataFrame]
    code: str = ""
    words: tuple[str, ...] = ()
    rung: str = ""
    remedy: str = "none: slopes hold"
    slope: str = field(default="x")

    def fit(self, data: pd.DataFrame) -> Any:
        return rn.glmm(self.formula, data, **self.options)

    def cured(self, rungs: tuple[Rung, ...]) -> bool:
        """Whether the remedy was fitted and gives the planted slope."""
        wanted = self.rung or "as-asked"
        return any(
            rung.key == wanted
            and rung.certified
            and all(
                abs(e.estimate - SLOPE) < SURE * e.std_error
                for e in rung.effects
                if e.name == self.slope
            )
            for rung in rungs
        )


def _groups(
    rng: Rng, groups: int = 40, size: int = 12, sd: float = 0.6, level: float = 0.5
) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of groups, with x and the linear predictor."""
    code = np.repeat(np.arange(groups), size)
    x = rng.normal(size=code.size)
    eta = level + SLOPE * x + sd * rng.normal(size=groups)[code]
    return pd.DataFrame({"g": [f"g{j:03d}" for j in code], "x": x}), eta


def _logistic(eta: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-eta)))


def _poisson(rng: Rng) -> pd.DataFrame:
    data, eta = _groups(rng)
    return data.assign(y=rng.poisson(np.exp(eta)))


def _few_counts(rng: Rng) -> pd.DataFrame:
    data, eta = _groups(rng, level=-1.2)
    return data.assign(y=rng.poisson(np.exp(eta)))


def _negative_binomial(rng: Rng) -> pd.DataFrame:
    data, eta = _groups(rng)
    mu = np.exp(eta)
    return data.assign(y=rng.negative_binomial(2.0, 2.0 / (2.0 + mu)))


def _rows_differ(rng: Rng) -> pd.DataFrame:
    data, eta = _groups(rng)
    return data.assign(y=rng.poisson(np.exp(eta + 0.7 * rng.normal(size=eta.size))))


def _zeros(rng: Rng) -> pd.DataFrame:
    data, eta = _groups(rng, level=1.2)
    counts = rng.poisson(np.exp(eta))
    return data.assign(y=np.where(rng.random(eta.size) < 0.25, 0, counts))


def _less(rng: Rng) -> pd.DataFrame:
    """Successes of about twice as many trials: half of the variance of a Poisson count."""
    data, eta = _groups(rng, level=1.8, sd=0.2)
    mean = np.exp(eta)
    trials = np.ceil(2.0 * mean).astype(int)
    return data.assign(y=rng.binomial(trials, mean / trials))


def _binary(rng: Rng) -> pd.DataFrame:
    data, eta = _groups(rng)
    return data.assign(y=(rng.random(eta.size) < _logistic(eta)).astype(int))


def _trials(rng: Rng) -> pd.DataFrame:
    data, eta = _groups(rng)
    m = rng.integers(3, 15, eta.size)
    return data.assign(m=m, hits=rng.binomial(m, _logistic(eta)))


def _probabilities_vary(rng: Rng) -> pd.DataFrame:
    data, eta = _groups(rng)
    m, p = rng.integers(3, 15, eta.size), _logistic(eta)
    return data.assign(m=m, hits=rng.binomial(m, rng.beta(5.0 * p, 5.0 * (1.0 - p))))


def _separated(rng: Rng) -> pd.DataFrame:
    data = _binary(rng)
    treated = rng.random(len(data)) < 0.1
    return data.assign(treated=treated.astype(int), y=np.where(treated, 1, data["y"]))


def _alike(rng: Rng) -> pd.DataFrame:
    data, eta = _groups(rng, groups=60, size=6, sd=7.0)
    return data.assign(y=(rng.random(eta.size) < _logistic(eta)).astype(int))


def _rare(rng: Rng) -> pd.DataFrame:
    data, eta = _groups(rng, groups=30, size=20, level=-3.5, sd=0.3)
    data = data.assign(**{f"z{k}": rng.normal(size=eta.size) for k in range(5)})
    return data.assign(y=(rng.random(eta.size) < _logistic(eta)).astype(int))


def _single(rng: Rng) -> pd.DataFrame:
    data = _binary(rng)
    return data.assign(person=[f"p{k:04d}" for k in range(len(data))])


def _context(rng: Rng) -> pd.DataFrame:
    data, _ = _groups(rng, groups=60)
    code = data["g"].str[1:].astype(int).to_numpy()
    x = data["x"].to_numpy() + rng.normal(size=60)[code]
    means = pd.Series(x).groupby(code).transform("mean").to_numpy()
    eta = SLOPE * x + 1.5 * means + 0.5 * rng.normal(size=60)[code]
    return data.assign(x=x, y=(rng.random(eta.size) < _logistic(eta)).astype(int))


_POISSON = {"family": "poisson"}
_BASE = "y ~ x + (1 | g)"

CLEAN = (
    GeneralisedCause("Poisson counts", _BASE, _POISSON, _poisson),
    GeneralisedCause("small Poisson counts", _BASE, _POISSON, _few_counts),
    GeneralisedCause("negative binomial counts", _BASE, {"family": "nbinom2"}, _negative_binomial),
    GeneralisedCause("binary responses", _BASE, {}, _binary),
    GeneralisedCause("trials", "hits / m ~ x + (1 | g)", {"weights": "m"}, _trials),
)

CAUSES = (
    GeneralisedCause(
        "negative binomial counts as Poisson",
        _BASE,
        _POISSON,
        _negative_binomial,
        "overdispersion",
        ("counts vary more than Poisson",),
        "dispersion",
        "nbinom2",
    ),
    GeneralisedCause(
        "effects of rows",
        _BASE,
        _POISSON,
        _rows_differ,
        "overdispersion",
        ("counts vary more than Poisson",),
        "row-effect",
        "a random effect of each row",
    ),
    GeneralisedCause(
        "beta-binomial proportions as binomial",
        "hits / m ~ x + (1 | g)",
        {"weights": "m"},
        _probabilities_vary,
        "overdispersion",
        ("proportions vary more than binomial",),
        "dispersion",
        "betabinomial",
    ),
    GeneralisedCause(
        "a quarter of counts made zero",
        _BASE,
        _POISSON,
        _zeros,
        "excess-zeros",
        ("'y' has more zeros",),
        "zero-inflation",
        "zero inflation",
    ),
    GeneralisedCause(
        "counts with an upper limit", _BASE, _POISSON, _less, "underdispersion", ("vary less",)
    ),
    GeneralisedCause(
        "a treatment without failures",
        "y ~ x + treated + (1 | g)",
        {},
        _separated,
        "separation",
        ("treated",),
        "finite-prior",
        "a normal prior",
    ),
    GeneralisedCause(
        "groups of one outcome",
        _BASE,
        {},
        _alike,
        "homogeneous-groups",
        ("levels of 'g'",),
        "quadrature",
        "quadrature",
    ),
    GeneralisedCause(
        "few events", "y ~ x + z0 + z1 + z2 + z3 + z4 + (1 | g)", {}, _rare, "rare-events", ("'y'",)
    ),
    GeneralisedCause(
        "a random effect of each binary row",
        "y ~ x + (1 | person)",
        {},
        _single,
        "one-trial-per-level",
        ("'person'",),
    ),
    GeneralisedCause(
        "missing contextual effect, binary",
        _BASE,
        {},
        _context,
        "contextual-effect",
        ("slope of x", "'g'"),
        "centred-mean",
        "slopes within and between",
    ),
)
