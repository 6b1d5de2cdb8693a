"""Structures that are others in disguise, and data changed in a way that has an answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ranef as rn
from ranef.problem.parameters import to_data, to_inner

SEEDS = st.integers(0, 10**6)
CLOSE = 1e-6  # deviance units
KINDS = ("homdiag", "cs", "homcs", "ar1", "hetar1", "toep", "homtoep")
ORDERED = ("ar1", "hetar1", "toep", "homtoep")
FEW = settings(max_examples=5)


def example(seed: int, q: int, groups: int = 14, repeats: int = 3) -> pd.DataFrame:
    """Effects of any correlations, of positive variance."""
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(q, q)) * rng.uniform(0.3, 1.5, (q, 1))
    g = np.repeat(np.arange(groups), q * repeats)
    t = np.tile(np.repeat(np.arange(q), repeats), groups)
    x = rng.normal(size=g.size)
    y = x + (rng.normal(size=(groups, q)) @ half.T)[g, t] + rng.normal(size=g.size)
    levels = pd.Categorical([f"f{k}" for k in t])
    return pd.DataFrame({"y": y, "x": x, "g": g, "t": t, "f": levels})


def fit(part: str, data: pd.DataFrame, **options: Any) -> Any:
    return rn.lmm(f"y ~ x + {part}", data, **options)


def covariance(one: Any) -> np.ndarray:
    (d,) = one._solution.covariances
    return one.sigma**2 * d


def same(one: Any, two: Any, apart: float = 0.0) -> None:
    assert two.criterion + apart == pytest.approx(one.criterion, abs=CLOSE)
    assert one.certificate.certified
    assert two.certificate.certified


@given(seed=SEEDS, q=st.integers(2, 4), reml=st.booleans())
@FEW
def test_a_reduced_rank_that_is_not_reduced(seed: int, q: int, reml: bool) -> None:
    data = example(seed, q)
    one = fit("(0 + f | g)", data, reml=reml)
    two = fit(f"rr(0 + f | g, {q})", data, reml=reml)
    same(one, two)
    np.testing.assert_allclose(covariance(two), covariance(one), atol=1e-3)
    assert list(two.certificate.rank.values()) == list(one.certificate.rank.values())


@given(seed=SEEDS, q=st.integers(2, 4))
@FEW
def test_diag_is_two_bars(seed: int, q: int) -> None:
    data = example(seed, q)
    one, two = fit("(0 + f || g)", data), fit("diag(0 + f | g)", data)
    assert one.criterion == two.criterion
    np.testing.assert_array_equal(one.theta, two.theta)


@given(seed=SEEDS, reml=st.booleans())
@FEW
def test_two_columns_with_a_variance_each(seed: int, reml: bool) -> None:
    data = example(seed, 2)
    free = fit("(0 + f | g)", data, reml=reml)
    for tag in ("cs(0 + f", "hetar1(0 + t", "toep(0 + t"):
        same(free, two := fit(f"{tag} | g)", data, reml=reml))
        np.testing.assert_allclose(covariance(two), covariance(free), atol=1e-3)


@given(seed=SEEDS, reml=st.booleans())
@FEW
def test_two_columns_of_one_variance(seed: int, reml: bool) -> None:
    data = example(seed, 2)
    one = fit("homcs(0 + f | g)", data, reml=reml)
    for tag in ("ar1(0 + t", "homtoep(0 + t"):
        same(one, fit(f"{tag} | g)", data, reml=reml))
    d = covariance(one)
    assert d[0, 0] == pytest.approx(d[1, 1], rel=1e-12)
    assert fit("(0 + f | g)", data, reml=reml).criterion <= one.criterion + CLOSE


@given(seed=SEEDS, q=st.integers(3, 5))
@FEW
def test_what_contains_another_is_not_above_it(seed: int, q: int) -> None:
    data = example(seed, q)
    value = {tag: fit(f"{tag}(0 + {'t' if tag in ORDERED else 'f'} | g)", data).criterion
             for tag in (*KINDS, "us")}  # fmt: skip
    for smaller, larger in (
        *(("homdiag", tag) for tag in ("homcs", "ar1", "homtoep")),
        *(("homcs", "homtoep"), ("ar1", "homtoep"), ("homcs", "cs"), ("ar1", "hetar1")),
        *(("homtoep", "toep"), ("cs", "toep"), ("hetar1", "toep"), ("toep", "us"), ("cs", "us")),
    ):
        assert value[larger] <= value[smaller] + CLOSE, (smaller, larger)


@given(seed=SEEDS, kind=st.sampled_from(KINDS), scale=st.sampled_from([-1e5, 1e-6, 20.0]))
@FEW
def test_response_in_other_units(seed: int, kind: str, scale: float) -> None:
    data = example(seed, 3)
    part = f"{kind}(0 + {'t' if kind in ORDERED else 'f'} | g)"
    one, two = fit(part, data), fit(part, data.assign(y=scale * data["y"]))
    same(one, two, apart=-2 * (len(data) - 2) * np.log(abs(scale)))
    np.testing.assert_allclose(
        covariance(two) / scale**2 / one.sigma**2, covariance(one) / one.sigma**2, atol=1e-3
    )
    assert two.certificate.verdict == one.certificate.verdict


@given(seed=SEEDS, scale=st.sampled_from([-1e4, 1e-4, 30.0]))
@FEW
def test_a_column_in_other_units(seed: int, scale: float) -> None:
    """With a variance for each column its unit is without meaning; the sign only for cs."""
    data = example(seed, 3).assign(z=lambda d: np.random.default_rng(seed).normal(size=len(d)))
    scaled = data.assign(z=abs(scale) * data["z"])
    same(fit("cs(x + z | g)", data), fit("cs(x + z | g)", scaled))
    same(fit("rr(x + z | g, 1)", data), fit("rr(x + z | g, 1)", data.assign(z=scale * data["z"])))


@given(seed=SEEDS, order=st.permutations(range(4)))
@FEW
def test_order_matters_in_time_alone(seed: int, order: list[int]) -> None:
    data = example(seed, 4)
    other = data.assign(t=np.array(order)[data["t"]])
    other["f"] = pd.Categorical([f"f{k}" for k in other["t"]])
    for kind in ("homdiag", "cs", "homcs"):
        part = f"{kind}(0 + f | g)"
        same(fit(part, data), fit(part, other))
    backwards = data.assign(t=3 - data["t"])
    near = rn.Control(restarts=0)  # the same valley, of which there may be several
    for kind in ORDERED:
        part = f"{kind}(0 + t | g)"
        one = fit(part, data, control=near)
        n_sds = 1 if kind in ("ar1", "homtoep") else 4
        mirrored = np.r_[one.theta[:n_sds][::-1], one.theta[n_sds:]]
        same(one, fit(part, backwards, start=mirrored, control=near))
    swapped = data.assign(t=np.array([1, 0, 2, 3])[data["t"]])
    one, two = fit("ar1(0 + t | g)", data), fit("ar1(0 + t | g)", swapped)
    assert one.criterion != pytest.approx(two.criterion, abs=1e-9)


@given(seed=SEEDS, kind=st.sampled_from((*KINDS, "rr")))
@FEW
def test_again_from_the_estimates(seed: int, kind: str) -> None:
    data = example(seed, 4)
    part = f"{kind}(0 + {'t' if kind in ORDERED else 'f'} | g{', 2' if kind == 'rr' else ''})"
    one = fit(part, data)
    two = fit(part, data, start=one.theta)
    same(one, two)
    np.testing.assert_allclose(two.theta, one.theta, atol=1e-4)
    assert len(two._solution.log) <= 2
    problem, inner = one._problem, to_inner(one._problem, one.theta)
    theta, (d,) = to_data(problem, inner)
    np.testing.assert_allclose(theta, one.theta, atol=1e-7)
    np.testing.assert_allclose(d * one.sigma**2, covariance(one), atol=1e-7)
