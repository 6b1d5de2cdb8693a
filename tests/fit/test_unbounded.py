"""Criteria without a minimum: said before a search ends beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

import ranef as rn


def criterion(y, X, Z, s: float, by_reml: bool = False, w: np.ndarray | None = None) -> float:
    """-2 log likelihood with V = Z Z' + s W^-1, constants left out; in the eigenbasis of V."""
    root = np.ones(y.size) if w is None else np.sqrt(w)
    basis, values, _ = np.linalg.svd(root[:, None] * Z)
    eigenvalues = np.full(y.size, s)
    eigenvalues[: values.size] += values**2
    order = np.argsort(eigenvalues)
    turned = (basis / np.sqrt(eigenvalues)).T[order] * root
    q, r = np.linalg.qr(turned @ X)
    left = turned @ y
    for _ in range(2):
        left = left - q @ (q.T @ left)
    log_information = 2.0 * np.log(np.abs(np.diag(r))).sum()
    return float(np.log(eigenvalues).sum() + left @ left + by_reml * log_information)


def few_rows(seed: int, n: int = 9) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a = np.array([0, 1, 2, 3, 0, 1, 2, 0, 1, 2, 3, 3])[:n]
    made = {name: rng.normal(size=n) for name in ("x", "z", "v", "u")}
    y = 1.0 + 0.5 * made["x"] + rng.normal(size=4)[a] + 0.5 * rng.normal(size=n)
    return pd.DataFrame({"y": y, **made, "a": a, "w": rng.uniform(0.5, 2.0, n)})


def slopes(data: pd.DataFrame) -> np.ndarray:
    level = (data["a"].to_numpy()[:, None] == np.arange(4)).astype(float)
    return np.hstack([level, level * data["x"].to_numpy()[:, None]])


LOG = np.log(1e3)
"""What a dimension of the residuals is worth when s falls by a factor of a thousand."""


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("seed", range(4))
def test_nine_rows_five_coefficients(seed: int, weights: str | None) -> None:
    data = few_rows(seed)
    X = np.column_stack([np.ones(9), data.x, data.z, data.v, data.x * data.z])
    Z, y = slopes(data), data["y"].to_numpy()
    assert np.linalg.matrix_rank(np.hstack([X, Z])) == 9
    assert np.linalg.matrix_rank(Z) == 7
    w = None if weights is None else data["w"].to_numpy()
    fall = [criterion(y, X, Z, s, w=w) for s in (1e-8, 1e-11)]
    assert fall[0] - fall[1] == pytest.approx(2 * LOG, abs=0.1)
    fixed = "y ~ x + z + v + I(x * z)"
    for part in ("(x | a)", "(x || a)"):
        with pytest.raises(rn.DesignError, match="no estimate by maximum likelihood"):
            rn.lmm(f"{fixed} + {part}", data, reml=False, weights=weights)
    # By REML the determinant of X'V^-1 X takes it back, and no direction is free to be chosen.
    fall = [criterion(y, X, Z, s, by_reml=True, w=w) for s in (1e-8, 1e-11)]
    assert fall[0] == pytest.approx(fall[1], abs=1e-3)
    fit = rn.lmm(f"{fixed} + (x || a)", data, weights=weights)
    with pytest.raises(rn.DesignError, match="no estimate by maximum likelihood") as caught:
        fit.with_reml(False)
    assert "use REML" in caught.value.fix


def test_one_row_more_than_the_columns_reach() -> None:
    """n = 12 rows: [X, Z] has rank 11, and no response in general position lies in its span."""
    fit = rn.lmm("y ~ x + z + v + u + (x | a)", few_rows(3, 12), reml=False)
    assert fit.certificate.certified


def test_random_effects_of_full_rank_are_bounded() -> None:
    """Two rows a pair: rank Z = n, so that log|V| is bounded below for any fixed D."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"y": rng.normal(size=40), "x": rng.normal(size=40)})
    data = data.assign(pair=np.arange(40) // 2)
    for by_reml in (True, False):
        assert rn.lmm("y ~ x + (x | pair)", data, reml=by_reml).certificate.certified


@pytest.mark.parametrize("by_reml", [True, False])
def test_one_direction_of_the_random_effects_is_enough(by_reml: bool) -> None:
    """One combination of intercept and slope holds y with X, by the angle that has it in reach.

    [X, Z] has rank n and Z too; of the combinations c, [X, Z c] has rank n - 1, and its normal
    turns with c until it is orthogonal to y.
    """
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(5), 2)
    data = pd.DataFrame({c: rng.normal(size=10) for c in "yxuvw"}).assign(g=g)
    X = np.column_stack([np.ones(10), data.x, data.u, data.v, data.w])
    level = (g[:, None] == np.arange(5)).astype(float)
    y = data["y"].to_numpy()

    def direction(angle: float) -> np.ndarray:
        return level * (np.cos(angle) + np.sin(angle) * data["x"].to_numpy())[:, None]

    def missed(angle: float) -> float:
        # cos + sin x is in both spans: without x the columns are independent where sin > 0.
        return float(np.linalg.det(np.column_stack([direction(angle), X[:, [0, 2, 3, 4]], y])))

    angles = np.linspace(0.6, np.pi - 0.6, 200)
    values = np.array([missed(a) for a in angles])
    (places,) = np.nonzero(np.diff(np.sign(values)))
    roots = [brentq(missed, angles[k], angles[k + 1], xtol=1e-15) for k in places]
    assert roots
    for root in roots:
        fall = [criterion(y, X, direction(root), s, by_reml) for s in (1e-9, 1e-12)]
        assert fall[0] - fall[1] == pytest.approx((1 if by_reml else 5) * LOG, abs=0.1)
    with pytest.raises(rn.DesignError, match="no estimate by"):
        rn.lmm("y ~ x + u + v + w + (x | g)", data, reml=by_reml)
    # Without the correlation there is no such angle to choose.
    assert rn.lmm("y ~ x + u + v + w + (x || g)", data, reml=by_reml).certificate.certified


def test_crossed_factors() -> None:
    """Two factors of three levels meet once each: rank Z = 5, and four more columns reach all."""
    rng = np.random.default_rng(8)
    a, b = (k.ravel() for k in np.meshgrid(range(3), range(3)))
    data = pd.DataFrame({c: rng.normal(size=9) for c in "yxuvw"}).assign(a=a, b=b)
    with pytest.raises(rn.DesignError, match="no estimate by maximum likelihood"):
        rn.lmm("y ~ x + u + v + w + (1 | a) + (1 | b)", data, reml=False)
    assert rn.lmm("y ~ x + u + v + (1 | a) + (1 | b)", data, reml=False).nobs == 9
    assert rn.lmm("y ~ x + u + v + w + (1 | a) + (1 | b)", data).nobs == 9


def test_a_prior_is_left_to_hold_the_criterion() -> None:
    prior = rn.priors.Wishart(scale=2.0)
    fit = rn.lmm("y ~ x + z + v + I(x * z) + (x | a)", few_rows(1), reml=False, prior=prior)
    assert fit.certificate.certified
