"""A variance that is estimated as zero: what t tests by Satterthwaite do then, by two rules.

Along the face the zero is taken as known, as in lmerTest; off the face it is an estimate like any
other. Tests of a true hypothesis are counted where the estimate of the groups' variance is zero.
"""

from __future__ import annotations

import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track
from scipy import stats

import ranef as rn
from ranef.inference.satterthwaite import satterthwaite_df, variance_derivatives
from studies.page import replace_block

__all__ = ["run"]

PAGE = Path(__file__).parents[1] / "docs" / "truth.md"

GROUPS = (6, 12, 30)
SDS = (0.0, 0.2, 0.4)
ROWS = 5
LEVEL = 0.05


def judge(groups: int, sd: float, seed: int, k: int) -> tuple[bool, bool] | None:
    """Whether the tests along and off the face reject, or None if the estimate is not zero."""
    rng = np.random.default_rng((seed, groups, round(10 * sd), k))
    g = np.repeat(np.arange(groups), ROWS)
    w = rng.normal(size=groups)
    y = sd * rng.normal(size=groups)[g] + rng.normal(size=g.size)
    data = pd.DataFrame({"y": y, "w": w[g], "g": g})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = rn.lmm("y ~ w + (1 | g)", data)
        if fit.certificate.rank["g"] > 0:
            return None
        along = variance_derivatives(fit._problem, fit._solution)
        off = fit._method("kenward-roger").derivatives
    row = np.array([[0.0, 1.0]])
    t = abs(fit.fixef["w"]) / np.sqrt(fit.vcov.loc["w", "w"])
    p = [2.0 * stats.t.sf(t, satterthwaite_df(moves, row)[0]) for moves in (along, off)]
    return bool(p[0] < LEVEL), bool(p[1] < LEVEL)


def run(n: int | None, seed: int, write: bool) -> None:
    """Draw `n` data sets of each kind (5,000 if not given) and print the table."""
    count = n or 5000
    lines = [
        "| groups | true SD of the groups | zero estimates | rejected along the face "
        "| rejected off the face |",
        "| --- | --- | --- | --- | --- |",
    ]
    with ProcessPoolExecutor() as pool:
        for groups in GROUPS:
            for sd in SDS:
                ask = partial(judge, groups, sd, seed)
                drawn = pool.map(ask, range(count), chunksize=50)
                found = [d for d in track(drawn, f"{groups} groups, {sd}", total=count) if d]
                along, off = (
                    f"{100.0 * np.mean(rejected):.1f} %" for rejected in zip(*found, strict=True)
                )
                lines.append(f"| {groups} | {sd:g} | {len(found):,} | {along} | {off} |")
    print("\n".join(lines))
    if write:
        replace_block(PAGE, "zeros", "\n".join(lines))
