"""High School and Beyond: slopes of centred socio-economic status within schools."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

import ranef as rn
from benchmarks.cases.fit_case import FitCase
from benchmarks.model import Model, Statsmodels

__all__ = ["HSB", "HSB_MATRICES"]


def _pupils() -> pd.DataFrame:
    data = rn.datasets.load("hsb").rename(columns={"sch.id": "sch"})
    data["cwc"] = data["ses"] - data.groupby("sch")["ses"].transform("mean")
    return data[["math", "cwc", "sector", "sch"]]


HSB = FitCase(
    name="hsb",
    title="HSB, `math ~ cwc * sector + (cwc | sch)`, REML, from a pandas frame",
    model=Model(
        "math ~ cwc * sector + (cwc | sch)",
        statsmodels=Statsmodels("math ~ cwc * sector", "sch", "~cwc"),
    ),
    data=_pupils,
    tools=("lme4", "glmm", "mixedlm", "statsmodels"),
    ratios={"lme4": 20.0, "statsmodels": 300.0, "glmm": 1.0},
)

HSB_MATRICES = FitCase(
    name="hsb-matrices",
    title="HSB, the same model from the design matrices on",
    model=replace(HSB.model, entry="matrices"),
    data=_pupils,
    tools=("lme4", "glmm"),
    ratios={"glmm": 5.0},
)
