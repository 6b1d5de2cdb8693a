"""The model as LaTeX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from ranef.present.equation.equation import equation

HERE = Path(__file__).parent


def test_two_levels(schools):
    assert equation(schools) + "\n" == (HERE / "hsb_equation.tex").read_text()


def test_level_two_variable_is_found_from_the_data(schools):
    wandering = schools.data.assign(sector=range(len(schools.data)))
    text = equation(replace(schools, data=wandering))
    assert r"\text{sector}_{ij}" in text
    assert r"\text{sector}_{j}" not in text


def test_several_factors_have_the_mixed_form_alone(schools):
    item = pd.DataFrame([("item", "Intercept", None, 1.0, 1.0)], columns=schools.components.columns)
    model = replace(
        schools,
        components=pd.concat([item, schools.components]),
        ngroups={"item": 9, "sch.id": 24},
    )
    text = equation(model)
    assert "Level" not in text
    assert r"u^{\text{item}}_{0,\text{item}[i]}" in text
    assert r"e_{i} &\sim \mathcal{N}(0, \sigma^2)" in text


def test_uncorrelated_terms_on_one_factor(schools):
    parts = schools.components[schools.components["term2"].isna()].copy()
    parts["group"] = ["sch.id", "sch.id.1", "Residual"]
    text = equation(replace(schools, components=parts))
    assert "Level 2" in text
    assert r"u_{1j} &\sim \mathcal{N}(0, \tau_{11})" in text
    assert "pmatrix" not in text


def test_model_without_residual(schools):
    parts = schools.components[schools.components["group"] != "Residual"]
    text = equation(replace(schools, components=parts))
    assert r"g(\mathrm{E}[\text{math}_{ij}]) &=" in text
    assert "sigma" not in text


def test_aliased_columns_are_left_out(schools):
    assert "smn" not in equation(replace(schools, dropped=("smn",)))
