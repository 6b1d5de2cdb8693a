"""Data whose ending is known: separated, homogeneous, at an end of a family, or clean."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import ranef as rn
from ranef.fit.generalised import GeneralisedFit

GROUPS, SIZE = 30, 20


@cache
def table(seed: int = 1) -> pd.DataFrame:
    """Groups, a number, a factor of three levels, and clean responses."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(GROUPS), SIZE)
    x = rng.normal(size=g.size)
    f = rng.permutation(np.repeat(["a", "b", "c"], g.size // 3))
    b = rng.normal(size=GROUPS)
    eta = 0.5 * x + b[g]
    p = 1.0 / (1.0 + np.exp(-eta))
    trials = rng.integers(5, 20, g.size)
    return pd.DataFrame(
        {
            "g": g,
            "x": x,
            "f": f,
            "binary": (rng.random(g.size) < p).astype(float),
            "count": rng.poisson(np.exp(eta)).astype(float),
            # Counts that vary less than Poisson counts, and proportions likewise.
            "even": np.rint(np.exp(eta)),
            "trials": trials,
            "share": np.rint(trials * p) / trials,
            "answer": np.digitize(eta + rng.logistic(size=g.size), [-1.0, 1.0]),
            "homogeneous": (b[g] > 0.0).astype(float),
        }
    )


def with_level(response: str, value: Any) -> pd.DataFrame:
    """All rows of level c of f have this response."""
    data = table()
    return data.assign(**{response: np.where(data["f"] == "c", value, data[response])})


@cache
def fitted(formula: str, family: str, only: str = "", **options: Any) -> GeneralisedFit:
    """A model of :func:`table`; `only` is a query of its rows."""
    data = table()
    return rn.glmm(formula, data.query(only) if only else data, family=family, **options)
