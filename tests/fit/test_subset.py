"""Rows chosen by a condition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn

FORMULA = "y ~ x + (1 | g)"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    g = np.repeat(np.arange(12), 10)
    frame = pd.DataFrame(
        {
            "g": g,
            "x": rng.normal(size=120).round(3),
            "age": rng.integers(5, 20, 120),
            "sex": rng.choice(["F", "M"], 120),
            "done": rng.random(120) < 0.7,
            "a b": rng.normal(size=120),
        }
    )
    frame["y"] = frame["x"] + rng.normal(size=12)[g] + rng.normal(size=120)
    frame.loc[[3, 50], "y"] = np.nan
    return frame


CONDITIONS = [
    ("age > 10", lambda d: d.age > 10),
    ("age > 10 & sex == 'F'", lambda d: (d.age > 10) & (d.sex == "F")),
    ('age > 10 and sex != "F"', lambda d: (d.age > 10) & (d.sex != "F")),
    ("age <= 8 | sex == 'F' & done", lambda d: (d.age <= 8) | ((d.sex == "F") & d.done)),
    ("(age <= 8 || sex == 'F') && done", lambda d: ((d.age <= 8) | (d.sex == "F")) & d.done),
    ("!done", lambda d: ~d.done),
    ("not (age > 10 or done)", lambda d: ~((d.age > 10) | d.done)),
    ("log(age) < 2.5 & abs(x) > 0.1", lambda d: (np.log(d.age) < 2.5) & (d.x.abs() > 0.1)),
    ("(age + 1) * 2 >= 24", lambda d: (d.age + 1) * 2 >= 24),
    ("`a b` > 0", lambda d: d["a b"] > 0),
    ("g != 3", lambda d: d.g != 3),
]


@pytest.mark.parametrize(("condition", "rows"), CONDITIONS)
def test_the_fit_is_that_of_the_chosen_rows(condition: str, rows: Any, data: pd.DataFrame) -> None:
    chosen = rows(data)
    fit, direct = rn.lmm(FORMULA, data, subset=condition), rn.lmm(FORMULA, data[chosen])
    assert fit.loglik == direct.loglik
    assert fit.missing_rows.outside == int((~chosen).sum())
    used = data.index[chosen & data["y"].notna()]
    assert fit.fitted.index.equals(used)
    assert (
        np.flatnonzero(np.isnan(fit.residuals(rows="all"))).tolist()
        == np.flatnonzero(~data.index.isin(used)).tolist()
    )


def test_what_is_left_out_is_counted(data: pd.DataFrame) -> None:
    fit = rn.lmm(FORMULA, data, subset="g > 0")
    assert len(fit.missing_rows) == 11
    assert "outside of the subset: 10; missing values: y 1" in str(fit.missing_rows)
    (finding,) = (f for f in fit.findings if f.code == "missing-rows")
    assert "1 of 110 rows" in finding.message
    assert "outside of the subset: 10" in str(fit.summary())


def test_group_means_are_over_the_chosen_rows(data: pd.DataFrame) -> None:
    formula = "y ~ within(x, g) + between(x, g) + (1 | g)"
    fit = rn.lmm(formula, data, subset="age > 9")
    assert fit.loglik == rn.lmm(formula, data[data.age > 9]).loglik


def test_weights_belong_to_all_rows(data: pd.DataFrame) -> None:
    w = np.linspace(0.5, 2.0, 120)
    fit = rn.lmm(FORMULA, data, weights=w, subset="age > 9")
    keep = (data.age > 9).to_numpy()
    assert fit.loglik == rn.lmm(FORMULA, data[keep], weights=w[keep]).loglik
    with pytest.raises(rn.DataError, match="one value per row"):
        rn.lmm(FORMULA, data, weights=w[keep], subset="age > 9")


def test_an_unknown_truth_leaves_a_row_out(data: pd.DataFrame) -> None:
    gaps = data.assign(age=data["age"].where(data["age"] != 12))
    fit = rn.lmm(FORMULA, gaps, subset="age > 10")
    assert fit.loglik == rn.lmm(FORMULA, data[(data.age > 10) & (data.age != 12)]).loglik
    known = rn.lmm(FORMULA, gaps, subset="age > 10 | x < 100")
    assert known.loglik == rn.lmm(FORMULA, data).loglik


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_libraries(library: str, data: pd.DataFrame) -> None:
    import polars as pl

    frame: Any = pl.from_pandas(data)
    frame = frame if library == "polars" else frame.to_arrow()
    direct = rn.lmm(FORMULA, data[(data.age > 10) & (data.sex == "F")])
    assert rn.lmm(FORMULA, frame, subset="age > 10 & sex == 'F'").loglik == direct.loglik


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ("age = 10", "is not a condition"),
        ("5 < age < 10", "two comparisons in a row"),
        ("age >", "nothing stands after"),
        ("(age > 10", "never closed"),
        ("age > 10)", "closes nothing"),
        ("age > 10 &", "ends too early"),
        ("", "ends too early"),
        ("ages > 10", "unknown column 'ages'"),
        ("age > 100", "holds in no row"),
        ("sex > 'F'", "not smaller or larger"),
        ("sex", "is a category"),
        ("sex == 1", "compared with a number"),
        ("sex == 'f'", "is not a level of 'sex'"),
        ("scale(x) > 0", "learns from the rows"),
        ("within(x, g) > 0", "learns from the rows"),
        ("(" * 60 + "age > 10" + ")" * 60, "deep"),
        (3, "as text"),
    ],
)
def test_what_is_no_condition(condition: Any, what: str, data: pd.DataFrame) -> None:
    with pytest.raises(rn.RanefError, match=what):
        rn.lmm(FORMULA, data, subset=condition)
