"""Generalised models: convergence, bias, RMSE and level of tests, beside lme4 and glmmTMB.

24 scenarios after Li & Signorelli (2026): binary answers and counts, random intercepts and
correlated slopes, three shapes of the sample, small and large variances. ranef fits every data set
by Laplace's method and by quadrature; lme4 and glmmTMB fit the first few of each scenario. R with
both packages must be installed.

x varies within groups and w between them. A level is the share of Wald tests at 5 % that reject the
true value.
"""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track

import ranef as rn
from studies.generalised_tables import accuracy_table, outcome_table
from studies.page import replace_block

__all__ = ["SCENARIOS", "TRUTH", "Scenario", "run"]

SCRIPT = Path(__file__).with_name("generalised.R")

PAGE = Path(__file__).parents[1] / "docs" / "truth.md"

TRUTH = {"Intercept": -0.5, "x": 0.5, "w": 0.4}

NODES = 9
"""Of quadrature, in each dimension. lme4 has it with one random effect a group only."""

IN_R = 4
"""Data sets of each scenario that lme4 and glmmTMB fit too. They take most of the time."""


@dataclass(frozen=True)
class Scenario:
    """A family, a random part, a shape of the sample and the SD of random effects."""

    family: str
    slopes: bool
    groups: int
    size: int
    sd: float

    @property
    def formula(self) -> str:
        return f"y ~ x + w + ({'x' if self.slopes else '1'} | g)"

    @property
    def name(self) -> str:
        part = "slopes" if self.slopes else "intercepts"
        return f"{self.family}, {part}, {self.groups} of {self.size}, SD {self.sd:g}"

    def draw(self, rng: np.random.Generator) -> pd.DataFrame:
        """One data set.

        w is 1 in half of the groups. Slopes have half the SD of intercepts, and a correlation of
        0.4 with them.
        """
        g = np.repeat(np.arange(self.groups), self.size)
        x, w = rng.normal(size=g.size), rng.permutation(np.arange(self.groups) % 2)[g]
        root = self.sd * np.array([[1.0, 0.0], [0.2, 0.5 * np.sqrt(1 - 0.16)]])
        b = rng.normal(size=(self.groups, 2)) @ root.T
        eta = TRUTH["Intercept"] + TRUTH["x"] * x + TRUTH["w"] * w + b[g, 0]
        if self.slopes:
            eta = eta + b[g, 1] * x
        if self.family == "binomial":
            y = rng.binomial(1, 1 / (1 + np.exp(-eta)))
        else:
            y = rng.poisson(np.exp(eta))
        return pd.DataFrame({"y": y, "x": x, "w": w, "g": g})


SHAPES = [(10, 40), (60, 5), (60, 30)]
"""Few large, many small, many large groups."""

SCENARIOS = [
    Scenario(family, slopes, *shape, sd)
    for family, slopes, shape, sd in product(
        ("binomial", "poisson"), (False, True), SHAPES, (0.3, 1.0)
    )
]


def drawn(seed: int, which: int, k: int) -> pd.DataFrame:
    """Data set `k` of a scenario."""
    return SCENARIOS[which].draw(np.random.default_rng([seed, which, k]))


def run(n: int | None, seed: int, write: bool) -> None:
    """Print the tables: `n` data sets for each scenario, 150 by default."""
    count = n or 150
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    cases = [(which, k) for which in range(len(SCENARIOS)) for k in range(count)]
    with ProcessPoolExecutor(2) as pool:
        parts = [[c for c in cases if c[1] < IN_R and c[0] % 2 == half] for half in (0, 1)]
        in_r = [pool.submit(by_r, seed, part) for part in parts]
        by_case = pool.map(partial(by_ranef, seed), cases, chunksize=20)
        rows = [row for found in track(by_case, total=len(cases)) for row in found]
        fits = pd.concat([pd.DataFrame(rows), *(part.result() for part in in_r)])
    scenarios = [(s.name, s.sd) for s in SCENARIOS]
    outcomes, accuracy = outcome_table(fits), accuracy_table(fits, scenarios, TRUTH)
    print(outcomes, accuracy, sep="\n\n")
    own = fits[fits["method"].str.startswith("ranef") & ~fits["finished"]]
    for row in own.drop_duplicates(["scenario", "number", "method"]).itertuples():
        case = divmod(row.number, 10**6)
        print(f"drawn({seed}, {case[0]}, {case[1]}): {row.scenario}, {row.method}: {row.verdict}")
    if write:
        replace_block(PAGE, "generalised programs", outcomes)
        replace_block(PAGE, "generalised", accuracy)


def by_ranef(seed: int, case: tuple[int, int]) -> list[dict[str, object]]:
    """One row a coefficient and method; finished fits are certified, or have no maximum."""
    which, k = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(_fits(SCENARIOS[which], which * 10**6 + k, drawn(seed, which, k)))


def _fits(scenario: Scenario, number: int, data: pd.DataFrame) -> Iterator[dict[str, object]]:
    for nodes in (1, NODES):
        row: dict[str, object] = {
            "scenario": scenario.name,
            "number": number,
            "method": "ranef" if nodes == 1 else "ranef, quadrature",
        }
        begin = time.perf_counter()
        try:
            fit = rn.glmm(scenario.formula, data, family=scenario.family, n_agq=nodes)
        except rn.RanefError as error:
            yield {**row, "finished": False, "verdict": repr(error)}
            continue
        row["seconds"] = time.perf_counter() - begin
        certificate = fit.certificate
        proved = certificate.verdict == "no finite maximum"
        row["finished"] = certificate.certified or proved
        row["verdict"] = certificate.verdict
        if proved:
            yield row
            continue
        row["loglik"] = fit.loglik
        row["sd"] = fit.varcorr().query("term2.isna() and group == 'g'")["sd"].iloc[0]
        se = np.sqrt(np.diag(fit.vcov))
        for k, term in enumerate(TRUTH):
            yield {**row, "term": term, "estimate": fit.fixef.iloc[k], "se": se[k]}


def by_r(seed: int, cases: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """The same by lme4 and glmmTMB, in one run of R."""
    data = pd.concat(
        [
            drawn(seed, which, k).assign(
                number=which * 10**6 + k,
                scenario=SCENARIOS[which].name,
                formula=SCENARIOS[which].formula,
                family=SCENARIOS[which].family,
                nodes=1 if SCENARIOS[which].slopes else NODES,
            )
            for which, k in cases
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        data.to_csv(path, index=False)
        ran = subprocess.run(
            ["Rscript", str(SCRIPT), str(path)], capture_output=True, text=True, check=True
        )
    return pd.read_csv(io.StringIO(ran.stdout))
