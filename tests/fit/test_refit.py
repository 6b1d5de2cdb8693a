"""Refits form as little anew as they can, and what a whole fit has."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(12)
    g, h = np.repeat(np.arange(15), 20), np.tile(np.arange(12), 25)
    x = 50.0 + rng.normal(size=300)
    y = 3.0 + 0.4 * x + rng.normal(size=15)[g] + rng.normal(size=12)[h] + rng.normal(size=300)
    return pd.DataFrame(
        {
            "y": y,
            "x": x,
            "nearly": x + 1e-6 * rng.normal(size=300),
            "g": g,
            "h": h,
            "k": 2 * g + (rng.uniform(size=300) < 0.5),
            "f": rng.choice(["a", "b", "c"], size=300),
            "w": rng.uniform(0.5, 2.0, size=300),
        }
    )


MODELS = [
    ("y ~ x + (x | g)", {}),
    ("y ~ 0 + x + (0 + x | g)", {"weights": "w"}),
    ("y ~ x * f + (1 | g) + (1 | h)", {"reml": False}),
    ("y ~ x + (1 | g / k)", {"offset": "w"}),
    ("y ~ x + nearly + (1 | g)", {}),
    ("y ~ x + (x || g) + (1 | h)", {"prior": rn.priors.Wishart()}),
]


@pytest.mark.parametrize(("formula", "options"), MODELS)
def test_a_refit_is_the_fit_of_the_new_response(data, formula, options):
    y = -20.0 + 7.0 * data.y.to_numpy()[::-1] + 0.3 * data.x.to_numpy()
    again = rn.lmm(formula, data, **options).refit(y)
    whole = rn.lmm(formula, data.assign(y=y), **options)
    expected = whole._problem.products.dense()
    found = again._problem.products.dense()
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-12 * np.abs(expected).max())
    assert again.criterion == pytest.approx(whole.criterion, rel=1e-10)
    np.testing.assert_allclose(again.fixef, whole.fixef, rtol=1e-4)
    assert again.reml == whole.reml
    assert (again.prior is None) == (whole.prior is None)
    np.testing.assert_array_equal(again.model_frame()["y"], data.y)


def test_another_criterion_needs_no_pass_over_the_rows(data):
    fit = rn.lmm("y ~ x + (x | g)", data)
    ml = fit.with_reml(False)
    assert ml._problem.products is fit._problem.products
    assert ml.criterion == rn.lmm("y ~ x + (x | g)", data, reml=False).criterion
    assert fit.reml
    assert not ml.reml


def test_a_refit_of_a_refit(data):
    fit = rn.lmm("y ~ x + (1 | g)", data)
    back = fit.refit(data.x + data.w).with_reml(False).refit(data.y)
    assert back.criterion == pytest.approx(fit.with_reml(False).criterion, rel=1e-12)


def test_a_refit_starts_from_the_fit_unless_that_is_singular(data):
    """At a singular theta the criterion has no slope: a search from there begins on a saddle."""
    rng = np.random.default_rng(4)
    noise = pd.Series(rng.normal(size=300))
    noise -= noise.groupby(data["k"]).transform("mean")
    singular = rn.lmm("y ~ x + (1 | k)", data.assign(y=noise))
    assert singular.theta.tolist() == [0.0]
    regular = rn.lmm("y ~ x + (1 | k)", data)
    y = regular.fitted + rng.normal(size=300)
    fresh = rn.lmm("y ~ x + (1 | k)", data.assign(y=y))
    again, near = (fit.refit(y)._solution.found for fit in (singular, regular))
    expected = fresh._solution.found
    assert again.escapes == near.escapes == expected.escapes == 0
    # The same search, step by step.
    np.testing.assert_allclose(again.log[:, :2], expected.log[:, :2], rtol=1e-8, atol=1e-9)
    first = [found.log[0, 1] for found in (near, again)]  # predicted gain of the first step
    assert first[0] != first[1]
    for found in (again, near):
        assert found.criterion == pytest.approx(expected.criterion, abs=1e-8)


def test_residuals_of_each_kind(data):
    """Pearson and deviance residuals have one variance, whatever the weights; the others not."""
    fit = rn.lmm("y ~ x + (1 | g)", data, weights="w")
    raw = data["y"].to_numpy() - fit.fitted
    weighted = np.sqrt(data["w"].to_numpy()) * raw
    for kind, expected in {
        "response": raw,
        "working": raw,
        "pearson": weighted,
        "deviance": weighted,
    }.items():
        np.testing.assert_allclose(fit.residuals(kind), expected, rtol=1e-10, atol=1e-12)
    plain = rn.lmm("y ~ x + (1 | g)", data)
    np.testing.assert_array_equal(plain.residuals("deviance"), plain.residuals("response"))
