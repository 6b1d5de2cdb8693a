"""Small models with covariance structures, fitted once: in the interior, and on a bound."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

import ranef as rn
from ranef.covariance import KINDS

COLUMNS = 4
STRUCTURED = tuple(name for name, kind in KINDS.items() if not kind.free)
INTERIOR = {name: f"y ~ x + {name}(0 + t | g)" for name in STRUCTURED} | {
    "rr": "y ~ x + rr(0 + t | g, 2)",
    "beside": "y ~ x + hetar1(0 + t | g) + (1 | h)",
}


@cache
def data(seed: int = 5, correlation: float = 0.5) -> pd.DataFrame:
    """Groups g of 4 occasions, twice each, in h of 5: effects of a first-order process."""
    rng = np.random.default_rng(seed)
    groups = 20
    lag = np.abs(np.subtract.outer(np.arange(COLUMNS), np.arange(COLUMNS)))
    sds = np.array([1.0, 1.4, 0.8, 1.2])
    root = np.linalg.cholesky(correlation**lag * np.outer(sds, sds) + 1e-12 * np.eye(COLUMNS))
    b = rng.normal(size=(groups, COLUMNS)) @ root.T
    g, t, _ = (a.ravel() for a in np.indices((groups, COLUMNS, 2)))
    keep = rng.uniform(size=g.size) < 0.9
    x = rng.normal(size=g.size)
    h = rng.normal(size=5)
    y = 3.0 + 0.7 * x + b[g, t] + 0.8 * h[g % 5] + rng.normal(size=g.size)
    frame = pd.DataFrame({"y": y, "x": x, "g": g, "t": t, "h": g % 5})[keep]
    return frame.assign(t=frame["t"].map(lambda k: f"t{k}").astype("category"))


@cache
def fitted(model: str, reml: bool = True) -> rn.Fit:
    return rn.lmm(INTERIOR[model], data(), reml=reml)


ON_BOUND = {name: INTERIOR[name] for name in STRUCTURED if name != "homdiag"} | {
    "rr": "y ~ x + rr(0 + t | g, 3)",
    "beside": INTERIOR["beside"],
}


@cache
def on_bound(model: str, reml: bool = True) -> rn.Fit:
    """Of effects whose correlation is 1: the estimates have a rank below that of the model."""
    return rn.lmm(ON_BOUND[model], data(1, 1.0), reml=reml)
