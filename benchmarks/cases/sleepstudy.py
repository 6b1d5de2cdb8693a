"""Reaction times of 18 subjects over 10 days: a small model, where overhead is everything."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

import ranef as rn
from benchmarks.cases.fit_case import FitCase
from benchmarks.model import Model, Statsmodels

__all__ = ["SLEEPSTUDY", "SLEEPSTUDY_MATRICES"]


def _days() -> pd.DataFrame:
    data: pd.DataFrame = rn.datasets.load("sleepstudy")
    return data


SLEEPSTUDY = FitCase(
    name="sleepstudy",
    title="sleepstudy, `Reaction ~ Days + (Days | Subject)`, REML, from a pandas frame",
    model=Model(
        "Reaction ~ Days + (Days | Subject)",
        statsmodels=Statsmodels("Reaction ~ Days", "Subject", "~Days"),
    ),
    data=_days,
    tools=("lme4", "glmm", "mixedlm", "statsmodels"),
    ratios={"lme4": 5.0},
)

SLEEPSTUDY_MATRICES = FitCase(
    name="sleepstudy-matrices",
    title="sleepstudy, the same model from the design matrices on",
    model=replace(SLEEPSTUDY.model, entry="matrices"),
    data=_days,
    tools=("lme4", "glmm"),
    ratios={"glmm": 5.0},
)
