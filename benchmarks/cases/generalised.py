"""Generalised models of the reference data, from a frame to the fit."""

from __future__ import annotations

import pandas as pd

import ranef as rn
from benchmarks.cases.fit_case import FitCase
from benchmarks.model import Model

__all__ = ["CBPP", "CONTRACEPTION", "GROUSETICKS", "VERBAGG"]

TOOLS = ("lme4", "glmmTMB", "glmm")
SMALL = {"glmm": 5.0, "glmmTMB": 50.0}


def _cbpp() -> pd.DataFrame:
    data = rn.datasets.load("cbpp")
    return data.assign(share=data["incidence"] / data["size"])


def _contraception() -> pd.DataFrame:
    data = rn.datasets.load("contraception")
    used = (data["use"] == "Y").astype(float)
    return data[["age", "urban", "livch", "district"]].assign(used=used)


def _verbagg() -> pd.DataFrame:
    data = rn.datasets.load("verbagg")
    answered = (data["r2"] == "Y").astype(float)
    columns = ["Anger", "Gender", "btype", "situ", "id", "item"]
    return data[columns].assign(answered=answered)


CBPP = FitCase(
    name="cbpp",
    title="cbpp, 56 rows, `share ~ period + (1 | herd)`, binomial, from a pandas frame",
    model=Model("share ~ period + (1 | herd)", family="binomial", weights="size"),
    data=_cbpp,
    tools=TOOLS,
    ratios=SMALL,
)

CONTRACEPTION = FitCase(
    name="contraception",
    title="contraception, 1,934 rows, `(urban | district)`, Bernoulli, from a pandas frame",
    model=Model("used ~ age + I(age^2) + urban + livch + (urban | district)", family="binomial"),
    data=_contraception,
    tools=TOOLS,
    ratios=SMALL,
)

GROUSETICKS = FitCase(
    name="grouseticks",
    title="grouseticks, 403 rows, `(1 | BROOD) + (1 | LOCATION) + (1 | INDEX)`, Poisson",
    model=Model(
        "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | LOCATION) + (1 | INDEX)", family="poisson"
    ),
    data=lambda: rn.datasets.load("grouseticks"),
    tools=TOOLS,
    ratios=SMALL,
)

VERBAGG = FitCase(
    name="verbagg",
    title="VerbAgg, 7,584 rows, `(1 | id) + (1 | item)` crossed, Bernoulli, from a pandas frame",
    model=Model(
        "answered ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)", family="binomial"
    ),
    data=_verbagg,
    tools=TOOLS,
    ratios={"glmm": 4.0, "lme4": 100.0},
)
