"""Change the data in a way that has an answer in algebra, and the fit must change so."""

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
SCALES = st.sampled_from([-1e6, -2.5, 1e-7, 1e-3, 10.0, 1e5, 1e8])
SHIFTS = st.sampled_from([0.0, -3.0, 1e3])
KINDS = st.sampled_from(["intercept", "slope", "diagonal", "nested", "crossed slope"])


def se(fit: Any) -> np.ndarray:
    return np.sqrt(np.diag(fit.vcov))


@given(seed=SEEDS, kind=KINDS, scale=SCALES, shift=SHIFTS, reml=st.booleans())
def test_response_in_other_units(
    make: Callable[..., Any], seed: int, kind: str, scale: float, shift: float, reml: bool
) -> None:
    example = make(kind, seed)
    data = example.data.assign(y=scale * (example.data["y"] + shift))
    one = rn.lmm(example.formula, example.data, reml=reml)
    two = rn.lmm(example.formula, data, reml=reml)
    nu = len(data) - (3 if reml else 0)
    expected = one.criterion + 2 * nu * np.log(abs(scale))
    assert two.criterion == pytest.approx(expected, abs=1e-6)
    moved = one.fixef.to_numpy() + np.array([shift, 0, 0])
    np.testing.assert_allclose(two.fixef / scale, moved, atol=1e-6 * se(one).max())
    np.testing.assert_allclose(se(two) / abs(scale), se(one), rtol=1e-5)
    variances = [fit.varcorr()["variance"].to_numpy() for fit in (one, two)]
    unit = one.sigma**2
    np.testing.assert_allclose(variances[1] / scale**2 / unit, variances[0] / unit, atol=1e-4)
    assert two.certificate.verdict == one.certificate.verdict


@given(
    seed=SEEDS,
    kind=st.sampled_from(["intercept", "slope", "crossed slope"]),
    scale=SCALES,
    shift=SHIFTS,
    reml=st.booleans(),
)
def test_predictor_in_other_units(
    make: Callable[..., Any], seed: int, kind: str, scale: float, shift: float, reml: bool
) -> None:
    """The random part spans the same space, so nothing but names of points changes."""
    example = make(kind, seed)
    data = example.data.assign(x=scale * (example.data["x"] + shift))
    one = rn.lmm(example.formula, example.data, reml=reml)
    two = rn.lmm(example.formula, data, reml=reml)
    jacobian = 2 * np.log(abs(scale)) if reml else 0.0
    assert two.criterion == pytest.approx(one.criterion + jacobian, abs=1e-6)
    slope, intercept = (
        two.fixef["x"] * scale,
        two.fixef["Intercept"] + two.fixef["x"] * (scale * shift),
    )
    assert slope == pytest.approx(one.fixef["x"], abs=1e-6 * se(one)[1])
    assert intercept == pytest.approx(one.fixef["Intercept"], abs=1e-6 * se(one)[0])
    assert se(two)[1] * abs(scale) == pytest.approx(se(one)[1], rel=1e-5)
    np.testing.assert_allclose(two.fitted, one.fitted, atol=1e-5)


@given(seed=SEEDS, kind=KINDS)
def test_rows_in_another_order(make: Callable[..., Any], seed: int, kind: str) -> None:
    example = make(kind, seed)
    order = np.random.default_rng(seed).permutation(len(example.data))
    one = rn.lmm(example.formula, example.data)
    two = rn.lmm(example.formula, example.data.iloc[order])
    assert two.criterion == pytest.approx(one.criterion, abs=1e-8)
    np.testing.assert_allclose(two.fixef, one.fixef, atol=1e-6 * se(one).max())
    np.testing.assert_allclose(two.fitted, one.fitted[order], atol=1e-5)
    for group, frame in one.ranef(condvar=False).items():
        other = two.ranef(condvar=False)[group]
        assert list(other.index) == list(frame.index)
        np.testing.assert_allclose(other, frame, atol=1e-5)


@given(seed=SEEDS, kind=KINDS)
def test_levels_with_other_names(make: Callable[..., Any], seed: int, kind: str) -> None:
    example = make(kind, seed)
    names = {level: f"{'zyxwvutsr'[level]}{level}" for level in range(9)}
    data = example.data.assign(**{c: example.data[c].map(names) for c in ("g", "h", "k")})
    one, two = rn.lmm(example.formula, example.data), rn.lmm(example.formula, data)
    assert two.criterion == pytest.approx(one.criterion, abs=1e-8)
    np.testing.assert_allclose(two.fixef, one.fixef, atol=1e-6 * se(one).max())
    for group, frame in one.ranef(condvar=False).items():
        other = two.ranef(condvar=False)[group]
        renamed = [":".join(names[int(part)] for part in level.split(":")) for level in frame.index]
        np.testing.assert_allclose(other.loc[renamed], frame, atol=1e-5)


@given(seed=SEEDS, n_copies=st.integers(2, 4))
def test_weights_of_a_constant_change_sigma_alone(
    make: Callable[..., Any], seed: int, n_copies: int
) -> None:
    example = make("slope", seed)
    one = rn.lmm(example.formula, example.data)
    two = rn.lmm(example.formula, example.data, weights=np.full(len(example.data), n_copies))
    assert two.criterion == pytest.approx(one.criterion, abs=1e-7)
    assert two.sigma == pytest.approx(one.sigma * np.sqrt(n_copies), rel=1e-5)
    np.testing.assert_allclose(two.fixef, one.fixef, atol=1e-6 * se(one).max())


@given(seed=SEEDS, kind=KINDS)
def test_an_offset_is_a_shift_of_the_response(
    make: Callable[..., Any], seed: int, kind: str
) -> None:
    example = make(kind, seed)
    offset = np.random.default_rng(seed).normal(size=len(example.data)) * 10
    shifted = example.data.assign(y=example.data["y"] + offset, o=offset)
    one = rn.lmm(example.formula, example.data)
    for two in (
        rn.lmm(example.formula, shifted, offset="o"),
        rn.lmm(example.formula, shifted, offset=offset),
        rn.lmm(f"{example.formula} + offset(o)", shifted),
    ):
        assert two.criterion == pytest.approx(one.criterion, abs=1e-7)
        np.testing.assert_allclose(two.fitted - offset, one.fitted, atol=1e-5)
        np.testing.assert_allclose(two.residuals(), one.residuals(), atol=1e-5)


SUBMODELS = [
    ("y ~ x + (1 | g)", "y ~ x + z + (1 | g)"),
    ("y ~ x + (1 | g)", "y ~ x + (x || g)"),
    ("y ~ x + (x || g)", "y ~ x + (x | g)"),
    ("y ~ x + (1 | g)", "y ~ x + (1 | g) + (1 | k)"),
    ("y ~ x + (x | g)", "y ~ x + (x | g) + (1 | k)"),
]


@given(seed=SEEDS, pair=st.sampled_from(SUBMODELS))
def test_a_submodel_never_fits_better(
    make: Callable[..., Any], seed: int, pair: tuple[str, str]
) -> None:
    data: pd.DataFrame = make("crossed slope", seed).data
    small, large = (rn.lmm(formula, data, reml=False) for formula in pair)
    assert small.criterion >= large.criterion - 1e-7
