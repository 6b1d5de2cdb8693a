"""Every family with every link, at parameters of its own, and what SciPy knows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import special, stats

import ranef as rn
from ranef.family import FAMILIES, LINKS, Family, ZeroInflated

CUTS = np.array([-1.2, 0.1, 1.7])
PSI: dict[str, tuple[Any, ...]] = {
    "gamma": (0.7,),
    "gaussian": (-0.4,),
    "inverse_gaussian": (-0.3,),
    "nbinom2": (0.5,),
    "nbinom1": (-0.3,),
    "beta": (1.1,),
    "betabinomial": (1.3,),
    "tweedie": (-0.2,),
    "cumulative": (CUTS,),
    "truncated_nbinom2": (0.4,),
    "hurdle_poisson": (-0.6,),
    "hurdle_nbinom2": (0.4, -0.6),
    "zero_inflated_poisson": (-0.6,),
    "zero_inflated_nbinom2": (0.5, -0.6),
    "zero_inflated_nbinom1": (-0.3, 0.2),
}
"""Of those that have other predictors."""


def every() -> list[Family]:
    made = [make() for make in FAMILIES.values()]
    families = [
        replace(family, link=link)
        for family in made
        if isinstance(family, Family)
        for link in family.LINKS
    ]
    families.append(rn.Tweedie(power=1.8))
    counts = (rn.Poisson(), rn.NegativeBinomial(), rn.NegativeBinomial(1))
    return families + [ZeroInflated(base) for base in counts]


def psi_of(family: Family) -> tuple[Any, ...]:
    return PSI.get(family.name, ())


def weights_of(family: Family) -> np.ndarray | None:
    """Trials, or what divides the variance."""
    weights = {"trials": 6.0, "dispersion": 1.7}.get(family.WEIGHTS)
    return None if weights is None else np.array(weights)


def predictors(family: Family) -> np.ndarray:
    """Linear predictors of moderate means."""
    if family.RESPONSE == "ordered":
        return np.array([-1.5, 0.0, 0.8])
    means = [0.15, 0.5, 0.8] if family.MEANS[1] == 1.0 else [0.4, 1.3, 6.0]
    return LINKS[family.link].function(np.array(means))


def trials(family: Family) -> float:
    weights = weights_of(family)
    return 1.0 if family.WEIGHTS != "trials" or weights is None else float(weights)


def support(family: Family) -> np.ndarray | None:
    """All responses that matter, of a discrete family."""
    if not family.DISCRETE:
        return None
    if family.RESPONSE == "binary":
        return np.arange(trials(family) + 1.0) / trials(family)
    if family.RESPONSE == "ordered":
        return np.arange(1.0, CUTS.size + 2.0)
    return np.arange(0.0, 400.0)


class _Counted:
    """A distribution of whole numbers from its probabilities."""

    def __init__(self, probabilities: np.ndarray) -> None:
        self.probabilities, self.total = probabilities, np.cumsum(probabilities)

    def cdf(self, k: Any) -> Any:
        return np.where(k < 0, 0.0, self.total[np.clip(k, 0, self.total.size - 1).astype(int)])

    def sf(self, k: Any) -> Any:
        return 1.0 - self.cdf(k)


def truncated(whole: Any) -> Any:
    k = np.arange(2_000)
    probabilities = np.where(k == 0, 0.0, whole.pmf(k)) / whole.sf(0)
    return _Counted(probabilities)


def inflated(whole: Any, psi: float) -> Any:
    k = np.arange(2_000)
    return _Counted(special.expit(psi) * (k == 0) + special.expit(-psi) * whole.pmf(k))


def hurdle(positive: Any, psi: float) -> Any:
    none = np.arange(2_000) == 0
    return _Counted(special.expit(psi) * none + special.expit(-psi) * positive.probabilities)


def nb2(mu: float, psi: float) -> Any:
    return stats.nbinom(np.exp(psi), np.exp(psi) / (np.exp(psi) + mu))


def nb1(mu: float, psi: float) -> Any:
    return stats.nbinom(mu / np.exp(psi), 1.0 / (1.0 + np.exp(psi)))


SCIPY: dict[str, Callable[..., Any]] = {
    "binomial": lambda mu, w: stats.binom(w, mu),
    "poisson": lambda mu, w: stats.poisson(mu),
    "gamma": lambda mu, w, psi: stats.gamma(w * np.exp(psi), scale=mu / (w * np.exp(psi))),
    "gaussian": lambda mu, w, psi: stats.norm(mu, np.exp(psi / 2) / np.sqrt(w)),
    "inverse_gaussian": lambda mu, w, psi: stats.invgauss(
        mu / w * np.exp(psi), scale=w * np.exp(-psi)
    ),
    "nbinom2": lambda mu, w, psi: nb2(mu, psi),
    "nbinom1": lambda mu, w, psi: nb1(mu, psi),
    "beta": lambda mu, w, psi: stats.beta(mu * np.exp(psi), (1.0 - mu) * np.exp(psi)),
    "betabinomial": lambda mu, w, psi: stats.betabinom(
        int(w), mu * np.exp(psi), (1.0 - mu) * np.exp(psi)
    ),
    "truncated_poisson": lambda mu, w: truncated(stats.poisson(mu)),
    "truncated_nbinom2": lambda mu, w, psi: truncated(nb2(mu, psi)),
    "hurdle_poisson": lambda mu, w, zero: hurdle(truncated(stats.poisson(mu)), zero),
    "hurdle_nbinom2": lambda mu, w, psi, zero: hurdle(truncated(nb2(mu, psi)), zero),
    "zero_inflated_poisson": lambda mu, w, zero: inflated(stats.poisson(mu), zero),
    "zero_inflated_nbinom2": lambda mu, w, psi, zero: inflated(nb2(mu, psi), zero),
    "zero_inflated_nbinom1": lambda mu, w, psi, zero: inflated(nb1(mu, psi), zero),
}
"""By name: the distribution at a mean (of the inverse link), a weight and psi."""
