"""Many Bernoulli rows, one grouping factor with integer keys, a random slope."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from benchmarks.cases.fit_case import FitCase
from benchmarks.cases.generalised import CBPP
from benchmarks.model import Model

__all__ = ["BERNOULLI", "BERNOULLI_LARGE", "simulate"]


def simulate(rows: int, group_size: int = 50, seed: int = 1) -> pd.DataFrame:
    """`rows` rows in random order, integer group keys, outcomes 0 and 1."""
    rng = np.random.default_rng(seed)
    groups = max(2, rows // group_size)
    g = rng.permutation(np.resize(np.arange(groups), rows))
    x = rng.normal(size=rows)
    eta = -0.5 + 0.5 * x + 0.8 * rng.normal(size=groups)[g] + 0.4 * rng.normal(size=groups)[g] * x
    y = rng.random(rows) < 1.0 / (1.0 + np.exp(-eta))
    return pd.DataFrame({"y": y.astype(float), "x": x, "g": g})


MODEL = Model("y ~ x + (x | g)", family="binomial", derivatives=False)

BERNOULLI = FitCase(
    name="bernoulli-1e5",
    title="`y ~ x + (x | g)`, Bernoulli, 100,000 rows, 2,000 groups, integer keys",
    model=MODEL,
    data=partial(simulate, 100_000),
    tools=("glmm",),
    ratios={"glmm": 30.0},
    warm=CBPP,
    bytes_per_row=40.0,
)

BERNOULLI_LARGE = FitCase(
    name="bernoulli-1e6",
    title="`y ~ x + (x | g)`, Bernoulli, 1,000,000 rows, 20,000 groups, integer keys",
    model=MODEL,
    data=partial(simulate, 1_000_000),
    tools=("glmm",),
    ratios={"glmm": 30.0},
    second_core=1.6,
    warm=CBPP,
    bytes_per_row=40.0,
)
