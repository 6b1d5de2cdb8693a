"""Fits and their diagnoses, each made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pandas as pd
import pytest

import ranef as rn
from ranef.present.diagnosis.facade import Diagnosis

from .planted_data import PLANTED

#: Name of the page, data set, formula, and what else the fit is given.
MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "hsb": ("hsb", "math ~ ses * sector + (ses | sch.id)", {}),
    "hsb-centred": (
        "hsb",
        "math ~ within(ses, sch.id) * sector + (within(ses, sch.id) | sch.id)",
        {},
    ),
    "hsb-mean": ("hsb", "math ~ ses * sector + between(ses, sch.id) * sector + (ses | sch.id)", {}),
    "hsb-additive-ml": ("hsb", "math ~ ses + sector + (ses | sch.id)", {"reml": False}),
    "hsb-stopped": (
        "hsb",
        "math ~ ses * sector + (ses | sch.id)",
        {"control": rn.Control(max_evaluations=3, restarts=0)},
    ),
    "sleepstudy": ("sleepstudy", "Reaction ~ Days + (Days | Subject)", {}),
    "dyestuff2": ("dyestuff2", "Yield ~ 1 + (1 | Batch)", {}),
    "penicillin": ("penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", {}),
    "pastes": ("pastes", "strength ~ 1 + (1 | batch/cask)", {}),
    "machines": ("machines", "score ~ Machine + (0 + Machine | Worker)", {}),
    "insteval": ("insteval", "y ~ service + (1 | s) + (1 | d)", {}),
    "insteval-part": ("insteval", "y ~ service + (1 | s) + (1 | d)", {}),
    "sleepstudy-intercepts": ("sleepstudy", "Reaction ~ Days + (1 | Subject)", {}),
    "classes": ("classes", "math ~ ses + (1 | school) + (1 | room)", {}),
    "rivals": ("rivals", "score ~ 1 + (1 | pair)", {}),
    "waves": ("waves", "y ~ wave + (wave | pupil)", {}),
    "maximal": ("words", "rt ~ prime * soa + (prime * soa | subj) + (prime * soa | item)", {}),
    "scotssec": ("scotssec", "attain ~ verbal + sex + (verbal | primary) + (1 | second)", {}),
}


#: Pages that take ten seconds: written with the others, to be read; no test makes them.
LARGE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "insteval-departments": (
        "insteval",
        "y ~ service + (1 | s) + (1 | d) + (1 | dept:service)",
        {},
    ),
}


@cache
def data_of(name: str) -> pd.DataFrame:
    """The data of a model: of InstEval the lectures of two departments, the others whole."""
    source = (MODELS | LARGE)[name][0]
    if source in PLANTED:
        return PLANTED[source]()
    data = rn.datasets.load(source)
    return data[data["dept"].isin(["1", "2"])] if name == "insteval-part" else data


@cache
def _fit(name: str) -> rn.Fit:
    _, formula, arguments = MODELS[name]
    return rn.lmm(formula, data_of(name), **arguments)


@cache
def _diagnosis(name: str) -> Diagnosis:
    return _fit(name).diagnose()


@pytest.fixture(scope="session")
def fit_of() -> Callable[[str], rn.Fit]:
    return _fit


@pytest.fixture(scope="session")
def diagnosis_of() -> Callable[[str], Diagnosis]:
    return _diagnosis
