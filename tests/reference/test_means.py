"""Marginal means, slopes and contrasts against emmeans 1.8.4.1."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranef as rn

CONTENT = gzip.decompress((Path(__file__).parent / "emmeans.json.gz").read_bytes())
ANSWERS: dict[str, Any] = json.loads(CONTENT)
BLOCKS = [(name, k) for name, blocks in ANSWERS["models"].items() for k in range(len(blocks))]

# Estimates and their errors depend on theta, of which R's is good to 1e-7 or so. Degrees of freedom
# are by numerical derivatives in R; p values and limits follow them. R's Tukey law is good to 4e-4
# (ptukey: 6.5250e-4 at 5 df where adaptive quadrature, and SciPy, give 6.5275e-4).
RELATIVE = {"estimate": 1e-6, "std_error": 1e-6, "df": 1e-4, "p_value": 1e-4}
TUKEY = 5e-4


def check(
    ours: Any, theirs: dict[str, list[Any]], absolute: float = 1e-9, **relative: float
) -> None:
    for column, values in theirs.items():
        expected = np.array([np.nan if v is None else v for v in values], dtype=float)
        given = np.asarray(ours[column], dtype=float)
        if column in ("conf_low", "conf_high"):  # of the interval's width
            width = np.abs(np.asarray(ours["conf_high"] - ours["conf_low"], dtype=float))
            allowed = relative.get(column, 1e-5) * width
        else:
            size = np.asarray(ours["std_error"]) if column == "estimate" else 0.0
            allowed = relative.get(column, RELATIVE[column]) * np.maximum(np.abs(expected), size)
            allowed = allowed + (absolute if column == "p_value" else 0.0)
        np.testing.assert_array_equal(np.isnan(given), np.isnan(expected), err_msg=column)
        good = ~np.isnan(expected)
        excess = np.abs(given - expected) - allowed
        assert np.all(excess[good] <= 0.0), f"{column}: {given} against {expected}"


@pytest.mark.parametrize(("name", "block"), BLOCKS)
def test_reference_models(name: str, block: int, fitted_model: Callable[[str], Any]) -> None:
    answers = ANSWERS["models"][name][block]
    specs, _, by = answers["specs"].replace("~", "").replace(" ", "").partition("|")
    means = fitted_model(name).emmeans(
        re.split(r"[*+]", specs), by=by.split("*") if by else None, ddf=answers["ddf"]
    )
    for variable in answers["labels"][0]:
        labels = [str(row[variable]) for row in answers["labels"]]
        assert [str(v) for v in means.frame[variable]] == labels
    check(means.frame, answers["means"])
    plain = means.pairs("none")
    check(plain.frame, answers["none"])
    assert plain.frame["contrast"].tolist() == answers["names"]
    tukey = means.pairs().frame
    assert tukey["estimate"].tolist() == plain.frame["estimate"].tolist()
    check(tukey, answers["tukey"], p_value=TUKEY)


@cache
def cake(empty: bool = False) -> Any:
    """Unbalanced: two rows of eleven are left out; perhaps a whole combination of levels."""
    data = rn.datasets.load("cake")
    data = data[[k * 7 % 11 not in (0, 3) for k in range(len(data))]].reset_index(drop=True)
    if empty:
        data = data[~((data["recipe"] == "B") & (data["temp"] == 175))]
    return data.assign(w=1 + (np.arange(len(data)) + 1) % 3)


@cache
def cake_fit(fixed: str, empty: bool = False, weights: str | None = None) -> Any:
    return rn.lmm(f"angle ~ {fixed} + (1 | recipe:replicate)", cake(empty), weights=weights)


@cache
def schools() -> Any:
    data = rn.datasets.load("hsb")
    data = data[data["sch.id"].isin(data["sch.id"].unique()[:30])]
    return rn.lmm("math ~ ses * sector + minority + (ses | sch.id)", data)


def by_recipe() -> Any:
    return cake_fit("recipe * temperature").emmeans("temperature", by="recipe")


# The fit of 30 schools is singular: lmerTest takes its zero as known.
LMERTEST = "satterthwaite"
AT = {"temp": [180, 210]}
GRIDS: dict[str, Callable[[], Any]] = {
    **{
        f"int_recipe_{w}": lambda w=w: cake_fit("recipe * temperature").emmeans("recipe", weights=w)
        for w in ("equal", "proportional", "cells", "outer")
    },
    "int_cells": lambda: cake_fit("recipe * temperature").emmeans(["recipe", "temperature"]),
    "by_eff": lambda: by_recipe().contrast("eff", "none"),
    "by_trt.vs.ctrl": lambda: by_recipe().contrast("treatment", "none"),
    "by_poly": lambda: by_recipe().contrast("polynomial"),
    "by_consec": lambda: by_recipe().contrast("consecutive", "none"),
    "by_pairwise": lambda: by_recipe().pairs("none"),
    **{
        f"{kind}_{adjust}": lambda adjust=adjust: by_recipe().pairs(adjust)
        for adjust in ("tukey", "sidak", "holm", "bonferroni", "scheffe")
        for kind in ("adj", "ci")
    },
    "trt_sidak": lambda: by_recipe().contrast("treatment", "sidak"),
    "trt_mvt": lambda: by_recipe().contrast("treatment"),
    "trt_scheffe": lambda: by_recipe().contrast("consecutive", "scheffe"),
    "trt_ref": lambda: by_recipe().contrast("treatment", "none", reference="195"),
    "at": lambda: cake_fit("recipe * temp").emmeans("recipe", by="temp", at=AT),
    "at_avg": lambda: cake_fit("recipe * temp").emmeans("recipe", at={**AT, "recipe": ["A", "C"]}),
    "num": lambda: cake_fit("recipe * temp").emmeans("temp"),
    "trend": lambda: cake_fit("recipe * poly(temp, 2)").emtrends("temp", by="recipe"),
    "logmean": lambda: cake_fit("recipe * log(temp)").emmeans("recipe"),
    "empty": lambda: cake_fit("recipe * temperature", empty=True).emmeans("recipe"),
    "empty_cells": lambda: cake_fit("recipe * temperature", empty=True).emmeans(
        "recipe", by="temperature"
    ),
    "empty_pairs": lambda: (
        cake_fit("recipe * temperature", empty=True)
        .emmeans("recipe", by="temperature")
        .pairs("bonferroni")
    ),
    "empty_tukey": lambda: (
        cake_fit("recipe * temperature", empty=True).emmeans("recipe", by="temperature").pairs()
    ),
    "hsb": lambda: schools().emmeans("sector", ddf=LMERTEST),
    "hsb_ses": lambda: schools().emmeans("ses", at={"ses": [-1, 0, 1]}, ddf=LMERTEST),
    "hsb_prop": lambda: schools().emmeans("ses", weights="proportional", ddf=LMERTEST),
    "hsb_trend": lambda: schools().emtrends("ses", by="sector", ddf=LMERTEST),
    "hsb_pairs": lambda: schools().emmeans("sector", by="minority", ddf=LMERTEST).pairs(),
    "offset": lambda: cake_fit("recipe + temperature + offset(temp / 10)").emmeans("recipe"),
    "weights": lambda: cake_fit("recipe + temperature", weights="w").emmeans(
        "recipe", weights="proportional"
    ),
    "eff_size": lambda: effect_sizes(),
}


def effect_sizes() -> Any:
    """emmeans gives them the smallest df of the two means; here those of the difference."""
    return by_recipe().pairs().effect_size(4.5, edf=150)


LOOSER = {
    # emmeans asks for an error of 1e-3 and cuts degrees of freedom down to whole numbers. The law
    # itself is compared with quadrature in tests/inference/test_means.py.
    "trt_mvt": {"p_value": 0.0, "absolute": 5e-4},
    # emmeans takes a difference over a step to one side.
    "trend": {"estimate": 5e-5, "std_error": 5e-5, "conf_low": 5e-5, "conf_high": 5e-5},
    "adj_tukey": {"p_value": TUKEY},
    "empty_tukey": {"p_value": TUKEY},
}


@pytest.mark.parametrize("name", GRIDS)
def test_grids(name: str) -> None:
    check(GRIDS[name](), ANSWERS["grids"][name], **LOOSER.get(name, {}))
