"""Fits that several files ask; each is made once in a session."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import ranef as rn
from ranef.fit.generalised import GeneralisedFit

ANSWERS = ["never", "rarely", "often", "always"]


def ticks() -> pd.DataFrame:
    """grouseticks with heights in standard deviations."""
    data = rn.datasets.load("grouseticks")
    height = data["HEIGHT"]
    return data.assign(h=(height - height.mean()) / height.std(), YEAR=data["YEAR"].astype(str))


def grouped(seed: int = 3, groups: int = 20, size: int = 12) -> pd.DataFrame:
    """Groups with a slope, and responses of several kinds."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    x = rng.normal(size=g.size)
    b = rng.normal(size=(groups, 2)) * [0.7, 0.4]
    eta = 0.5 + 0.6 * x + b[g, 0] + b[g, 1] * x
    mu = np.exp(eta)
    counts = rng.negative_binomial(4.0, 4.0 / (4.0 + mu))
    latent = eta + rng.logistic(size=g.size)
    return pd.DataFrame(
        {
            "g": g.astype(str),
            "x": x,
            "z": np.where(x > 0, "a", "b"),
            "count": counts,
            "inflated": np.where(rng.random(g.size) < 0.25, 0, counts),
            "amount": rng.gamma(5.0, mu / 5.0),
            "positive": np.maximum(counts, 1),
            "answer": pd.Categorical.from_codes(
                np.digitize(latent, [-0.8, 0.6, 2.0]), ANSWERS, ordered=True
            ),
            "share": np.clip(rng.beta(6 / (1 + 1 / mu), 6 / (1 + mu)), 1e-6, 1 - 1e-6),
        }
    )


@cache
def cbpp(**options: Any) -> GeneralisedFit:
    data = rn.datasets.load("cbpp")
    formula = "incidence / size ~ period + (1 | herd)"
    return rn.glmm(formula, data, weights="size", **options)


@cache
def contraception() -> GeneralisedFit:
    data = rn.datasets.load("contraception")
    formula = "use ~ age + I(age^2) + urban + livch + (1 | district)"
    return rn.glmm(formula, data)


@cache
def broods() -> GeneralisedFit:
    formula = "TICKS ~ YEAR + h + (1 | BROOD) + (1 | LOCATION)"
    return rn.glmm(formula, ticks(), family="nbinom2")


@cache
def of_groups(response: str, family: str, random: str = "x", **options: Any) -> GeneralisedFit:
    """A response of :func:`grouped` on x."""
    return rn.glmm(f"{response} ~ x + ({random} | g)", grouped(), family=family, **options)


@cache
def answers() -> GeneralisedFit:
    # Theta, the slope, three thresholds.
    start = [0.7, 0.5, -1.0, 0.5, 2.0]
    return rn.glmm("answer ~ x + (1 | g)", grouped(), family="cumulative", start=start)
