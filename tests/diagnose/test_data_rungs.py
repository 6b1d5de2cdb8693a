"""Rungs of the data: what a finding advises to leave out has been left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn


def schools(seed: int, groups: int = 30) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(groups), 12)
    x = rng.normal(size=code.size)
    y = 1.0 + 0.5 * x + rng.normal(size=groups)[code] + rng.normal(size=code.size)
    return pd.DataFrame({"y": y, "x": x, "g": 100 + code, "half": code % 2})


def row_of(data: pd.DataFrame, formula: str, rung: str, title: str = "") -> pd.Series:
    """The row of a rung, whose code gives its fit."""
    frame = rn.lmm(formula, data).diagnose().remedies
    (row,) = [r for _, r in frame[frame["rung"] == rung].iterrows() if title in r["title"]]
    again = eval(row["code"], {"rn": rn, "data": data})
    assert -2.0 * again.loglik == pytest.approx(row["criterion"], abs=1e-6)
    assert again.nobs == row["nobs"]
    assert again.certificate.verdict == row["verdict"]
    return row


@pytest.mark.parametrize("kind", ["number", "text", "two columns"])
def test_a_wild_group_is_left_out(kind: str) -> None:
    data = schools(4)
    data.loc[data["g"] == 107, "y"] += 12.0
    formula, title = "y ~ x + (1 | g)", "without 107"
    if kind == "text":
        data["g"] = 'the "' + data["g"].astype(str) + '"'
        title = 'without the "107"'
    elif kind == "two columns":
        data["top"], data["g"] = (data["g"] - 100) // 5, "r" + ((data["g"] - 100) % 5).astype(str)
        formula, title = "y ~ x + (1 | g:top)", "without r2:1"
    row = row_of(data, formula, "without-group", title)
    assert row["nobs"] == len(data) - 12
    assert not row["comparable"]
    assert np.isnan(row["aic_ml"])
    assert np.isnan(row["statistic"])
    assert "Without these 12 rows the SD of the " in row["judgement"]


def test_copied_rows_are_left_out() -> None:
    data = schools(5)
    copied = pd.concat([data, data.iloc[::20]], ignore_index=True)
    row = row_of(copied, "y ~ x + (1 | g)", "without-copies")
    clean = rn.lmm("y ~ x + (1 | g)", data)
    assert row["criterion"] == pytest.approx(clean.criterion, abs=1e-6)
    assert row["x"] == pytest.approx(clean.fixef["x"])


def test_a_separated_group_takes_its_coefficients_with_it() -> None:
    """A category that loses its first level compares other things: its coefficients are no rows."""
    data = schools(6).assign(kind=lambda d: np.where(d["g"] == 100, "a", "b"))
    data.loc[data["half"] == 1, "kind"] = "c"
    row = row_of(data, "y ~ x + kind + (1 | g)", "without-group", "without 100")
    assert abs(row["x change"]) < 1.0
    assert np.isnan(row["kind[T.b]"])
    assert np.isnan(row["kind[T.c]"])


def test_each_collinear_predictor_is_left_out_in_turn() -> None:
    data = schools(7)
    data["twice"] = 2.0 * data["x"] + 0.02 * np.random.default_rng(1).normal(size=len(data))
    row = row_of(data, "y ~ x + twice + (1 | g)", "drop-predictor", "without twice")
    assert row["x se_ratio"] < 0.05
    smaller = rn.lmm("y ~ x + (1 | g)", data, reml=False)
    larger = rn.lmm("y ~ x + twice + (1 | g)", data, reml=False)
    assert row["statistic"] == pytest.approx(smaller.criterion - larger.criterion, abs=1e-6)
    assert "without twice it stands for both" in row["judgement"]
    # One with a slope, or in an interaction, takes more with it and stays.
    frame = rn.lmm("y ~ x * half + twice + (1 | g)", data).diagnose().remedies
    assert frame.loc[frame["rung"] == "drop-predictor", "title"].tolist() == ["without twice"]


def test_the_page_tells_them_where_it_is_short() -> None:
    data = schools(4)
    data.loc[data["g"] == 107, "y"] += 12.0
    diagnosis = rn.lmm("y ~ x + (1 | g)", data).diagnose()
    assert not diagnosis.ladder.remedy
    page = str(diagnosis)
    assert '\n  rn.lmm("y ~ x + (1 | g)", data[data["g"] != 107])\n' in page
    assert "without 107 (" not in page.split("Also fitted")[1]
    assert "data[data[&quot;g&quot;] != 107]" in diagnosis._repr_html_()


def test_a_short_page_has_the_tests_against_the_asked_model_alone() -> None:
    """The mean in the centred model is tested against that one: its p would be misread here."""
    page = " ".join(str(rn.lmm("y ~ x + (1 | g)", schools(5)).diagnose()).split())
    assert "centred by g, + mean of x (p = " in page
    assert "), centred + mean of x, Wishart prior." in page


def test_a_flat_model_is_not_centred_before_it_is_made_smaller() -> None:
    data = schools(5)
    data["twin"] = "t" + data["g"].astype(str)
    diagnosis = rn.lmm("y ~ x + (1 | g) + (1 | twin)", data).diagnose()
    rungs = diagnosis.remedies.set_index("rung")
    assert list(rungs.index) == ["as-asked", "other-starts", "drop-term", "drop-term", "prior"]
    assert rungs.loc["prior", "judgement"].startswith("The prior chooses among fits")
