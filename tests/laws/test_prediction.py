"""Predictions, simulated responses and refits agree with the fit that they come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ranef as rn

SEEDS = st.integers(0, 10**6)
KINDS = st.sampled_from(["intercept", "slope", "diagonal", "nested", "crossed slope"])


@given(seed=SEEDS, kind=KINDS)
def test_predictions_on_the_training_data(make: Callable[..., Any], seed: int, kind: str) -> None:
    example = make(kind, seed)
    fit = rn.lmm(example.formula, example.data)
    np.testing.assert_allclose(fit.predict(), fit.fitted, atol=1e-9)
    np.testing.assert_allclose(fit.predict(example.data), fit.fitted, atol=1e-9)
    population = example.X @ fit.fixef.to_numpy()
    np.testing.assert_allclose(fit.predict(level="population"), population, atol=1e-9)
    np.testing.assert_allclose(fit.predict(example.data, level="population"), population, atol=1e-9)


@given(seed=SEEDS)
def test_predictions_are_fixed_effects_and_modes(make: Callable[..., Any], seed: int) -> None:
    example = make("slope", seed)
    fit = rn.lmm(example.formula, example.data)
    coef = fit.coef()["g"]
    rows = coef.loc[example.data["g"].astype(str)]
    by_hand = (
        rows["Intercept"].to_numpy()
        + rows["x"].to_numpy() * example.data["x"].to_numpy()
        + rows["z"].to_numpy() * example.data["z"].to_numpy()
    )
    np.testing.assert_allclose(fit.fitted, by_hand, atol=1e-9)


@given(seed=SEEDS)
def test_a_new_level_is_refused_or_at_the_population(make: Callable[..., Any], seed: int) -> None:
    example = make("slope", seed)
    fit = rn.lmm(example.formula, example.data)
    rows = example.data.assign(g=999)
    with pytest.raises(rn.errors.RanefError, match="levels of 'g'"):
        fit.predict(rows)
    np.testing.assert_allclose(
        fit.predict(rows, new_levels="population"), fit.predict(level="population"), atol=1e-9
    )


@given(seed=SEEDS, kind=KINDS, weighted=st.booleans(), offset=st.booleans(), reml=st.booleans())
def test_a_refit_is_a_fresh_fit(
    make: Callable[..., Any], seed: int, kind: str, weighted: bool, offset: bool, reml: bool
) -> None:
    example = make(kind, seed, weighted, offset, reml)
    fit = rn.lmm(example.formula, example.data, **example.options)
    response = np.asarray(fit.simulate(1, seed=seed)).ravel()
    assert response.shape == (len(example.data),)
    refitted = fit.refit(response)
    fresh = rn.lmm(example.formula, example.data.assign(y=response), **example.options)
    assert refitted.criterion == pytest.approx(fresh.criterion, abs=1e-7)
    se = np.sqrt(np.diag(fresh.vcov))
    np.testing.assert_allclose((refitted.fixef - fresh.fixef) / se, 0, atol=1e-4)
    np.testing.assert_allclose(refitted.fitted, fresh.fitted, atol=1e-4 * fresh.sigma)
    same = fit.refit(example.data["y"].to_numpy())
    assert same.criterion == pytest.approx(fit.criterion, abs=1e-7)


@given(seed=SEEDS)
def test_a_seed_repeats_a_simulation(make: Callable[..., Any], seed: int) -> None:
    example = make("slope", seed)
    fit = rn.lmm(example.formula, example.data)
    one, two, other = (np.asarray(fit.simulate(3, seed=s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.allclose(one, other)
    assert len(np.unique(np.round(one, 10))) == one.size


def test_simulated_responses_have_the_marginal_covariance(make: Callable[..., Any]) -> None:
    example = make("crossed slope", 11, weighted=True, offset=True)
    fit = rn.lmm(example.formula, example.data, **example.options)
    n, draws = len(example.data), 4000
    responses = np.asarray(fit.simulate(draws, seed=3))
    responses = responses if responses.shape == (n, draws) else responses.T
    mean = example.X @ fit.fixef.to_numpy() + example.options["offset"]
    V = example.covariance(fit)
    np.testing.assert_allclose(
        responses.mean(axis=1), mean, atol=5 * np.sqrt(np.diag(V).max() / draws)
    )
    error = np.cov(responses) - V
    allowed = 6 * np.sqrt((np.outer(np.diag(V), np.diag(V)) + V**2) / draws)
    assert np.all(np.abs(error) < allowed)


def test_predictions_of_rows_do_not_depend_on_other_rows(make: Callable[..., Any]) -> None:
    data: pd.DataFrame = make("slope", 12).data
    formula = "y ~ poly(x, 2) + scale(z) + within(x, g) + (within(x, g) | g)"
    fit = rn.lmm(formula, data)
    whole = fit.predict(data)
    parts = np.concatenate([fit.predict(data.iloc[i : i + 9]) for i in range(0, len(data), 9)])
    np.testing.assert_allclose(parts, whole, atol=1e-10)
    np.testing.assert_allclose(whole, fit.fitted, atol=1e-9)
