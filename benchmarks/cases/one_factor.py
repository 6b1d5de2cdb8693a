"""Many rows, one grouping factor with integer keys, a random slope."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from benchmarks.cases.fit_case import FitCase
from benchmarks.cases.sleepstudy import SLEEPSTUDY
from benchmarks.model import Model

__all__ = ["MODEL", "ONE_FACTOR", "ONE_FACTOR_LARGE", "simulate"]


def simulate(rows: int, group_size: int = 50, seed: int = 1) -> pd.DataFrame:
    """`rows` rows in random order, integer group keys."""
    rng = np.random.default_rng(seed)
    groups = max(2, rows // group_size)
    g = rng.permutation(np.resize(np.arange(groups), rows))
    x = rng.normal(size=rows)
    mean = 1.0 + 0.5 * x + rng.normal(size=groups)[g] + 0.3 * rng.normal(size=groups)[g] * x
    return pd.DataFrame({"y": mean + rng.normal(size=rows), "x": x, "g": g})


MODEL = Model("y ~ x + (x | g)", derivatives=False)
RATIOS = {"glmm": 5.0, "mixedlm": 5.0, "lme4": 50.0}

ONE_FACTOR = FitCase(
    name="one-factor-1e6",
    title="`y ~ x + (x | g)`, 1,000,000 rows, 20,000 groups, integer keys, REML",
    model=MODEL,
    data=partial(simulate, 1_000_000),
    tools=("lme4", "glmm", "mixedlm"),
    ratios=RATIOS,
    warm=SLEEPSTUDY,
)

ONE_FACTOR_LARGE = FitCase(
    name="one-factor-1e7",
    title="`y ~ x + (x | g)`, 10,000,000 rows, 200,000 groups, integer keys, REML",
    model=MODEL,
    data=partial(simulate, 10_000_000),
    tools=("lme4", "glmm", "mixedlm"),
    ratios=RATIOS,
    second_core=1.6,
    warm=SLEEPSTUDY,
    large=True,
)
