"""Fits of several kinds, each made once in a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import ranef as rn

load = rn.datasets.load


@cache
def odd() -> pd.DataFrame:
    """Columns whose names mean something in LaTeX or in a program."""
    rng = np.random.default_rng(1)
    n = 400
    group = rng.integers(0, 20, n)
    names = ["a^b", "p~q", "s\\t", "u_v %&#", "{w}$", "größe µ", "if", "it's", "β²"]
    columns: dict[str, Any] = {name: rng.normal(size=n) for name in names}
    columns["the answer to a question of a survey that is longer than a line of a paper"] = (
        rng.normal(size=n)
    )
    columns |= {f"x{k}": rng.normal(size=n) for k in range(3)}
    columns["band"] = pd.Categorical(np.array(["<5", "5–10", ">10 €"])[rng.integers(0, 3, n)])
    columns["school of the pupil in the second wave"] = group
    columns["y|z"] = rng.normal(size=n) + rng.normal(size=20)[group]
    return pd.DataFrame(columns)


def _odd() -> rn.Fit:
    data = odd()
    response, group = "y|z", "school of the pupil in the second wave"
    predictors = " + ".join(f"`{name}`" for name in data if name not in (response, group))
    return rn.lmm(f"`{response}` ~ {predictors} + (1 + `a^b` | `{group}`)", data)


def _crossed_odd() -> rn.Fit:
    group = "`school of the pupil in the second wave`"
    return rn.lmm(f"`y|z` ~ band * `a^b` + (x0 | {group}) + (1 | band)", odd())


WITHIN = "math ~ within(ses, sch.id) * sector + between(ses, sch.id) * sector + (1 | sch.id)"

FITS: dict[str, Callable[[], Any]] = {
    "hsb": lambda: rn.lmm("math ~ ses * sector + (ses | sch.id)", load("hsb")),
    "within": lambda: rn.lmm(WITHIN, load("hsb"), labels={"ses": "SES", "sch.id": "school"}),
    "cake": lambda: rn.lmm("angle ~ recipe * temperature + (1 | recipe:replicate)", load("cake")),
    "contrasts": lambda: rn.lmm(
        "angle ~ recipe * temperature + (1 | recipe:replicate)",
        load("cake"),
        contrasts={"recipe": "sum", "temperature": "poly"},
    ),
    "egsingle": lambda: rn.lmm(
        "math ~ year * black + size + (year | schoolid/childid)", load("egsingle")
    ),
    "insteval": lambda: rn.lmm(
        "y ~ service * dept + lectage + studage + (1 | s) + (1 | d)", load("insteval").head(8000)
    ),
    "cs": lambda: rn.lmm("score ~ Machine + cs(0 + Machine | Worker)", load("machines")),
    "structures": lambda: rn.lmm(
        "angle ~ recipe + temp + cs(0 + recipe | replicate) + ar1(0 + temp | recipe:replicate)",
        load("cake"),
    ),
    "strata": lambda: rn.lmm(
        "distance ~ age * Sex + (age | Subject)", load("orthodont"), residual="strata(Sex)"
    ),
    "ar1": lambda: rn.lmm(
        "distance ~ age * Sex + (1 | Subject)", load("orthodont"), residual="ar1(age | Subject)"
    ),
    "functions": lambda: rn.lmm(
        "log(Reaction) ~ poly(Days, 2) + I(Days^3 / 2) + sqrt(Days) + scale(Days) + (1 | Subject)",
        load("sleepstudy"),
    ),
    "cbpp": lambda: rn.glmm("incidence / size ~ period + (1 | herd)", load("cbpp"), weights="size"),
    "answers": lambda: rn.glmm(
        "use ~ age + urban + livch + (urban | district)",
        load("contraception"),
        family="binomial(probit)",
    ),
    "prior": lambda: rn.lmm(
        "Reaction ~ Days + (Days | Subject)",
        load("sleepstudy"),
        prior=[rn.priors.LKJ(2), rn.priors.HalfT(df=3, scale=2.5), rn.priors.Normal()],
    ),
    "lm": lambda: rn.lm("math ~ ses * sector", load("hsb")),
    "odd": _odd,
    "odd and crossed": _crossed_odd,
}


@cache
def fit(name: str) -> Any:
    """One of `FITS`."""
    return FITS[name]()
