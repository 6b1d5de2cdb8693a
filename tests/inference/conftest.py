"""Small models of every layout, fitted once."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import ranef as rn

FORMULAS = {
    "one factor": "y ~ x + (x | g)",
    "two terms": "y ~ x + (1 | g) + (0 + x | g)",
    "nested": "y ~ x + (x | g) + (1 | h)",
    "crossed": "y ~ x + (1 | g) + (1 | c)",
}


def data(seed: int = 3) -> pd.DataFrame:
    """90 rows: g of 18 levels, one with a single row, in h of 6; c crosses both; weights."""
    rng = np.random.default_rng(seed)
    n = 90
    g = np.arange(n) % 17
    g[0] = 17
    h, c = g % 6, (np.arange(n) // 4) % 7
    x = rng.normal(size=n)
    w = rng.uniform(0.5, 2.0, size=n)
    b = rng.normal(size=(18, 2)) * (1.0, 0.6)
    y = 5.0 + 2.0 * x + b[g, 0] + b[g, 1] * x + rng.normal(size=6)[h] + rng.normal(size=7)[c]
    y += rng.normal(size=n) / np.sqrt(w)
    return pd.DataFrame({"y": y, "x": x, "w": w, "g": g, "h": h, "c": c})


@cache
def fitted(layout: str, weighted: bool = True, reml: bool = True) -> rn.Fit:
    return rn.lmm(FORMULAS[layout], data(), weights="w" if weighted else None, reml=reml)


@pytest.fixture(params=list(FORMULAS))
def layout(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fit(layout: str) -> rn.Fit:
    return fitted(layout)


@pytest.fixture
def sleep() -> rn.Fit:
    return sleepstudy()


@cache
def sleepstudy() -> rn.Fit:
    return rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
