"""Ratings of items by raters, heavy tails on both sides: crossed intercepts of many levels."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from benchmarks.cases.fit_case import FitCase
from benchmarks.cases.growth import GrowthCase
from benchmarks.cases.sleepstudy import SLEEPSTUDY
from benchmarks.model import Model

__all__ = ["GROWTH_RATINGS", "RATINGS", "RATINGS_LARGE", "ratings"]

MODEL = Model(
    "y ~ x + (1 | u) + (1 | v)",
    reml=False,
    derivatives=False,
    intercepts=("u", "v"),
    crossed="iterative",
)


def ratings(rows: int, raters: int, items: int, seed: int = 3) -> pd.DataFrame:
    """Distinct pairs; no item has over 0.4% of the ratings."""
    rng = np.random.default_rng(seed)
    activity = np.exp(1.25 * rng.normal(size=raters)) + 0.15
    popularity = np.exp(2.0 * rng.normal(size=items))
    share = np.minimum(popularity / popularity.sum(), 0.004)
    size = int(1.12 * rows)
    u = rng.choice(raters, size, p=activity / activity.sum())
    v = rng.choice(items, size, p=share / share.sum())
    pairs = np.unique(u.astype(np.int64) * items + v)
    if pairs.size > rows:
        pairs = np.sort(rng.permutation(pairs)[:rows])
    u, v = (np.unique(codes, return_inverse=True)[1] for codes in np.divmod(pairs, items))
    x = rng.normal(size=u.size)
    y = 3.0 + 0.2 * x + rng.normal(size=u.size)
    y += 0.45 * rng.normal(size=int(u.max()) + 1)[u] + 0.6 * rng.normal(size=int(v.max()) + 1)[v]
    return pd.DataFrame({"y": y, "x": x, "u": u.astype(np.int32), "v": v.astype(np.int32)})


def _of_size(rows: int) -> pd.DataFrame:
    """About 125 ratings a rater, 400 an item."""
    return ratings(rows, max(200, rows // 125), max(100, rows // 400))


RATINGS = FitCase(
    name="ratings",
    title=f"1,000,000 ratings, 10,000 raters, 2,000 items, `{MODEL.formula}`, ML",
    model=MODEL,
    data=partial(ratings, 1_000_000, 10_000, 2_000),
    tools=("glmm", "gpboost"),
    ratios={"glmm": 15.0},
)

RATINGS_LARGE = FitCase(
    name="ratings-large",
    title=f"20,000,000 ratings, 160,000 raters, 49,000 items, `{MODEL.formula}`, ML",
    model=MODEL,
    data=partial(ratings, 20_000_000, 160_000, 49_000),
    tools=(),
    warm=SLEEPSTUDY,
    large=True,
)

GROWTH_RATINGS = GrowthCase(
    name="growth-ratings",
    title=f"Growth with the ratings, `{MODEL.formula}`, ML, by iterations",
    model=MODEL,
    data=_of_size,
    smallest=200_000,
    time_exponent=1.15,
    large=True,
)
