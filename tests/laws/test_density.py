"""The criterion is the density of a multivariate normal distribution, written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ranef as rn

KINDS = [
    *("intercept", "slope", "slope alone", "diagonal", "two terms", "two slopes"),
    *("nested", "nested slope", "crossed", "crossed slope"),
]


def dense(example: Any, fit: Any, reml: bool) -> float:
    V, X, y = example.covariance(fit), example.X, example.data["y"].to_numpy()
    rest = y - example.options.get("offset", 0.0) - X @ fit.fixef.to_numpy()
    n, p = X.shape
    out = np.linalg.slogdet(V)[1] + rest @ np.linalg.solve(V, rest)
    if reml:
        information = X.T @ np.linalg.solve(V, X)
        return float(out + np.linalg.slogdet(information)[1] + (n - p) * np.log(2 * np.pi))
    return float(out + n * np.log(2 * np.pi))


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10**6), weighted=st.booleans(), offset=st.booleans(), reml=st.booleans())
def test_criterion_is_the_density(
    make: Callable[..., Any], kind: str, seed: int, weighted: bool, offset: bool, reml: bool
) -> None:
    example = make(kind, seed, weighted, offset, reml)
    fit = rn.lmm(example.formula, example.data, **example.options)
    expected = dense(example, fit, reml)
    assert fit.criterion == pytest.approx(expected, rel=1e-9, abs=1e-8)
    assert fit.loglik == pytest.approx(-expected / 2, rel=1e-9, abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10**6), weighted=st.booleans(), offset=st.booleans())
def test_estimates_follow_from_the_variances(
    make: Callable[..., Any], kind: str, seed: int, weighted: bool, offset: bool
) -> None:
    example = make(kind, seed, weighted, offset)
    fit = rn.lmm(example.formula, example.data, **example.options)
    V, X = example.covariance(fit), example.X
    y = example.data["y"].to_numpy() - example.options.get("offset", 0.0)
    vcov = np.linalg.inv(X.T @ np.linalg.solve(V, X))
    beta = vcov @ X.T @ np.linalg.solve(V, y)
    se = np.sqrt(np.diag(vcov))
    np.testing.assert_allclose((fit.fixef - beta) / se, 0, atol=1e-7)
    np.testing.assert_allclose(fit.vcov, vcov, rtol=1e-7, atol=1e-9 * se.max() ** 2)
    residual = np.linalg.solve(V, y - X @ beta)
    weights = example.options.get("weights", np.ones(len(y)))
    modes = y - X @ beta - fit.sigma**2 / weights * residual
    fitted = X @ beta + modes + example.options.get("offset", 0.0)
    np.testing.assert_allclose(fit.fitted, fitted, atol=1e-7)
    np.testing.assert_allclose(fit.residuals(), example.data["y"] - fitted, atol=1e-7)


@given(seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS), reml=st.booleans())
def test_the_optimum_beats_its_neighbours(
    make: Callable[..., Any], kind: str, seed: int, reml: bool
) -> None:
    example = make(kind, seed, reml=reml)
    fit = rn.lmm(example.formula, example.data, reml=reml)
    assert fit.certificate.certified
    rng = np.random.default_rng(seed)
    one_look = rn.Control(max_evaluations=1)
    for scale in (1e-3, 0.1, 1.0):
        theta = fit.theta + scale * rng.normal(size=fit.theta.size)
        near = rn.lmm(example.formula, example.data, reml=reml, start=theta, control=one_look)
        assert near.criterion >= fit.criterion - 1e-7


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10**6), weighted=st.booleans())
def test_leverage_is_the_diagonal_of_the_map_to_fitted_values(
    make: Callable[..., Any], kind: str, seed: int, weighted: bool
) -> None:
    """Fitted values are y - sigma^2 W^-1 P y with P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1."""
    example = make(kind, seed, weighted)
    fit = rn.lmm(example.formula, example.data, **example.options)
    V, X = example.covariance(fit), example.X
    precision = np.linalg.inv(V)
    half = precision @ X
    P = precision - half @ np.linalg.solve(X.T @ half, half.T)
    weights = example.options.get("weights", np.ones(len(V)))
    np.testing.assert_allclose(fit.leverage, 1 - fit.sigma**2 / weights * np.diag(P), atol=1e-8)


@given(seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS), reml=st.booleans())
def test_no_other_start_leads_lower(
    make: Callable[..., Any], seed: int, kind: str, reml: bool
) -> None:
    example = make(kind, seed, reml=reml, n=36)
    fit = rn.lmm(example.formula, example.data, reml=reml)
    rng = np.random.default_rng(seed)
    for scale in (0.1, 1.0, 5.0):
        start = scale * rng.normal(size=fit.theta.size)
        other = rn.lmm(
            example.formula, example.data, reml=reml, start=start, control=rn.Control(restarts=0)
        )
        assert other.criterion >= fit.criterion - 1e-6
