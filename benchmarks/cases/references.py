"""Evaluations that ranef needs for the generalised models of the reference data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

import ranef as rn
from benchmarks.cases.case import Session
from benchmarks.cases.generalised import CBPP, CONTRACEPTION, GROUSETICKS, VERBAGG
from benchmarks.dataset import write
from benchmarks.model import Model
from benchmarks.result import Goal, Result
from benchmarks.runner import interleave

__all__ = ["REFERENCES", "ReferencesCase"]

TICKS = "TICKS ~ YEAR + cHEIGHT + (1 | BROOD)"
MMMEC = "deaths ~ uvb + offset(log(expected))"


def _models() -> dict[str, tuple[Model, pd.DataFrame]]:
    cbpp, ticks = CBPP.data(), GROUSETICKS.data()
    contraception, mmmec = CONTRACEPTION.data(), rn.datasets.load("mmmec")
    sleep = rn.datasets.load("sleepstudy")
    rows = cbpp.assign(row=range(len(cbpp)))
    slope = CONTRACEPTION.model.formula
    reaction = "Reaction ~ Days"
    return {
        **{
            f"cbpp, {link}": (replace(CBPP.model, family=f"binomial({link})"), cbpp)
            for link in ("logit", "probit", "cloglog")
        },
        "cbpp with an effect of each row": (
            replace(CBPP.model, formula=f"{CBPP.model.formula} + (1 | row)"),
            rows,
        ),
        "contraception, intercepts": (
            replace(CONTRACEPTION.model, formula=slope.replace("(urban |", "(1 |")),
            contraception,
        ),
        "contraception, slopes": (CONTRACEPTION.model, contraception),
        "VerbAgg": (VERBAGG.model, VERBAGG.data()),
        "grouseticks, Poisson": (GROUSETICKS.model, ticks),
        "grouseticks, broods, Poisson": (Model(TICKS, family="poisson"), ticks),
        "grouseticks, broods, nbinom1": (Model(TICKS, family="nbinom1"), ticks),
        "grouseticks, broods, nbinom2": (Model(TICKS, family="nbinom2"), ticks),
        "mmmec, nested": (Model(f"{MMMEC} + (1 | nation / region)", family="poisson"), mmmec),
        "mmmec, slopes": (Model(f"{MMMEC} + (uvb | nation)", family="poisson"), mmmec),
        "mmmec, nbinom2": (Model(f"{MMMEC} + (1 | nation / region)", family="nbinom2"), mmmec),
        "sleepstudy, gamma": (Model(f"{reaction} + (1 | Subject)", family="gamma(log)"), sleep),
        "sleepstudy, gamma, slopes": (
            Model(f"{reaction} + (Days | Subject)", family="gamma(log)"),
            sleep,
        ),
    }


@dataclass(frozen=True, slots=True)
class ReferencesCase:
    """Each model by ranef alone."""

    name: str = "generalised-evaluations"
    title: str = "Evaluations of the likelihood, generalised models of the reference data"
    most: int = 8
    large: bool = False
    models: Callable[[], Mapping[str, tuple[Model, pd.DataFrame]]] = _models

    def measure(self, session: Session) -> Result:
        rows = []
        for label, (model, frame) in self.models().items():
            data = write(frame, session.folder / self.name)
            (row,) = interleave(
                [session.tools["ranef"]], model, data, session.plan, log=session.log
            )
            rows.append(replace(row, label=f"ranef, {label}", memory=None))
        counts = [row.evaluations for row in rows if row.evaluations is not None]
        worst = max(counts) if len(counts) == len(rows) else None
        goal = Goal("most evaluations", self.most, worst, at_least=False)
        return Result(self.name, self.title, tuple(rows), (goal,))


REFERENCES = ReferencesCase()
