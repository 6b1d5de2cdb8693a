"""Generalised models beside lme4 and glmmTMB: convergence, bias, level of Wald tests, time.

24 scenarios after Li & Signorelli: binary answers and counts, random intercepts and correlated
slopes, three shapes of the sample, small and large variances. Every data set is fitted by all
programs. R with lme4 and glmmTMB must be installed.

x varies within groups and w between them. Figures are about the coefficients of both; `sd` is the
mean estimate of the standard deviation of the intercepts. A level is the share of tests at 5 %
that reject the true value; a fit that failed counts nowhere but in `ok`.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track

import ranef as rn

__all__ = ["SCENARIOS", "Scenario", "run"]

SCRIPT = Path(__file__).with_name("generalised.R")

TRUTH = {"Intercept": -0.5, "x": 0.5, "w": 0.4}

NODES = 9
"""Of lme4's quadrature, and ours, with one random effect a group."""

CRITICAL = 1.959963984540054


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
        return f"{self.family}, {part}, {self.groups} x {self.size}, sd {self.sd:g}"

    def draw(self, rng: np.random.Generator) -> pd.DataFrame:
        """Slopes have half the SD of intercepts, and a correlation of 0.4 with them."""
        g = np.repeat(np.arange(self.groups), self.size)
        x, w = rng.normal(size=g.size), rng.integers(0, 2, self.groups)[g].astype(float)
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


def run(n: int | None, seed: int, write: bool) -> None:
    """Print the table: `n` data sets for each scenario, 50 by default."""
    if write:
        raise SystemExit("the study of generalised models has no page")
    parts = []
    for number, scenario in enumerate(track(SCENARIOS)):
        rng = np.random.default_rng([seed, number])
        drawn = [scenario.draw(rng) for _ in range(n or 50)]
        fits = pd.concat([by_ranef(scenario, drawn), by_r(scenario, drawn)])
        parts.append(summary(fits, len(drawn)).assign(scenario=scenario.name))
    table = pd.concat(parts).set_index("scenario", append=True).swaplevel()
    print(table.to_string(float_format="{:.3f}".format))


def by_ranef(scenario: Scenario, drawn: list[pd.DataFrame]) -> pd.DataFrame:
    """One row a coefficient and method; `converged` is certified."""
    return pd.DataFrame([row for k, d in enumerate(drawn) for row in _fits(scenario, k, d)])


def _fits(scenario: Scenario, number: int, data: pd.DataFrame) -> Iterator[dict[str, object]]:
    for nodes in (1,) if scenario.slopes else (1, NODES):
        begin = time.perf_counter()
        try:
            fit = rn.glmm(scenario.formula, data, family=scenario.family, n_agq=nodes)
        except rn.RanefError:
            continue
        seconds = time.perf_counter() - begin
        se = np.sqrt(np.diag(fit.vcov))
        sd = fit.varcorr().query("term2.isna() and group == 'g'")["sd"].iloc[0]
        for k, term in enumerate(TRUTH):
            yield {
                "number": number,
                "method": "ranef" if nodes == 1 else f"ranef n_agq={nodes}",
                "converged": fit.certificate.certified,
                "seconds": seconds,
                "sd": sd,
                "term": term,
                "estimate": fit.fixef.iloc[k],
                "se": se[k],
            }


def by_r(scenario: Scenario, drawn: list[pd.DataFrame]) -> pd.DataFrame:
    """The same by lme4 and glmmTMB, in one run of R."""
    data = pd.concat([frame.assign(number=k) for k, frame in enumerate(drawn)])
    nodes = 1 if scenario.slopes else NODES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        data.to_csv(path, index=False)
        ran = subprocess.run(
            ["Rscript", str(SCRIPT), str(path), scenario.formula, scenario.family, str(nodes)],
            capture_output=True,
            text=True,
            check=True,
        )
    return pd.read_csv(io.StringIO(ran.stdout))


def summary(fits: pd.DataFrame, n: int) -> pd.DataFrame:
    """By method: the share of data sets it finished, then figures over the fits that did."""
    rows = {}
    for method, own in fits.groupby("method"):
        ok = own[own["converged"].astype(bool) & np.isfinite(own["se"])]
        error = ok["estimate"] - ok["term"].map(TRUTH)
        rejected = error.abs() > CRITICAL * ok["se"]
        row = {"ok": own.loc[own["converged"].astype(bool), "number"].nunique() / n}
        for term in ("x", "w"):
            mine = ok["term"] == term
            row[f"bias {term}"] = error[mine].mean()
            row[f"RMSE {term}"] = np.sqrt((error[mine] ** 2).mean())
            row[f"level {term}"] = rejected[mine].mean()
        first = own.drop_duplicates("number")
        row["sd"] = first["sd"].mean()
        row["ms"] = 1e3 * first["seconds"].median()
        rows[method] = row
    return pd.DataFrame(rows).T.rename_axis("method")
