"""Prediction intervals against the dense formula, and what happens to levels not seen before."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import block_diag
from scipy.special import ndtri

import ranef as rn
from ranef.frame import read_table


@pytest.fixture(scope="module")
def crossed():
    rng = np.random.default_rng(3)
    n = 60
    g, h = rng.integers(0, 8, n), rng.integers(0, 6, n)
    x = rng.normal(size=n)
    y = x + rng.normal(size=8)[g] * (1 + x) + rng.normal(size=6)[h] + rng.normal(size=n)
    data = pd.DataFrame({"y": y, "x": x, "g": g, "h": h, "k": g // 3})
    return data, rn.lmm("y ~ x + (x | g) + (1 | h) + (1 | k)", data)


def dense(fit, data):
    encoding, table = fit._design.encoding, read_table(data)
    columns = []
    for (codes, z), term in zip(encoding.random(table), fit._design.terms, strict=True):
        block = np.zeros((len(data), term.n_levels * term.q))
        for i, code in enumerate(codes):
            block[i, code * term.q : (code + 1) * term.q] = z[i]
        columns.append(block)
    return encoding.fixed(table), np.hstack(columns)


def test_conditional_intervals_are_hendersons_everywhere(crossed):
    """On every combination of levels, also those that no row of the data has."""
    data, fit = crossed
    grid = pd.DataFrame(
        [(x, g, h, k) for x in (0.0, 1.3) for g in range(8) for h in range(6) for k in range(3)],
        columns=["x", "g", "h", "k"],
    )
    got = fit.predict(grid, interval="confidence")
    se = (got.conf_high - got.conf_low) / (2 * ndtri(0.975))
    x, z = dense(fit, data)
    x0, z0 = dense(fit, grid)
    sigma = block_diag(
        *[
            c
            for term, c in zip(fit._design.terms, fit._estimates.covariances, strict=True)
            for _ in range(term.n_levels)
        ]
    )
    v = z @ sigma @ z.T + fit.sigma**2 * np.eye(len(data))
    k = z0 @ sigma @ z.T @ np.linalg.inv(v)
    a = x0 - k @ x
    c = np.linalg.inv(x.T @ np.linalg.solve(v, x))
    variance = np.diag(a @ c @ a.T) + np.diag(z0 @ sigma @ z0.T - k @ z @ sigma @ z0.T)
    np.testing.assert_allclose(se**2, variance, rtol=1e-9)
    wide = fit.predict(grid, interval="prediction")
    half = (wide.conf_high - wide.conf_low) / (2 * ndtri(0.975))
    np.testing.assert_allclose(half**2, variance + fit.sigma**2, rtol=1e-9)


def test_new_levels(crossed):
    data, fit = crossed
    new = data.head(4).assign(g=99)
    with pytest.raises(rn.DataError, match="levels of 'g' that were not in the data"):
        fit.predict(new)
    flat = fit.predict(new, new_levels="population")
    known = fit.predict(data.head(4))
    effects = fit.ranef()["g"].loc[data.g.head(4).astype(str)]
    lost = effects["Intercept"].to_numpy() + effects["x"].to_numpy() * data.x.head(4).to_numpy()
    np.testing.assert_allclose(known - flat, lost, rtol=1e-10)
    draws = np.array([fit.predict(new, new_levels="sample", seed=s)[0] for s in range(400)])
    v = fit.varcorr()
    x = data.x[0]
    sd = np.sqrt(v.variance[0] + 2 * x * v.variance[2] + x**2 * v.variance[1])
    assert draws.std() == pytest.approx(sd, rel=0.12)
    assert draws.mean() == pytest.approx(flat[0], abs=5 * sd / 20)
    interval = fit.predict(new, new_levels="population", interval="confidence")
    assert interval.conf_high[0] - interval.conf_low[0] > 2 * ndtri(0.975) * sd


def test_population_predictions_need_no_groups(crossed):
    data, fit = crossed
    only_x = data[["x"]].head(5)
    expected = fit.fixef["Intercept"] + fit.fixef["x"] * only_x.x
    np.testing.assert_allclose(fit.predict(only_x, level="population"), expected)
    with pytest.raises(rn.UnknownColumnError, match="'g'"):
        fit.predict(only_x)


def test_offsets_of_both_kinds_are_counted_once():
    data = rn.datasets.load("sleepstudy").assign(a=lambda d: d.Days * 2.0, b=5.0)
    plain = rn.lmm("Reaction ~ 1 + (1 | Subject)", data.assign(Reaction=data.Reaction - data.a - 5))
    both = rn.lmm("Reaction ~ 1 + offset(a) + (1 | Subject)", data, offset="b")
    np.testing.assert_allclose(both.fixef, plain.fixef, rtol=1e-9)
    np.testing.assert_allclose(both.predict(), both.fitted, rtol=1e-12)
    np.testing.assert_allclose(both.fitted, plain.fitted + data.a + 5.0, rtol=1e-9)
    # New data bring both: offset(a) from the formula, b by the name of its column.
    np.testing.assert_allclose(both.predict(data), both.fitted, rtol=1e-12)
    array = rn.lmm("Reaction ~ 1 + offset(a) + (1 | Subject)", data, offset=data.b)
    np.testing.assert_allclose(array.predict(), both.fitted, rtol=1e-12)
    np.testing.assert_allclose(array.predict(data) + 5.0, both.fitted, rtol=1e-12)


def test_within_predicts_with_the_means_of_the_training_groups():
    pupils = rn.datasets.load("hsb")
    centred = rn.center(pupils, "ses", by="sch.id")
    by_hand = rn.lmm("math ~ ses_within * sector + (ses_within | sch.id)", centred)
    inside = rn.lmm("math ~ within(ses, sch.id) * sector + (within(ses, sch.id) | sch.id)", pupils)
    assert inside.criterion == pytest.approx(by_hand.criterion, abs=1e-7)
    some = pupils.iloc[[5, 900, 7000]]
    np.testing.assert_allclose(
        inside.predict(some), by_hand.predict(centred.iloc[[5, 900, 7000]]), rtol=1e-9
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": "marginal"}, "unknown level 'marginal'"),
        ({"new_levels": "ignore"}, "unknown new_levels 'ignore'"),
        ({"interval": "credible"}, "unknown interval 'credible'"),
        ({"interval": "confidence", "confidence": 95}, "a confidence level lies between 0 and 1"),
    ],
)
def test_options_are_checked(crossed, options, message):
    with pytest.raises(rn.OptionError, match=message):
        crossed[1].predict(**options)
