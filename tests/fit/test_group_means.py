"""``within()`` and ``between()``: over which rows the means are, and which mean predictions use."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn

FORMULA = "y ~ within(x, g) + between(x, g) + (1 | g)"
MEAN = "between(x, g)"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """The response is missing where x is large, x itself in some rows, and a group altogether."""
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(30), 6)
    d = pd.DataFrame({"x": rng.normal(size=180) + rng.normal(size=30)[g]})
    d["z"] = rng.normal(size=180)
    d["g"] = [f"s{i}" for i in g]
    d["y"] = d.x + 2 * d.groupby("g").x.transform("mean") + rng.normal(size=30)[g]
    d["y"] += rng.normal(size=180)
    d.loc[(d.x > 0.5) & (rng.random(180) < 0.7), "y"] = np.nan
    d.loc[[3, 50], "x"] = np.nan
    d.loc[d.g == "s7", "y"] = np.nan
    return d


def test_means_are_over_all_rows_that_have_the_variable(data):
    inside = rn.lmm(FORMULA, data)
    by_hand = rn.lmm("y ~ x_within + x_between + (1 | g)", rn.center(data, "x", by="g"))
    np.testing.assert_allclose(inside.fixef, by_hand.fixef, rtol=1e-9)
    assert inside.criterion == pytest.approx(by_hand.criterion, abs=1e-8)
    # Rows that are out for another variable count too, in random slopes as well.
    data = data.assign(z=data.z.where(data.x < 1.0))
    inside = rn.lmm("y ~ within(x, g) + z + (within(x, g) | g)", data)
    by_hand = rn.lmm("y ~ x_within + z + (x_within | g)", rn.center(data, "x", by="g"))
    assert inside.criterion == pytest.approx(by_hand.criterion, abs=1e-7)


def test_missing_weights_and_offsets_leave_the_means_alone(data):
    weights = np.where(data.x < 1.0, 1.0, np.nan)
    inside = rn.lmm(FORMULA, data, weights=weights)
    centred = rn.center(data, "x", by="g")
    by_hand = rn.lmm("y ~ x_within + x_between + (1 | g)", centred, weights=weights)
    np.testing.assert_allclose(inside.fixef, by_hand.fixef, rtol=1e-9)


def test_refits_keep_the_means(data):
    """A refit, another criterion and the rungs of a diagnosis are about the same predictor."""
    fit = rn.lmm(FORMULA, data)
    again = fit.refit(np.asarray(fit.model_frame()["y"]))
    np.testing.assert_allclose(again.fixef, fit.fixef, rtol=1e-6)
    ml = rn.lmm(FORMULA, data, reml=False)
    assert fit.with_reml(False).criterion == pytest.approx(ml.criterion, abs=1e-8)
    raw = rn.lmm("y ~ x + (1 | g)", data)
    remedies = raw.diagnose().remedies.set_index("rung")
    formula = remedies.loc["group-mean", "formula"]
    assert "between(x, g)" in formula
    assert remedies.loc["group-mean", "criterion"] == pytest.approx(
        rn.lmm(formula, data).criterion, abs=1e-7
    )
    effect = raw.contextual("x")
    assert effect.between == pytest.approx(fit.fixef["between(x, g)"], rel=1e-6)
    assert effect.within == pytest.approx(fit.fixef["within(x, g)"], rel=1e-6)


def test_an_undefined_value_in_a_row_left_out_has_no_mean():
    rng = np.random.default_rng(1)
    d = pd.DataFrame({"x": rng.random(60) + 1.0, "y": rng.normal(size=60), "g": np.arange(60) % 6})
    d.loc[4, ["x", "y"]] = [0.0, np.nan]
    with pytest.raises(rn.DataError, match="'log\\(x\\)' is infinite in 1 row") as caught:
        rn.lmm("y ~ within(log(x), g) + (1 | g)", d)
    assert "of the rows left out" in caught.value.found


def test_known_groups_keep_their_mean_whatever_stands_beside_them(data):
    fit = rn.lmm(FORMULA, data)
    rows = data[data.g.isin(["s1", "s2"])].dropna(subset=["x"])
    whole = fit.predict(rows)
    parts = [fit.predict(rows.iloc[[i]])[0] for i in range(len(rows))]
    np.testing.assert_allclose(parts, whole, rtol=1e-12)
    other = fit.predict(rows.assign(**{MEAN: 99.0}))
    np.testing.assert_array_equal(other, whole)
    # A group without any response has a mean, as its x is known.
    x = data[data.g == "s7"].x
    got = fit.predict(data[data.g == "s7"], level="population")
    b = fit.fixef
    np.testing.assert_allclose(
        got, b["Intercept"] + b["within(x, g)"] * (x - x.mean()) + b[MEAN] * x.mean()
    )


@pytest.mark.parametrize("level", ["population", "conditional"])
def test_the_mean_of_a_new_group_is_given_or_refused(data, level):
    fit = rn.lmm(FORMULA, data)
    new = pd.DataFrame({"x": [1.0, 2.0, 1.0], "g": ["new", "new", "s1"]})
    options = {"level": level, "new_levels": "population"}
    with pytest.raises(rn.DataError, match="the mean of 'x' is not known") as caught:
        fit.predict(new, **options)
    assert caught.value.found == "'new' in row 0 (from 0), new levels in 2 of 3 rows"
    assert f"'{MEAN}'" in caught.value.fix
    got = fit.predict(new.assign(**{MEAN: [0.5, 0.5, np.nan]}), **options)
    b = fit.fixef
    expected = b["Intercept"] + b["within(x, g)"] * np.array([0.5, 1.5]) + b[MEAN] * 0.5
    np.testing.assert_allclose(got[:2], expected)
    assert got[2] == pytest.approx(fit.predict(new.tail(1), **options)[0])
    with pytest.raises(rn.DataError, match="is not numeric"):
        fit.predict(new.assign(**{MEAN: "a"}), **options)


def test_a_given_mean_makes_the_group_dispensable(data):
    fit = rn.lmm(FORMULA, data)
    got = fit.predict({"x": [1.0, 2.0], MEAN: [0.5, 0.5]}, level="population")
    b = fit.fixef
    np.testing.assert_allclose(
        got, b["Intercept"] + b["within(x, g)"] * np.array([0.5, 1.5]) + b[MEAN] * 0.5
    )
    with pytest.raises(rn.UnknownColumnError, match="'g'"):
        fit.predict({"x": [1.0]}, level="population")
    only = rn.lmm("y ~ between(x, g) + (1 | g)", data)
    np.testing.assert_allclose(
        only.predict({MEAN: [0.5]}, level="population"), [only.fixef @ [1.0, 0.5]]
    )


def test_means_of_crossed_groups_and_of_expressions(data):
    rng = np.random.default_rng(2)
    d = data.assign(h=rng.choice(["u", "v"], len(data)), w=np.exp(data.x))
    fit = rn.lmm("y ~ within(log(w), g:h) + between(log(w), g:h) + (1 | g)", d)
    known = d[["g", "h", "w"]].dropna().head(5)
    np.testing.assert_allclose(
        fit.predict(known), np.r_[[fit.predict(known.iloc[[i]])[0] for i in range(5)]]
    )
    new = pd.DataFrame({"w": [1.0], "g": ["s1"], "h": ["w"]})
    with pytest.raises(rn.DataError, match=r"mean of 'log\(w\)' is not known in .* 'g:h'"):
        fit.predict(new)
    b = fit.fixef
    got = fit.predict(new.assign(**{"between(log(w), g:h)": 0.3}), level="population")
    np.testing.assert_allclose(got, [b.iloc[0] - 0.3 * b.iloc[1] + 0.3 * b.iloc[2]])


def test_a_missing_group_has_no_mean(data):
    fit = rn.lmm(FORMULA, data)
    new = pd.DataFrame({"x": [1.0, 1.0], "g": [None, "s1"]})
    assert np.isnan(fit.predict(new, level="population")).tolist() == [True, False]
