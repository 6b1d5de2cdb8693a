"""Do 95 % intervals of models of binary answers cover the truth in 95 of 100 samples?

Few and many groups of 5, 20 and 100 rows, by Laplace's method and by quadrature: Wald intervals of
a coefficient within groups and of one between them in all data sets, profiles in the first few.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from rich.progress import track

import ranef as rn
from studies.coverage import Outcome, covers, tables
from studies.generalised import NODES, TRUTH, Scenario
from studies.page import replace_block

__all__ = ["DESIGNS", "judge", "run"]

PAGE = Path(__file__).parents[1] / "docs" / "truth.md"

SD = 1.0

DESIGNS = [
    Scenario("binomial", False, groups, size, SD)
    for groups, size in product((10, 60), (5, 20, 100))
]

PROFILED = 50
"""Data sets of each design whose profiles are made. A profile takes as long as 50 fits."""


def judge(design: Scenario, seed: int, which: int, k: int) -> tuple[list[str], Outcome]:
    """Verdicts of the two fits, and which intervals cover.

    A fit without a finite maximum covers nothing. Profiles by quadrature are of groups of 5 only.
    """
    data = design.draw(np.random.default_rng([seed, which, k]))
    verdicts: list[str] = []
    out: Outcome = {}
    for method, nodes in (("Laplace", 1), ("quadrature", NODES)):
        fit = rn.glmm(design.formula, data, family=design.family, n_agq=nodes)
        finite = fit.certificate.verdict != "no finite maximum"
        verdicts.append(fit.certificate.verdict)
        wald = fit.confint()
        for name in ("x", "w"):
            out[f"interval of {name}", f"Wald, {method}"] = finite and covers(
                wald, name, TRUTH[name]
            )
        if k >= PROFILED or not finite or (nodes > 1 and design.size > 5):
            continue
        profile = fit.confint(method="profile")
        truth = {"x": TRUTH["x"], "w": TRUTH["w"], "sd__Intercept|g": SD}
        for row, value in truth.items():
            name = "the SD" if row.startswith("sd") else row
            out[f"interval of {name}", f"profile, {method}"] = covers(profile, row, value)
    return verdicts, out


def _judged(seed: int, which: int, k: int) -> tuple[list[str], Outcome]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return judge(DESIGNS[which], seed, which, k)


def run(n: int | None, seed: int, write: bool) -> None:
    """Draw `n` data sets of each design (250 if not given) and print the table."""
    count = n or 250
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    found: dict[str, list[tuple[bool, Outcome]]] = {}
    verdicts: Counter[str] = Counter()
    with ProcessPoolExecutor(2) as pool:
        for which, design in enumerate(DESIGNS):
            name = f"{design.groups} of {design.size}"
            judged = pool.map(partial(_judged, seed, which), range(count), chunksize=5)
            both = list(track(judged, name, total=count))
            found[name] = [(False, outcome) for _, outcome in both]
            verdicts.update(verdict for own, _ in both for verdict in own)
    everything = tables(found)[0]
    print(everything, dict(verdicts), sep="\n\n")
    if write:
        replace_block(PAGE, "generalised coverage", everything)
