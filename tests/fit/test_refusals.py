"""What cannot be fitted or asked for is refused in words that help."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(8), 6)
    x = rng.normal(size=48)
    y = 1 + x + rng.normal(size=8)[g] + rng.normal(size=48)
    return pd.DataFrame({"y": y, "x": x, "g": g})


@pytest.fixture(scope="module")
def fit(data):
    return rn.lmm("y ~ x + (1 | g)", data)


@pytest.mark.parametrize("reml", [True, False])
def test_a_response_that_the_predictors_determine(data, reml):
    with pytest.raises(rn.DesignError, match="the fixed part fits 'y' exactly"):
        rn.lmm("y ~ x + (1 | g)", data.assign(y=2 * data.x + 1), reml=reml)


@pytest.mark.parametrize("reml", [True, False])
def test_a_response_that_never_varies_within_groups(data, reml):
    with pytest.raises(rn.DesignError, match="'y' never varies within a level of 'g'"):
        rn.lmm("y ~ 1 + (1 | g)", data.assign(y=2.0 * data.g), reml=reml)


def test_a_response_that_fixed_and_random_effects_fit_together(data):
    exact = data.assign(y=2.0 * data.g + 3 * data.x)
    with pytest.raises(rn.DesignError, match="fixed and random effects together fit 'y' exactly"):
        rn.lmm("y ~ x + (1 | g)", exact)


@pytest.mark.parametrize("reml", [True, False])
def test_as_many_coefficients_as_rows(data, reml):
    few = pd.DataFrame({"y": [1.0, 2.0, 4.0], "a": [0.0, 1, 0], "b": [0.0, 0, 1], "g": [1, 1, 2]})
    with pytest.raises(rn.DesignError, match="no more rows than coefficients"):
        rn.lmm("y ~ a + b + (1 | g)", few, reml=reml)


@pytest.mark.parametrize("column", ["y", "x"])
@pytest.mark.parametrize(("factor", "word"), [(1e200, "large"), (1e-200, "small")])
def test_sizes_that_cannot_be_squared(data, column, factor, word):
    extreme = data.assign(**{column: data[column] * factor})
    with pytest.raises(rn.DataError, match=f"values of '{column}' are too {word}"):
        rn.lmm("y ~ x + (x | g)", extreme)


@pytest.mark.parametrize("unit", [1e-60, 1e60])
def test_other_sizes_are_fine(data, fit, unit):
    other = rn.lmm("y ~ x + (1 | g)", data.assign(y=data.y * unit, x=data.x / unit))
    assert other.fixef["x"] == pytest.approx(fit.fixef["x"] * unit * unit, rel=1e-9)
    assert other.certificate.certified


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reml": "ML"}, "reml is True or False"),
        ({"control": {"max_evaluations": 3}}, "control is not a Control"),
        ({"contrasts": "sum"}, "contrasts are given by variable"),
        ({"start": "x"}, "the start values are not numbers"),
        ({"start": {"a": 1}}, "the start values are not numbers"),
        ({"start": [1.0, 2.0]}, "the start values do not fit the model"),
        ({"weights": [1.0] * 47 + [1e300]}, "the weights differ by too much"),
        ({"weights": [1.0] * 47 + [0.0]}, "weights must be positive and finite"),
    ],
)
def test_options_of_lmm(data, options, message):
    with pytest.raises(rn.RanefError, match=message) as caught:
        rn.lmm("y ~ x + (1 | g)", data, **options)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f.refit("abc"), "the new response is not numbers"),
        (lambda f: f.refit([1.0, 2.0]), "does not fit the rows"),
        (lambda f: f.refit(np.full(48, np.nan)), "values that are not finite"),
        (lambda f: f.simulate(-1), "the number of draws is at least 1"),
        (lambda f: f.simulate(1, seed=-1), "a seed is a whole number"),
        (lambda f: f.simulate(1, seed=2**70), "a seed is a whole number"),
        (lambda f: f.simulate(1, seed="a"), "a seed is a whole number"),
        (lambda f: f.confint(method="profil"), "unknown method 'profil'"),
        (lambda f: f.residuals("raw"), "unknown kind of residuals 'raw'"),
        (lambda f: f.coefficients(ddf="kr"), "unknown method 'kr'"),
        (lambda f: f.coefficients(level=95), "a confidence level lies between 0 and 1"),
    ],
)
def test_options_of_a_fit(fit, call, message):
    with pytest.raises(rn.RanefError, match=message):
        call(fit)


def test_a_missing_group_gives_nan(fit, data):
    new = data.head(3).astype({"g": "Float64"})
    new.loc[1, "g"] = pd.NA
    got = fit.predict(new)
    assert np.isnan(got[1])
    np.testing.assert_allclose(got[[0, 2]], fit.fitted[[0, 2]])


def test_a_named_offset_is_read_from_new_data(data):
    shifted = data.assign(o=np.arange(48.0))
    fit = rn.lmm("y ~ x + (1 | g)", shifted, offset="o")
    np.testing.assert_allclose(fit.predict(shifted), fit.fitted, rtol=1e-10)
    with pytest.raises(rn.UnknownColumnError, match="'o'"):
        fit.predict(data)


def test_a_fit_is_frozen(fit):
    with pytest.raises(AttributeError):
        fit.missing_rows = None
    with pytest.raises(AttributeError):
        fit.note = "mine"
