"""Predictions that the data do not determine are NaN, and no others are."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 240
    d = pd.DataFrame(
        {
            "a": rng.choice(["u", "v"], n),
            "b": rng.choice(["p", "q", "r"], n),
            "x": rng.normal(size=n),
            "g": rng.integers(0, 12, n),
            "year": rng.integers(1990, 2020, n).astype(float),
        }
    )
    d = d[(d.a == "u") | (d.b != "q")].reset_index(drop=True)
    d["x2"] = 2.0 * d.x
    d["age"] = d.year - 1950.0
    d["stamp"] = 1.6e9 + d.year
    d["one"] = 3.0
    d["y"] = (d.a == "v") + 2.0 * (d.b == "q") + d.x + rng.normal(size=12)[d.g]
    d["y"] += rng.normal(size=len(d))
    return d


def population(fit: rn.Fit, new: pd.DataFrame) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rn.NotEstimableWarning)
        return np.asarray(fit.predict(new, level="population"))


@pytest.mark.parametrize(
    ("formulas", "new", "known"),
    [
        (
            ("y ~ a * b + (1 | g)", "y ~ b * a + (1 | g)", "y ~ 0 + a:b + a + (1 | g)"),
            [{"a": a, "b": b} for a in "uv" for b in "pqr"],
            [True, True, True, True, False, True],
        ),
        (
            ("y ~ C(a, contr.sum) * C(b, contr.helmert) + (1 | g)", "y ~ a * b + (1 | g)"),
            [{"a": a, "b": b} for a in "uv" for b in "pqr"],
            [True, True, True, True, False, True],
        ),
        (
            ("y ~ x + x2 + (1 | g)", "y ~ x2 + x + (1 | g)"),
            [{"x": 1.0, "x2": 2.0}, {"x": 1.0, "x2": 0.0}, {"x": 7.0, "x2": 14.0}],
            [True, False, True],
        ),
        (
            ("y ~ 0 + x + x2 + (1 | g)", "y ~ 0 + x2 + x + (1 | g)"),
            [{"x": 1.0, "x2": 2.0}, {"x": 1.0, "x2": 0.0}, {"x": 7.0, "x2": 14.0}],
            [True, False, True],
        ),
        (
            ("y ~ year + age + (1 | g)", "y ~ age + year + (1 | g)"),
            [{"year": 2050.0, "age": 100.0}, {"year": 2000.0, "age": 50.5}],
            [True, False],
        ),
        (
            ("y ~ year + stamp + (1 | g)", "y ~ stamp + year + (1 | g)"),
            [{"year": 2000.0, "stamp": 1.6e9 + 2000}, {"year": 2000.0, "stamp": 1.6e9 + 2001}],
            [True, False],
        ),
        (
            ("y ~ x + one + (1 | g)", "y ~ 0 + x + one + (1 | g)"),
            [{"x": 0.0, "one": 3.0}],
            [True],
        ),
        (("y ~ x + one + (1 | g)",), [{"x": 0.0, "one": 4.0}], [False]),
        (
            ("y ~ x + I(x^2) + poly(x, 2) + (1 | g)", "y ~ poly(x, 2) + I(x^2) + x + (1 | g)"),
            [{"x": 0.3}, {"x": -4.0}],
            [True, True],
        ),
    ],
)
def test_what_is_estimable_does_not_depend_on_the_order_of_terms(data, formulas, new, known):
    rows = pd.DataFrame(new)
    fits = [rn.lmm(formula, data) for formula in formulas]
    got = [population(fit, rows) for fit in fits]
    for fit, values in zip(fits, got, strict=True):
        assert (~np.isnan(values)).tolist() == known
        np.testing.assert_allclose(values, got[0], atol=1e-7)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_allclose(fit.predict(data), fit.fitted, atol=1e-7)


def test_rows_of_the_fit_are_estimable_however_nearly_a_column_was_left_out(data):
    rng = np.random.default_rng(1)
    for size in (1e-12, 1e-9, 3e-8):
        near = data.assign(x2=data.x * (1.0 + size * rng.normal(size=len(data))))
        fit = rn.lmm("y ~ x + x2 + (1 | g)", near)
        if not fit.dropped:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isfinite(fit.predict(near)).all()
        assert np.isnan(population(fit, pd.DataFrame({"x": [1.0], "x2": [1.1]}))).all()


def test_categories_of_many_rows(data):
    """From 4,096 rows on, equal rows are coded once."""
    many = pd.concat([data] * 20, ignore_index=True)
    fit = rn.lmm("y ~ a * b + (1 | g)", many)
    rows = pd.DataFrame({"a": ["v", "u"] * 2500, "b": ["q", "p"] * 2500})
    assert np.isnan(population(fit, rows)).tolist() == [True, False] * 2500


def test_the_warning_names_rows_and_columns_in_the_callers_line(data):
    fit = rn.lmm("y ~ a * b + x + x2 + (1 | g)", data)
    new = pd.DataFrame(
        {"a": ["u", "v", "v"], "b": ["p", "q", "p"], "x": [0.0, 0.0, 1.0], "x2": [0.0, 0.0, 1.0]}
    )
    with pytest.warns(rn.NotEstimableWarning) as caught:
        got = fit.predict(new, level="population", interval="confidence", se=True)
    assert caught[0].filename == __file__
    text = str(caught[0].message)
    assert text.startswith("2 of 3 predictions are not estimable and are NaN")
    assert "rows (from 0) 1, 2" in text
    assert "'x2', 'a[T.v]:b[T.q]'" in text
    assert got.isna().all(axis=1).tolist() == [False, True, True]


def test_conditional_predictions_need_the_mean_too(data):
    fit = rn.lmm("y ~ x + x2 + (x | g)", data)
    new = pd.DataFrame({"x": [1.0, 1.0], "x2": [2.0, 3.0], "g": [1, 1]})
    with pytest.warns(rn.NotEstimableWarning, match="1 of 2 predictions is not estimable"):
        got = fit.predict(new)
    assert np.isnan(got).tolist() == [False, True]


def test_missing_values_are_not_called_not_estimable(data):
    fit = rn.lmm("y ~ x + x2 + (1 | g)", data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = fit.predict({"x": [np.nan, 1.0], "x2": [1.0, 2.0]}, level="population")
    assert np.isnan(got).tolist() == [True, False]


def test_without_columns_left_out_everything_is_estimable(data):
    fit = rn.lmm("y ~ a + b + x + (1 | g)", data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = fit.predict({"a": ["v"], "b": ["q"], "x": [1e6]}, level="population")
    assert np.isfinite(got).all()
