"""Tests of residuals: they find overdispersion and zeros that were planted, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.generalised import fits

import ranef as rn


def planted(kind: str) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(25), 12)
    x = rng.normal(size=g.size)
    eta = 0.9 + 0.4 * x + 0.5 * rng.normal(size=25)[g]
    if kind == "overdispersed":
        eta = eta + 0.8 * rng.normal(size=g.size)
    y = rng.poisson(np.exp(eta))
    if kind == "zeros":
        y[rng.random(g.size) < 0.25] = 0
    return pd.DataFrame({"y": y, "x": x, "g": g.astype(str)})


def checked(kind: str, **options: object) -> pd.DataFrame:
    fit = rn.glmm("y ~ x + (1 | g)", planted(kind), **{"family": "poisson", **options})
    return fit.check_residuals(99, seed=2).frame


def test_a_model_that_holds_passes() -> None:
    frame = checked("sound")
    assert list(frame.index) == [
        "uniformity",
        "outliers",
        "spread by fitted value",
        "dispersion",
        "zeros",
    ]
    assert (frame["p_value"] > 0.05).all()
    # The standard deviation of the ratio is about (2 / 300)^0.5 = 0.08.
    assert frame.loc["dispersion", "statistic"] == pytest.approx(1.0, abs=0.25)


def test_overdispersion_is_found_and_its_family_cures_it() -> None:
    frame = checked("overdispersed")
    assert frame.loc["dispersion", "p_value"] <= 0.02
    assert frame.loc["dispersion", "statistic"] > 1.5
    cured = checked("overdispersed", family="nbinom2")
    assert cured.loc["dispersion", "p_value"] > 0.05


def test_zeros_are_found_and_zero_inflation_cures_them() -> None:
    frame = checked("zeros")
    assert frame.loc["zeros", "p_value"] <= 0.02
    assert frame.loc["zeros", "statistic"] > 1.2
    cured = checked("zeros", zero_inflation="~ 1")
    assert cured.loc["zeros", "p_value"] > 0.05


def test_dispersion_is_tested_where_there_is_one_to_find() -> None:
    binary = fits.contraception()._problem
    assert binary.rows.weights is None
    assert "dispersion" in fits.cbpp().check_residuals(5, seed=1).frame.index
    gamma = fits.of_groups("amount", "gamma(log)", random="1").check_residuals(5, seed=1)
    assert list(gamma.frame.index) == ["uniformity", "outliers", "spread by fitted value"]
    answers = fits.answers().check_residuals(5, seed=1)
    assert list(answers.frame.index) == ["uniformity", "outliers", "spread by fitted value"]


def test_the_same_seed_gives_the_same_answer_and_it_prints() -> None:
    first, second = (fits.cbpp().check_residuals(20, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(first.frame, second.frame, check_exact=True)
    assert first.n == 20
    assert "above 1 is overdispersion" in str(first)
    assert "dispersion" in first._repr_html_()


def test_options() -> None:
    for options in ({"n": 0}, {"n": 5, "seed": -1}):
        with pytest.raises(rn.RanefError):
            fits.cbpp().check_residuals(**options)


def test_a_fit_at_an_end_of_its_family_is_refitted_with_the_whole_family() -> None:
    fit = rn.glmm("y ~ x + (1 | g)", planted("sound"), family="nbinom2")
    assert fit.dispersion == np.inf
    frame = fit.check_residuals(39, seed=2).frame
    assert (frame["p_value"] > 0.05).all()
