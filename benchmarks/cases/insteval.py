"""73,421 ratings of 1,128 lecturers by 2,972 students: crossed random intercepts."""

from __future__ import annotations

import pandas as pd

import ranef as rn
from benchmarks.cases.fit_case import FitCase
from benchmarks.model import Model

__all__ = ["INSTEVAL_THREE", "INSTEVAL_TWO"]


def _ratings() -> pd.DataFrame:
    data = rn.datasets.load("insteval")
    return data[["y", "s", "d", "dept", "service"]].assign(y=data["y"].astype(float))


TWO = "y ~ service * dept + (1 | s) + (1 | d)"
THREE = "y ~ service + (1 | s) + (1 | d) + (1 | dept:service)"

INSTEVAL_TWO = FitCase(
    name="insteval-two",
    title=f"InstEval, `{TWO}`, ML, from a pandas frame",
    model=Model(TWO, reml=False, derivatives=False, intercepts=("s", "d")),
    data=_ratings,
    tools=("lme4", "glmm", "mixedlm", "gpboost"),
    ratios={"lme4": 15.0, "glmm": 4.0},
)

INSTEVAL_THREE = FitCase(
    name="insteval-three",
    title=f"InstEval, `{THREE}`, ML, from a pandas frame",
    model=Model(THREE, reml=False, derivatives=False, intercepts=("s", "d", "dept:service")),
    data=_ratings,
    tools=("lme4", "glmm", "mixedlm", "gpboost"),
    ratios={"lme4": 15.0, "glmm": 4.0},
)
