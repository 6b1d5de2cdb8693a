"""Effects of each group from its own rows alone."""

from __future__ import annotations

import numpy as np
import pytest

import ranef as rn
from ranef.inference.no_pooling import no_pooling


def by_hand(Z, y, weights=None):
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    return np.linalg.lstsq(Z * root[:, None], y * root)[0]


@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_least_squares_in_each_group(weighted: bool) -> None:
    rng = np.random.default_rng(1)
    codes = rng.permutation(np.repeat(np.arange(5, dtype=np.int32), [12, 7, 3, 2, 1]))
    Z = np.column_stack([np.ones(25), 1e3 + rng.normal(size=25)])
    y, modes = rng.normal(size=25), rng.normal(size=(5, 2))
    weights = rng.uniform(0.5, 2.0, 25) if weighted else None
    residuals = y - np.einsum("ij,ij->i", Z, modes[codes])
    found = no_pooling(Z, codes, residuals, modes, weights)
    assert found.rows.tolist() == [12, 7, 3, 2, 1]
    for level in range(3):
        own = codes == level
        expected = by_hand(Z[own], y[own], None if weights is None else weights[own])
        np.testing.assert_allclose(found.effects[level], expected, rtol=1e-6)
    assert np.isnan(found.effects[3:]).all()  # no more rows than effects


def test_rows_that_do_not_determine_the_effects_give_none() -> None:
    codes = np.repeat(np.arange(3, dtype=np.int32), 5)
    x = np.concatenate([np.full(5, 2.0), np.arange(5.0), np.zeros(5)])
    Z = np.column_stack([np.ones(15), x])
    found = no_pooling(Z, codes, np.arange(15.0), np.zeros((3, 2)))
    assert np.isnan(found.effects).any(axis=1).tolist() == [True, False, True]
    np.testing.assert_allclose(found.effects[1], [5.0, 1.0], atol=1e-9)


def test_columns_far_from_zero_are_not_taken_for_collinear_ones() -> None:
    """Years: their cross-products are singular to eight digits, and the rows are not."""
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(4, dtype=np.int32), 6)
    Z = np.column_stack([np.ones(24), np.tile(np.arange(6.0), 4) + 2e5])
    y = rng.normal(size=24)
    found = no_pooling(Z, codes, y, np.zeros((4, 2)))
    for level in range(4):
        expected = by_hand(Z[codes == level], y[codes == level])
        np.testing.assert_allclose(Z[:6] @ found.effects[level], Z[:6] @ expected, atol=1e-6)


def test_of_a_fit_it_keeps_fixed_effects_and_other_groups() -> None:
    data = rn.datasets.load("scotssec")
    fit = rn.lmm("attain ~ sex + (1 | primary) + (1 | second)", data)
    found = fit._without_pooling("primary")
    modes = fit.ranef(condvar=False)["primary"]["Intercept"]
    left = np.asarray(fit.residuals())
    level = data["primary"].astype(str).to_numpy()
    for k in (0, 5, 60):
        own = level == modes.index[k]
        assert found.rows[k] == own.sum()
        expected = modes.iloc[k] + left[own].mean() if own.sum() > 1 else np.nan
        assert found.effects[k, 0] == pytest.approx(expected, nan_ok=True)
