"""Do 95 % intervals cover the truth in 95 of 100 samples, and do 5 % tests reject it in 5?

Data sets are drawn from six designs. Each model is fitted as a user would fit it, by REML, and
asked for intervals of a coefficient within groups, of one between groups and of a standard
deviation, for predictions, and for tests of hypotheses that are true.
"""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track

import ranef as rn
from studies.coverage_designs import DESIGNS, TRUTH, Design, Drawn
from studies.page import replace_block

__all__ = ["judge", "run", "tables"]

PAGE = Path(__file__).parents[1] / "docs" / "truth.md"

REPLICATES = 499
"""Of each bootstrap."""

DDF = ("asymptotic", "residual", "auto", "satterthwaite", "kenward-roger")

OFF = 3.0
"""Monte Carlo errors from which on a figure is marked."""

Outcome = dict[tuple[str, str], bool]


def covers(frame: pd.DataFrame, row: str, truth: float) -> bool:
    """Whether the interval of a row holds the truth."""
    return bool(frame.loc[row, "conf_low"] <= truth <= frame.loc[row, "conf_high"])


def judge(design: Design, drawn: Drawn, seed: int) -> tuple[bool, Outcome]:
    """Whether the estimate is on the boundary, and what covered or rejected.

    Keys of the outcome are a quantity and a method.
    """
    fit = rn.lmm(design.formula, drawn.data)
    out: Outcome = {}
    frames: dict[str, pd.DataFrame] = {ddf: fit.coefficients(ddf) for ddf in DDF}
    try:
        frames["profile"] = fit.profile().confint()
    except rn.RanefError:  # counted as an interval that does not cover
        frames["profile"] = pd.DataFrame(
            math.nan, index=[*TRUTH, "sd__Intercept|g"], columns=["conf_low", "conf_high"]
        )
    frames["bootstrap"] = fit.bootstrap(REPLICATES, seed=seed).confint()
    if "(1 | i)" not in design.formula:
        frames["CR2"] = fit.robust("CR2")
    for method, frame in frames.items():
        for name in ("x", "w"):
            out[f"interval of {name}", method] = covers(frame, name, TRUTH[name])
    for method in ("profile", "bootstrap"):
        rows = [r for r in frames[method].index if r.startswith("sd") and r.endswith("|g")]
        out["interval of the SD", method] = covers(frames[method], rows[0], design.sd)
    out.update(_predictions(fit, drawn))
    for ddf in ("auto", "satterthwaite", "kenward-roger"):
        out["F test of f", ddf] = bool(fit.anova(ddf=ddf).loc["f", "p_value"] < 0.05)
    out["F test of f", "likelihood ratio"] = bool(fit.drop1("chisq").loc["f", "p_value"] < 0.05)
    if design.larger:
        larger = rn.lmm(design.larger, drawn.data)
        out["test of a variance", "its law"] = bool(
            rn.anova(fit, larger)["p_value"].iloc[-1] < 0.05
        )
    if design.sd == 0.0:
        out["test of a variance", "ranova"] = bool(fit.ranova()["p_value"].iloc[-1] < 0.05)
    return fit.certificate.verdict.startswith("boundary"), out


def _predictions(fit: rn.Fit, drawn: Drawn) -> Outcome:
    row = drawn.data.iloc[[0]].assign(x=1.0)
    new = row.assign(g=-1, **({"i": -1} if "i" in row else {}))
    out: Outcome = {}
    for uncertainty in ("all", "known variances"):
        known = fit.predict(row, interval="confidence", uncertainty=uncertainty)
        fresh = fit.predict(new, level="population", interval="prediction", uncertainty=uncertainty)
        out["mean of a known group", uncertainty] = covers(known, known.index[0], drawn.known)
        out["observation of a new group", uncertainty] = covers(fresh, fresh.index[0], drawn.fresh)
    return out


def _judged(number: int, seed: int, k: int) -> tuple[bool, Outcome]:
    design = DESIGNS[number]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return judge(design, design.draw(np.random.default_rng((seed, number, k))), k)


def _share(hits: list[bool], nominal: float) -> str:
    """A percentage, with a mark where it is off by more than chance."""
    if not hits:
        return ""
    share, n = float(np.mean(hits)), len(hits)
    mark = "\\*" if abs(share - nominal) > OFF * np.sqrt(nominal * (1.0 - nominal) / n) else ""
    return f"{100.0 * share:.1f}{mark}"


def tables(found: Mapping[str, list[tuple[bool, Outcome]]]) -> tuple[str, str]:
    """Percentages over all samples, and over those whose estimate is on the boundary."""
    return _table(found, lambda _: True), _table(found, lambda boundary: boundary)


def _table(found: Mapping[str, list[tuple[bool, Outcome]]], counted: Callable[[bool], bool]) -> str:
    columns: dict[str, dict[tuple[str, str], list[bool]]] = {}
    for name, outcomes in found.items():
        hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
        for boundary, outcome in outcomes:
            if counted(boundary):
                for key, hit in outcome.items():
                    hits[key].append(hit)
        columns[name] = hits
    keys = sorted(
        {key for hits in columns.values() for key in hits}, key=lambda k: ("test" in k[0], k)
    )
    sizes = [sum(counted(b) for b, _ in outcomes) for outcomes in found.values()]
    lines = [
        "| | method | " + " | ".join(found) + " |",
        "| --- | --- |" + " --- |" * len(found),
        "| samples | | " + " | ".join(f"{n:,}" for n in sizes) + " |",
    ]
    for key in keys:
        nominal = 0.05 if "test" in key[0] else 0.95
        cells = " | ".join(_share(hits.get(key, []), nominal) for hits in columns.values())
        lines.append(f"| {key[0]} | {key[1]} | {cells} |")
    return "\n".join(lines)


def run(n: int | None, seed: int, write: bool) -> None:
    """Draw `n` data sets of each design (2,000 if not given) and print the tables."""
    count = n or 2000
    found = {}
    with ProcessPoolExecutor() as pool:
        for number, design in enumerate(DESIGNS):
            judged = pool.map(partial(_judged, number, seed), range(count), chunksize=10)
            found[design.name] = list(track(judged, design.name, total=count))
            print(tables(found)[0], flush=True)
    everything, boundary = tables(found)
    print(everything, boundary, sep="\n\n")
    if write:
        replace_block(PAGE, "coverage", everything)
        replace_block(PAGE, "coverage on the boundary", boundary)
