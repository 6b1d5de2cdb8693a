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
    got = fit.predict(grid, interval="confidence", se=True, ddf="asymptotic")
    se = (got.conf_high - got.conf_low) / (2 * ndtri(0.975))
    np.testing.assert_allclose(got.std_error, se, rtol=1e-12)
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
    wide = fit.predict(grid, interval="prediction", ddf="asymptotic")
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


def test_a_new_level_is_drawn_once(crossed):
    data, fit = crossed
    new = data.head(6).assign(g=[97, 98, 97, 98, 97, 2], x=[0.0, 0.0, 0.0, 1.0, 1.0, 0.0], h=0, k=0)
    got = fit.predict(new, new_levels="sample", seed=4)
    assert got[0] == pytest.approx(got[2], rel=1e-14)
    assert abs(got[0] - got[1]) > 1e-6
    # Intercept and slope of one draw; rows of known levels stay as they are.
    two = new.assign(x=2.0)
    slope = got[4] - got[0]
    again = fit.predict(two, new_levels="sample", seed=4)
    assert again[0] == pytest.approx(got[0] + 2.0 * slope)
    assert got[5] == pytest.approx(fit.predict(new.tail(1))[0])


def test_a_draw_does_not_depend_on_the_other_rows(crossed):
    data, fit = crossed
    new = data.head(6).assign(g=[97, 98, 97, 98, 97, 2], h=[50, 0, 51, 50, 1, 2])
    whole = fit.predict(new, new_levels="sample", seed=9)
    alone = [fit.predict(new.iloc[[i]], new_levels="sample", seed=9)[0] for i in range(6)]
    np.testing.assert_allclose(alone, whole, rtol=1e-12)
    other = fit.predict(new, new_levels="sample", seed=10)
    assert (np.abs(other[:5] - whole[:5]) > 1e-8).all()


def test_draws_of_levels_and_terms_are_independent(crossed):
    """1,000 levels under one seed: the variance of the term, no correlation with another term."""
    _, fit = crossed
    n = 4000
    new = pd.DataFrame({"x": 0.0, "g": 1000 + np.arange(n), "h": 1, "k": 1})
    g = fit.predict(new, new_levels="sample", seed=1)
    h = fit.predict(new.assign(g=1, h=new.g), new_levels="sample", seed=1)
    v = fit.varcorr().set_index(["group", "term1"]).query("term2.isna()").sd
    assert g.std() == pytest.approx(v[("g", "Intercept")], rel=0.05)
    assert h.std() == pytest.approx(v[("h", "Intercept")], rel=0.05)
    assert abs(np.corrcoef(g, h)[0, 1]) < 5 / np.sqrt(n)


def test_levels_whose_parts_join_to_one_text_have_draws_of_their_own():
    rng = np.random.default_rng(5)
    data = pd.DataFrame(
        {"a": np.repeat(list("pqrs"), 12), "b": np.tile(np.repeat(list("uvw"), 4), 4)}
    )
    data["y"] = rng.normal(size=48) + data.groupby(["a", "b"]).ngroup() % 5
    fit = rn.lmm("y ~ 1 + (1 | a:b)", data)
    got = fit.predict(
        pd.DataFrame({"a": ["1:2", "1"], "b": ["3", "2:3"]}), new_levels="sample", seed=1
    )
    assert got[0] != got[1]


@pytest.mark.parametrize("interval", ["confidence", "prediction"])
def test_an_interval_of_a_drawn_level_is_that_of_any_new_level(crossed, interval):
    """Around the draw it would have to cover the variance between groups twice."""
    data, fit = crossed
    new = data.head(3).assign(g=97)
    options = {"interval": interval, "se": True}
    drawn = fit.predict(new, new_levels="sample", seed=3, **options)
    flat = fit.predict(new, new_levels="population", **options)
    columns = ["std_error", "conf_low", "conf_high"]
    pd.testing.assert_frame_equal(drawn[columns], flat[columns])
    np.testing.assert_array_equal(drawn.estimate, fit.predict(new, new_levels="sample", seed=3))


def test_population_predictions_need_no_groups(crossed):
    data, fit = crossed
    only_x = data[["x"]].head(5)
    expected = fit.fixef["Intercept"] + fit.fixef["x"] * only_x.x
    np.testing.assert_allclose(fit.predict(only_x, level="population"), expected)
    got = fit.predict(only_x, level="population", interval="prediction")
    whole = fit.predict(data.head(5), level="population", interval="prediction")
    pd.testing.assert_frame_equal(got, whole)
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


@pytest.fixture(scope="module")
def offset_array():
    data = rn.datasets.load("sleepstudy").assign(a=lambda d: d.Days * 2.0, b=lambda d: d.Days % 3)
    fit = rn.lmm("Reaction ~ 1 + offset(a) + (1 | Subject)", data, offset=data.b.to_numpy())
    return data, fit


def test_an_offset_array_is_asked_for_again(offset_array):
    data, fit = offset_array
    np.testing.assert_allclose(fit.predict(), fit.fitted, rtol=1e-12)
    with pytest.raises(rn.OptionError, match="the offset of the fit was an array"):
        fit.predict(data)
    with pytest.raises(rn.OptionError, match="the offset of the fit was an array"):
        fit.predict(data, interval="confidence")
    for given in (data.b.to_numpy(), data.b.tolist(), "b"):
        np.testing.assert_allclose(fit.predict(data, offset=given), fit.fitted, rtol=1e-12)
    # A series is put in the order of the rows by its labels.
    shuffled = data.b.sample(frac=1.0, random_state=1)
    np.testing.assert_allclose(fit.predict(data, offset=shuffled), fit.fitted, rtol=1e-12)
    np.testing.assert_allclose(fit.predict(data, offset=0.0) + data.b, fit.fitted, rtol=1e-12)
    np.testing.assert_allclose(fit.predict(fit.model_frame()), fit.fitted, rtol=1e-12)
    shifted = fit.predict(data, offset=data.b, interval="confidence", se=True)
    plain = fit.predict(data, offset=0.0, interval="confidence", se=True)
    np.testing.assert_allclose(shifted.conf_low - plain.conf_low, data.b, atol=1e-9)
    np.testing.assert_allclose(shifted.std_error, plain.std_error, rtol=1e-12)


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        ([1.0, 2.0], "does not have one value for each row"),
        ("nowhere", "unknown column 'nowhere'"),
        ("Subject", "the offset is not numbers"),
        (["x"] * 180, "the offset is not numbers"),
    ],
)
def test_offsets_that_do_not_fit_the_new_data(offset_array, offset, message):
    data, fit = offset_array
    with pytest.raises(rn.RanefError, match=message):
        fit.predict(data, offset=offset)


def test_an_offset_takes_the_place_of_a_named_one():
    data = rn.datasets.load("sleepstudy").assign(b=lambda d: d.Days % 3)
    fit = rn.lmm("Reaction ~ 1 + (1 | Subject)", data, offset="b")
    np.testing.assert_allclose(fit.predict(data, offset=7.0) + data.b - 7.0, fit.fitted)
    np.testing.assert_allclose(fit.predict(offset=7.0) + data.b - 7.0, fit.fitted)


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
        ({"ddf": "kr"}, "unknown ddf 'kr'"),
        ({"se": "yes"}, "unknown se 'yes'"),
    ],
)
def test_options_are_checked(crossed, options, message):
    with pytest.raises(rn.OptionError, match=message):
        crossed[1].predict(**options)
