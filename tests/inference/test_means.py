"""Laws of marginal means, slopes, averages and their adjustments."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import interpolate

import ranef as rn


@cache
def data(seed: int = 1) -> pd.DataFrame:
    """Two categories, a truth value and two numbers, unbalanced, 15 groups."""
    rng = np.random.default_rng(seed)
    n = 180
    frame = pd.DataFrame(
        {
            "f": rng.choice(list("abc"), n, p=[0.5, 0.3, 0.2]),
            "h": rng.choice(["u", "v"], n, p=[0.3, 0.7]),
            "b": rng.uniform(size=n) < 0.4,
            "x": rng.uniform(0.5, 4.0, n),
            "z": rng.normal(size=n),
            "g": rng.integers(0, 15, n),
        }
    )
    effect = frame["f"].map({"a": 0.0, "b": 1.0, "c": -0.5}) * frame["x"] + frame["b"]
    frame["y"] = effect + rng.normal(size=15)[frame["g"]] + rng.normal(size=n)
    return frame


@cache
def fit(fixed: str, **options: Any) -> Any:
    return rn.lmm(f"y ~ {fixed} + (1 | g)", data(), **options)


def same(one: Any, other: Any, tolerance: float = 1e-9) -> None:
    for column in ("estimate", "std_error", "df"):
        np.testing.assert_allclose(one[column], other[column], rtol=tolerance, atol=1e-12)


CALLS = {
    "means": lambda m: m.emmeans(["f", "h"]),
    "weighted": lambda m: m.emmeans("f", weights="cells", at={"x": 1.5}),
    "slopes": lambda m: m.emtrends("x", by="f"),
    "predictions": lambda m: m.predictions(by="h"),
    "comparisons": lambda m: m.comparisons("f", by="h"),
    "average slopes": lambda m: m.slopes("x", by="f"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("coding", [{"f": "sum", "h": "helmert"}, {"f": "helmert", "h": "sum"}])
def test_the_coding_of_categories_does_not_matter(call: Any, coding: dict[str, str]) -> None:
    fixed = "f * h + f * x + z"
    coded = rn.lmm(f"y ~ {fixed} + (1 | g)", data(), contrasts=coding)
    # Two searches end within 1e-8 of each other.
    same(call(fit(fixed)), call(coded), 1e-6)


@pytest.mark.parametrize("weights", ["proportional", "cells", "outer"])
def test_weights_do_not_matter_in_balanced_data(weights: str) -> None:
    cake = rn.datasets.load("cake")
    model = rn.lmm("angle ~ recipe * temperature + (1 | recipe:replicate)", cake)
    same(model.emmeans("recipe"), model.emmeans("recipe", weights=weights))


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger", "residual", "asymptotic"])
def test_what_has_no_interaction_is_its_coefficient(ddf: str) -> None:
    model = fit("h + b + x + z")
    table = model.coefficients(ddf)
    columns = ["estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"]
    for made, name in (
        (model.comparisons("h", ddf=ddf), "h[T.v]"),
        (model.comparisons("b", ddf=ddf), "b"),
        (model.comparisons("x", ddf=ddf), "x"),
        (model.slopes("x", ddf=ddf), "x"),
        (model.emtrends("x", ddf=ddf).contrast([[1.0]]), "x"),
        (model.emmeans("h", ddf=ddf).contrast("treatment"), "h[T.v]"),
    ):
        np.testing.assert_allclose(
            made[columns].to_numpy()[0], table.loc[name, columns], rtol=1e-9, atol=1e-12
        )
    assert model.comparisons("b")["contrast"].to_list() == ["True - False"]
    assert model.comparisons("x")["contrast"].to_list() == ["+1"]


def test_pairs_are_differences_of_means() -> None:
    means = fit("f * h + x").emmeans("f", by="h")
    frame, pairs = means.frame, means.pairs().frame
    for h in ("u", "v"):
        value = frame[frame["h"] == h].set_index("f")["estimate"]
        own = pairs[pairs["h"] == h].set_index("contrast")["estimate"]
        for one, other in (("a", "b"), ("a", "c"), ("b", "c")):
            assert own[f"{one} - {other}"] == pytest.approx(value[one] - value[other], abs=1e-12)


def test_means_are_averages_of_predictions() -> None:
    """By hand: predict each row of the grid, and average."""
    model = fit("f * h + b + log(x) * z")
    frame = data()
    held = {"x": frame["x"].mean(), "z": frame["z"].mean()}
    for level, row in model.emmeans("f").frame.set_index("f").iterrows():
        grid = pd.DataFrame([(h, b) for h in "uv" for b in (False, True)], columns=["h", "b"])
        rows = model.predict(grid.assign(f=level, **held), level="population")
        assert row["estimate"] == pytest.approx(rows.mean(), rel=1e-12)


def test_averages_are_those_of_predictions_of_rows() -> None:
    model, frame = fit("f * poly(x, 3) + b * h"), data()
    at = lambda rows: model.predict(rows, level="population")  # noqa: E731
    made = model.predictions(by="f").set_index("f")["estimate"]
    mean = pd.Series(at(frame)).groupby(frame["f"]).mean()
    np.testing.assert_allclose(made, mean[made.index], rtol=1e-12)
    moved = at(frame.assign(f="c")) - at(frame.assign(f="a"))
    made = model.comparisons("f").set_index("contrast")["estimate"]
    assert made["c - a"] == pytest.approx(moved.mean(), rel=1e-10)
    more = (at(frame.assign(x=frame["x"] + 1)) - at(frame)).mean()
    assert model.comparisons("x")["estimate"][0] == pytest.approx(more, rel=1e-10)
    truth = pd.Series(at(frame.assign(b=True)) - at(frame.assign(b=False))).groupby(frame["h"])
    made = model.comparisons("b", by="h").set_index("h")["estimate"]
    np.testing.assert_allclose(made, truth.mean()[made.index], rtol=1e-10)


# -- slopes ---------------------------------------------------------------------------------------


def encoding(fixed: str) -> tuple[Any, Any]:
    model = fit(fixed)
    return model._design.encoding, model._table


def test_derivatives_of_arithmetic_are_exact() -> None:
    code, table = encoding(
        "f * x + I(x^2):z + log(x) + sqrt(x):f + exp(-x / 2) + I(1 / (1 + x)) + within(x, g)"
    )
    made = dict(zip(_names(code, table), code.slopes(table, "x", table).T, strict=True))
    x, z = table["x"].values, table["z"].values
    for name, truth in {
        "Intercept": 0.0 * x,
        "f[T.b]": 0.0 * x,
        "x": 1.0 + 0.0 * x,
        "I(x ** 2):z": 2 * x * z,
        "log(x)": 1 / x,
        "exp(-x / 2)": -0.5 * np.exp(-x / 2),
        "I(1 / (1 + x))": -1 / (1 + x) ** 2,
        "within(x, g)": 1.0 + 0.0 * x,
    }.items():
        np.testing.assert_allclose(made[name], truth, rtol=1e-13, atol=1e-13, err_msg=name)
    own = data()["f"].to_numpy() == "b"
    np.testing.assert_allclose(made["f[T.b]:x"], 1.0 * own, atol=1e-13)


def _names(code: Any, table: Any) -> tuple[str, ...]:
    from ranef.design.coding import code as coded

    return coded(code.intercept, code.terms, table, code.state).names


def test_derivatives_of_splines_are_those_of_scipy() -> None:
    code, table = encoding("bs(x, df=7)")
    (state,) = code.state.transforms.values()
    knots = np.array(state["knots"])
    inner = np.unique(knots)[1:-1]
    x = np.sort(np.r_[np.linspace(0.6, 3.9, 401), inner, inner + 1e-5, inner - 1e-4])
    moved = _table_with(table, x)
    basis = [
        interpolate.BSpline(knots, np.eye(len(knots) - 4)[j], 3)(x, nu=1)
        for j in range(1, len(knots) - 4)
    ]
    made = code.slopes(moved, "x", table)[:, 1:]
    np.testing.assert_allclose(made, np.array(basis).T, atol=1e-9)


def _table_with(table: Any, x: np.ndarray) -> Any:
    from ranef.frame import Column, Table

    return Table({"x": Column("x", "number", x)}, x.size)


@pytest.mark.parametrize(
    "fixed",
    [
        "f * poly(x, 3)",
        "cr(x, df=5, constraints='center') * z",
        "scale(x) + bs(x, df=5):z",
        "f * poly(log(x), 3) + I(scale(x * z)^2)",
    ],
)
def test_slopes_are_limits_of_differences(fixed: str) -> None:
    """Differences of fourth order, off the knots, at the step where their error is least."""
    code, table = encoding(fixed)
    x, h = np.array(table["x"].values), 1e-4
    at = {k: code.whole(table.with_numbers("x", x + k * h)) for k in (-2, -1, 1, 2)}
    differences = (at[-2] - 8 * at[-1] + 8 * at[1] - at[2]) / (12 * h)
    error = np.abs(code.slopes(table, "x", table) - differences).max(axis=1)
    assert np.quantile(error, 0.95) < 1e-8


def test_slopes_within_groups_hold_the_groups_mean() -> None:
    model = fit("within(x, g) * f + between(x, g)")
    frame = model.slopes("x", by="f").set_index("f")
    assert frame.loc["a", "estimate"] == pytest.approx(model.fixef["within(x, g)"], rel=1e-10)
    trend = model.emtrends("x", by="f").frame.set_index("f")
    assert trend.loc["a", "estimate"] == pytest.approx(model.fixef["within(x, g)"], rel=1e-10)


def test_a_group_mean_stands_at_its_average() -> None:
    model, frame = fit("within(x, g) + between(x, g) * f"), data()
    mean = frame.groupby("g")["x"].transform("mean").mean()
    b = model.fixef
    hand = b["Intercept"] + b["within(x, g)"] * (frame["x"].mean() - mean)
    hand += b["between(x, g)"] * mean
    assert model.emmeans("f").frame["estimate"][0] == pytest.approx(hand, rel=1e-10)


# -- what a grid holds ----------------------------------------------------------------------------


def test_rows_stand_in_the_order_of_emmeans() -> None:
    frame = fit("f * h + x").emmeans(["f", "h"]).frame
    assert frame["f"].to_list() == list("abcabc")
    assert frame["h"].to_list() == list("uuuvvv")
    frame = fit("f * h + x").emmeans("f", by="h").frame
    assert list(frame.columns) == ["h", "f", "estimate", "std_error", "df", "conf_low", "conf_high"]
    assert frame["f"].to_list() == list("abcabc")


def test_numbers_as_categories_keep_their_values() -> None:
    frame = data().assign(k=data()["f"].map({"a": 10, "b": 2, "c": 5}))
    model = rn.lmm("y ~ factor(k) + x + (1 | g)", frame)
    means = model.emmeans("k")
    assert means.frame["k"].to_list() == [2, 5, 10]
    assert means.pairs()["contrast"].to_list() == ["k2 - k5", "k2 - k10", "k5 - k10"]
    np.testing.assert_allclose(
        means.frame.set_index("k").loc[[10, 2, 5], "estimate"],
        fit("f + x").emmeans("f").frame["estimate"],
        rtol=1e-7,
    )
    assert len(model.emmeans("k", at={"k": [10, 2]})) == 2
    assert model.comparisons("k")["contrast"].to_list() == ["5 - 2", "10 - 2"]


def test_truth_values_are_categories_and_pairs_of_numbers_too() -> None:
    frame = data().assign(k=data()["b"].astype(int))
    model = rn.lmm("y ~ b + x + (1 | g)", frame)
    assert model.emmeans("b").frame["b"].to_list() == [False, True]
    assert model.emmeans("b").pairs()["contrast"].to_list() == ["False - True"]
    other = rn.lmm("y ~ k + x + (1 | g)", frame)
    assert other.emmeans("k").pairs()["contrast"].to_list() == ["k0 - k1"]
    assert other.emmeans("k").frame["k"].to_list() == [0, 1]
    same(model.emmeans("b"), other.emmeans("k"), 1e-7)
    assert other.emmeans("k", at={"k": [0.5]}).frame["k"].to_list() == [0.5]


def test_offsets_count() -> None:
    shifted = data().assign(y=data()["y"] + data()["z"])
    model = rn.lmm("y ~ f + h + x + (1 | g)", shifted, offset="z")
    written = rn.lmm("y ~ f + h + x + offset(z) + (1 | g)", shifted)
    plain = fit("f + h + x")
    mean = data()["z"].mean()
    for made in (model, written):
        np.testing.assert_allclose(
            made.emmeans("f").frame["estimate"],
            plain.emmeans("f").frame["estimate"] + mean,
            rtol=1e-7,
        )
        own = data().groupby("h")["z"].mean()
        made_by, plain_by = (m.predictions(by="h").set_index("h") for m in (made, plain))
        np.testing.assert_allclose(
            made_by["estimate"], plain_by["estimate"] + own[made_by.index], rtol=1e-7
        )
    assert written.slopes("z")["estimate"][0] == pytest.approx(1.0)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("random", ["(x || g)", "(1 | g) + (1 | h)", "(1 | g / f)", "(z | g)"])
def test_any_structure_serves(random: str, reml: bool) -> None:
    """Also singular ones: numbers, all finite, and pairs that agree with the joint test."""
    model = rn.lmm(f"y ~ f + x + {random}", data(), reml=reml)
    means = model.emmeans("f")
    assert np.isfinite(means.frame.iloc[:, 1:].to_numpy(dtype=float)).all()
    test = model.test("f[T.b] = 0, f[T.c] = 0")
    joint = means.joint().iloc[0]
    assert joint["statistic"] == pytest.approx(test.statistic, rel=1e-9)
    assert joint["num_df"] == 2


def test_priors_take_part() -> None:
    model = rn.lmm("y ~ f + x + (1 | g)", data(), prior=rn.priors.Normal(1.0))
    means = model.emmeans("f")
    b = model.fixef
    assert means.pairs()["estimate"][0] == pytest.approx(-b["f[T.b]"], rel=1e-10)
    with_error = model.coefficients()["std_error"]["f[T.b]"]
    assert means.pairs()["std_error"][0] == pytest.approx(with_error, rel=1e-10)


def test_columns_left_out_do_not_matter() -> None:
    """A copy of x and an empty cell: what can be estimated is, and is the same."""
    frame = data().assign(twice=2 * data()["x"] + 1)
    model = rn.lmm("y ~ f + x + twice + (1 | g)", frame)
    assert model.dropped == ("twice",)
    same(model.emmeans("f"), fit("f + x").emmeans("f"), 1e-7)
    with pytest.warns(rn.errors.NotEstimableWarning, match="1 of 1 averages"):
        assert np.isnan(model.slopes("x")["estimate"][0])  # one cannot move without the other
    assert np.isnan(model.emmeans("f", at={"x": 3.0})["estimate"]).all()
    gone = data()[~((data()["f"] == "b") & (data()["h"] == "u"))]
    model = rn.lmm("y ~ f * h + (1 | g)", gone)
    means = model.emmeans("f", by="h")
    assert np.isnan(means.frame["estimate"]).to_list() == [False, True, False] + [False] * 3
    assert "1 of them is not estimable" in str(means)
    assert "2 contrasts are not estimable" in str(means.pairs())
    bonferroni = means.pairs("bonferroni").frame
    plain = means.pairs("none").frame
    assert bonferroni["p_value"][1] == pytest.approx(min(1.0, 3 * plain["p_value"][1]))
    assert np.isfinite(model.predictions(by=["f", "h"])["estimate"]).all()


def test_tukey_gives_way_to_sidak_where_the_set_is_not_all_pairs() -> None:
    means = fit("f + x").emmeans("f")
    made = means.contrast("treatment", "tukey")
    assert made.adjust == "sidak"
    assert "Sidak's took its place" in str(made)
    sidak = means.contrast("treatment", "sidak")
    np.testing.assert_array_equal(made["p_value"], sidak["p_value"])
    assert means.pairs().adjust == "tukey"


def test_by_can_be_chosen_again() -> None:
    means = fit("f * h + x").emmeans("f", by="h")
    assert len(means.pairs(by=[])) == 15
    assert list(means.pairs(by="f").frame.columns[:2]) == ["f", "contrast"]
    assert means.pairs(by="f")["contrast"].to_list() == ["u - v"] * 3


def test_contrasts_of_ones_own() -> None:
    means = fit("f + x").emmeans("f")
    value = means.frame["estimate"]
    made = means.contrast({"a - rest": [1, -0.5, -0.5]})
    assert made["contrast"].to_list() == ["a - rest"]
    assert made["estimate"][0] == pytest.approx(value[0] - (value[1] + value[2]) / 2, abs=1e-12)
    assert made.adjust == "none"
    rows = means.contrast([[1, -1, 0], [0, 1, -1]], adjust="holm")
    assert rows["contrast"].to_list() == ["C1", "C2"]


def test_effect_sizes_by_both_spreads() -> None:
    model = fit("f + x")
    pairs = model.emmeans("f").pairs()
    group = float(model.varcorr().set_index("group").loc["g", "variance"])
    for sigma, size in (("residual", model.sigma), ("total", np.hypot(model.sigma, group**0.5))):
        made = pairs.effect_size(sigma)
        np.testing.assert_allclose(made["estimate"], pairs["estimate"] / size, rtol=1e-9)
        known = pairs.effect_size(sigma, edf=np.inf)
        np.testing.assert_allclose(known["std_error"], pairs["std_error"] / size, rtol=1e-9)
        assert (made["std_error"] > known["std_error"]).all()
    balanced = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
    assert balanced._spread("residual")[1] == pytest.approx(46.0, rel=1e-6)


def test_a_record_reads_like_its_frame_and_can_be_pickled() -> None:
    import copy
    import pickle

    means = fit("f + x").emmeans("f")
    assert means["estimate"].to_list() == means.frame["estimate"].to_list()
    assert means.pairs().loc[0, "contrast"] == "a - b"
    for again in (pickle.loads(pickle.dumps(means)), copy.deepcopy(means)):
        assert again.pairs().frame.equals(means.pairs().frame)
        assert str(again) == str(means)
    assert "<table" in means._repr_html_()
    assert "<table" in means.pairs()._repr_html_()
    with pytest.raises(AttributeError):
        means.no_such_thing  # noqa: B018


def test_a_number_that_the_formula_cuts_stays_a_number() -> None:
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.repeat(np.arange(10), 8), "x": rng.uniform(0.0, 3.0, 80)})
    data["y"] = rng.normal(size=10)[data["g"]] + np.floor(data["x"]) + rng.normal(size=80)
    fit = rn.lmm("y ~ cut(x, [0, 1, 2, 3]) + (1 | g)", data)
    means = fit.emmeans("x", at={"x": [0.5, 1.5, 2.5]})
    names = list(fit.fixef.index)
    np.testing.assert_allclose(
        means.frame["estimate"] - fit.fixef["Intercept"], [0.0, *fit.fixef[names[1:]]], atol=1e-12
    )
    right = fit.test(f"{names[2]} = 0").frame.iloc[0]
    found = means.contrast([[-1.0, 0.0, 1.0]]).frame.iloc[0]
    assert found["std_error"] == pytest.approx(right["std_error"], rel=1e-9)
    with pytest.raises(rn.OptionError, match=r"emmeans\('x', at=") as refused:
        fit.slopes("x")
    assert "a category has no slope" in str(refused.value)


def test_more_pairs_than_fit_in_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
    means = fit.emmeans("Machine")
    monkeypatch.setattr("ranef.inference.means.families.available_memory", lambda: 500.0)
    with pytest.raises(rn.TooLargeError, match="the pairs of these means are too many"):
        means.pairs()
    assert len(means.contrast("treatment", adjust="none").frame) == 2
    monkeypatch.setattr("ranef.inference.means.families.available_memory", lambda: 700.0)
    assert len(means.pairs().frame) == 3
    with pytest.raises(rn.TooLargeError, match="3 differences need"):
        means.pairs(adjust="mvt")


def test_a_number_that_is_a_category_in_the_random_part_stays_a_number() -> None:
    frame = data().assign(t=lambda d: d.index % 3 + d.index % 2)
    fit = rn.lmm("y ~ t + x + (0 + factor(t) | g)", frame)
    assert len(fit.emmeans("t").frame) == 1
    slope = fit.emtrends("t").frame
    assert slope["estimate"].iloc[0] == pytest.approx(fit.fixef["t"])
