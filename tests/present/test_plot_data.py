"""The frames of pictures hold what is drawn, and what is drawn is what the model says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.collections import LineCollection, PathCollection  # noqa: E402
from scipy.stats import norm  # noqa: E402


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def sleep() -> Any:
    return rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))


@pytest.fixture(scope="module")
def machines() -> Any:
    return rn.lmm("score ~ Machine + (0 + Machine | Worker)", rn.datasets.load("machines"))


def points(ax: Any) -> np.ndarray:
    drawn = [c.get_offsets() for c in ax.collections if isinstance(c, PathCollection)]
    return np.concatenate([np.asarray(d) for d in drawn])


def segments(ax: Any) -> np.ndarray:
    return np.concatenate(
        [np.asarray(c.get_segments()) for c in ax.collections if isinstance(c, LineCollection)]
    )


# -- effects -------------------------------------------------------------------------------------
def test_effects_are_the_marginal_means_of_the_tables(machines: Any) -> None:
    """One answer from one fit: t intervals with the same degrees of freedom everywhere."""
    drawn = machines.plot.effects("Machine").data
    means = machines.emmeans("Machine").frame
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(drawn[name], means[name], rtol=1e-9)
    first = machines.coefficients().loc["Intercept"]
    assert drawn.loc[0, "conf_low"] == pytest.approx(first["conf_low"])
    assert drawn.loc[0, "conf_high"] == pytest.approx(first["conf_high"])


def test_effects_beside_others_are_those_of_proportional_weights() -> None:
    rng = np.random.default_rng(5)
    n = 300
    data = pd.DataFrame({"x": rng.normal(size=n), "g": rng.integers(0, 15, n)})
    data["f"], data["h"] = rng.choice(list("aab"), n), rng.choice(list("uvvv"), n)
    data["y"] = data.x + (data.f == "a") * (data.h == "u") + rng.normal(size=15)[data.g]
    data["y"] += rng.normal(size=n)
    fit = rn.lmm("y ~ x * f + f * h + (1 | g)", data)
    drawn = fit.plot.effects("f").data
    means = fit.emmeans("f", weights="outer").frame
    np.testing.assert_allclose(drawn["estimate"], means["estimate"], rtol=1e-9)
    np.testing.assert_allclose(drawn["conf_low"], means["conf_low"], rtol=1e-6)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_bands_have_their_level(sleep: Any, level: float) -> None:
    ax = sleep.plot.effects("Days", level=level)
    expected = sleep.predict(
        {"Days": ax.data["Days"]}, level="population", interval="confidence", confidence=level
    )
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(ax.data[name], expected[name], rtol=1e-9)
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(ax.data["conf_high"].max())
    np.testing.assert_allclose(ax.lines[0].get_ydata(), ax.data["estimate"])
    assert f"{100 * level:g}%" in ax.data.attrs["note"]


def test_panels_of_effects_share_their_axes_and_know_their_values() -> None:
    data = rn.datasets.load("scotssec")
    fit = rn.lmm("attain ~ sex * social + (1 | primary)", data)
    panels = fit.plot.effects("social", facet="sex", data=True)
    assert [ax.get_title(loc="left") for ax in panels] == ["sex: M", "sex: F"]
    assert panels[0].get_ylim() == panels[1].get_ylim()
    assert panels[1].get_ylabel() == ""
    together = pd.concat([ax.data for ax in panels], ignore_index=True)
    pd.testing.assert_frame_equal(panels.data[together.columns], together)
    by = fit.plot.effects("social", by="sex").data
    for ax, sex in zip(panels, ("M", "F"), strict=True):
        own = by[by["sex"] == sex]["estimate"].to_numpy()
        np.testing.assert_allclose(ax.data["estimate"], own)
        assert len(points(ax)) == (data["sex"] == sex).sum()  # its own rows alone
    given = plt.figure().subplots(1, 2)
    assert fit.plot.effects("social", facet="sex", ax=given) == tuple(given)


def test_panels_of_a_number_take_the_rows_nearest_to_it() -> None:
    data = rn.datasets.load("hsb").iloc[:900]
    fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", data)
    panels = fit.plot.effects("sector", facet="ses", data=True)
    assert len(panels) == 3
    assert sum(len(points(ax)) for ax in panels) == fit.nobs + 3 * 2


# -- lines ---------------------------------------------------------------------------------------
def test_lines_are_conditional_predictions(sleep: Any) -> None:
    ax = sleep.plot.slopes()
    groups = ax.data[ax.data["line"] == "group"]
    expected = sleep.predict(groups[["Subject", "Days"]])
    np.testing.assert_allclose(groups["estimate"], expected)
    drawn = np.concatenate([line.get_xydata() for line in ax.lines[:18]])
    np.testing.assert_allclose(drawn, groups[["Days", "estimate"]])
    population = ax.data[ax.data["line"] == "population"]
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), population["estimate"])


def test_a_line_that_bends_has_many_points() -> None:
    data = rn.datasets.load("sleepstudy")
    bent = rn.lmm("Reaction ~ Days + I(Days**2) + (Days | Subject)", data).plot.slopes("Days")
    straight = rn.lmm("Reaction ~ Days + (Days | Subject)", data).plot.slopes("Days")
    assert len(straight.lines[0].get_xdata()) == 2
    line = bent.lines[0]
    assert len(line.get_xdata()) > 20
    assert np.abs(np.diff(line.get_ydata(), 2)).max() > 1e-3


# -- random effects ------------------------------------------------------------------------------
@pytest.mark.parametrize("level", [0.95, 0.5])
def test_caterpillars_hold_modes_and_limits(sleep: Any, level: float) -> None:
    ax = sleep.plot.caterpillar(term="Days", level=level)
    frame = sleep.ranef(condvar=True)["Subject"].sort_values("Days")
    assert ax.data["Subject"].tolist() == frame.index.tolist()
    np.testing.assert_allclose(ax.data["estimate"], frame["Days"])
    half = norm.ppf(0.5 + level / 2.0) * frame["Days_sd"]
    np.testing.assert_allclose(ax.data["conf_low"], frame["Days"] - half)
    drawn = segments(ax)[:, :, 0]
    np.testing.assert_allclose(np.sort(drawn[:, 0]), np.sort(ax.data["conf_low"]))
    np.testing.assert_allclose(np.sort(points(ax)[:, 0]), np.sort(ax.data["estimate"]))
    clear = ((ax.data["conf_low"] > 0) | (ax.data["conf_high"] < 0)).sum()
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [f"includes zero ({18 - clear})", f"excludes zero ({clear})"]


def test_counts_in_a_legend_are_of_all_that_is_drawn(sleep: Any) -> None:
    legends = [ax.get_legend() for ax in sleep.plot.caterpillar().axes]
    (texts,) = [[text.get_text() for text in each.get_texts()] for each in legends if each]
    assert texts == ["includes zero", "excludes zero"]


def test_all_effects_stand_side_by_side_in_one_order(sleep: Any) -> None:
    panels = sleep.plot.caterpillar(order="Days")
    assert [ax.get_title(loc="left") for ax in panels] == ["(Intercept)", "Days"]
    order = sleep.ranef()["Subject"].sort_values("Days").index.tolist()
    for ax in panels:
        assert ax.data["Subject"].tolist() == order
    assert [text.get_text() for text in panels[0].get_yticklabels()] == order
    assert panels.data["panel"].tolist() == ["(Intercept)"] * 18 + ["Days"] * 18
    same = sleep.plot.caterpillar(order="levels", term="Days").data["Subject"].tolist()
    assert same == sleep.ranef()["Subject"].index.tolist()
    alone = plt.figure().subplots()
    assert sleep.plot.caterpillar(ax=alone) is alone  # one place: the first effect


def test_of_many_levels_the_extreme_ones_are_named(make_schools: Any) -> None:
    from ranef.present.plots.accessor import PlotAccessor

    schools = make_schools(90, 6)
    ax = PlotAccessor(schools).caterpillar(term="Intercept")
    modes = schools.modes["sch.id"]["Intercept"].sort_values()
    said = " ".join(text.get_text() for text in ax.texts)
    for name in (*modes.index[:5], *modes.index[-5:]):
        assert name in said
    assert modes.index[45] not in said


def test_shrinkage_holds_both_estimates(sleep: Any) -> None:
    ax = sleep.plot.shrinkage()
    wide = ax.data.pivot_table(
        index="Subject", columns="effect", values=["no_pooling", "partial_pooling"], sort=False
    )
    before, after = (np.asarray(c.get_offsets()) for c in ax.collections[:2])
    np.testing.assert_allclose(before, wide["no_pooling"][["Intercept", "Days"]])
    np.testing.assert_allclose(after, wide["partial_pooling"][["Intercept", "Days"]])
    np.testing.assert_allclose(after[:, 1], sleep.ranef()["Subject"]["Days"])
    joins = segments(ax)
    np.testing.assert_allclose(joins[:, 0], before)
    np.testing.assert_allclose(joins[:, 1], after)
    one = sleep.plot.shrinkage(terms=["Days"])
    assert one.data["effect"].unique().tolist() == ["Days"]
    with pytest.raises(rn.OptionError, match="one random effect, or two"):
        sleep.plot.shrinkage(terms=["Days", "Days"])


# -- residuals -----------------------------------------------------------------------------------
def test_residuals_hold_points_means_and_band(sleep: Any) -> None:
    ax = sleep.plot.residuals(n=39)
    rows, means = (ax.data[ax.data["part"] == part] for part in ("residual", "mean"))
    drawn = np.asarray(ax.collections[0].get_offsets())
    np.testing.assert_allclose(drawn, rows[["fitted", "value"]])
    np.testing.assert_allclose(rows["value"], sleep.residuals("pearson"))
    assert (means["low"] < means["middle"]).all()
    assert (means["middle"] < means["high"]).all()
    (line,) = (
        one for one in ax.lines if one.get_linestyle() == "-" and len(one.get_xdata()) == len(means)
    )
    np.testing.assert_allclose(line.get_xydata(), means[["fitted", "value"]])
    again = sleep.plot.residuals(n=39)
    pd.testing.assert_frame_equal(ax.data, again.data)  # seeded
    other = sleep.plot.residuals(n=39, seed=2)
    assert not np.allclose(other.data["low"].dropna(), ax.data["low"].dropna(), atol=1e-8)
    assert "low" not in sleep.plot.residuals(band=False).data


def test_shrinkage_is_not_taken_for_misfit() -> None:
    """In a true model the mean residual rises with the fitted values; so does the band."""
    rng = np.random.default_rng(11)
    g = np.repeat(np.arange(200), 6)
    data = pd.DataFrame({"g": g, "y": rng.normal(size=200)[g] + rng.normal(size=1200)})
    ax = rn.lmm("y ~ 1 + (1 | g)", data).plot.residuals()
    means = ax.data[ax.data["part"] == "mean"]
    assert means["value"].iloc[-1] - means["value"].iloc[0] > 0.3
    outside = (means["value"] < means["low"]) | (means["value"] > means["high"])
    assert outside.sum() <= 3
    slope = np.polyfit(means["fitted"], means["middle"], 1)[0]
    assert slope > 0.1


@pytest.mark.parametrize("kind", ["response", "pearson"])
def test_the_band_has_the_units_of_the_residuals(kind: Any) -> None:
    data = rn.datasets.load("sleepstudy")
    weights = np.where(data["Days"] < 5, 1.0, 4.0)
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", data, weights=weights)
    small, large = (
        rn.lmm(f"I({k} * Reaction) ~ Days + (1 | Subject)", data, weights=weights)
        .plot.residuals(kind, n=39)
        .data
        for k in (1, 1000)
    )
    for name in ("value", "low", "high"):
        np.testing.assert_allclose(large[name], 1000 * small[name], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(small["value"][:180], fit.residuals(kind), rtol=1e-6, atol=1e-6)


def test_quantiles_hold_points_and_band(sleep: Any) -> None:
    ax = sleep.plot.qq(n=39)
    np.testing.assert_allclose(points(ax), ax.data[["quantile", "value"]])
    np.testing.assert_allclose(
        ax.data["value"], np.sort(sleep.residuals("standardized")), rtol=1e-6
    )
    assert (ax.data["low"] < ax.data["high"]).all()
    outside = (ax.data["value"] < ax.data["low"]) | (ax.data["value"] > ax.data["high"])
    assert outside.iloc[[0, -1]].all()  # the outliers of this study
    effects = sleep.plot.qq(group="Subject", term="Days", n=39)
    np.testing.assert_allclose(effects.data["value"], np.sort(sleep.ranef()["Subject"]["Days"]))


# -- profiles ------------------------------------------------------------------------------------
def test_intervals_of_a_profile_lie_at_their_cut_offs() -> None:
    """Also if the optimum is at the edge, where the deviance does not rise on one side."""
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    ax = fit.plot.profile("sd__Intercept|Batch")
    shown = ax.data[ax.data["part"] == "interval"]
    ends = fit.profile(0.99)
    for row in shown.itertuples():
        height = norm.ppf(0.5 + row.level / 2.0)
        low, high = ends.confint(row.level).loc["sd__Intercept|Batch"]
        drawn = [
            line
            for line in ax.lines
            if np.allclose(line.get_ydata(), height) and np.allclose(line.get_xdata(), [low, high])
        ]
        assert drawn, row
    heights = [text.xy[1] for text in ax.texts if text.get_text().endswith("%")]
    assert np.diff(heights).min() > 0.2  # labels lie apart
    assert "edge of its range" in ax.data.attrs["note"]


def test_the_curve_of_a_profile_is_smooth_and_meets_its_points(machines: Any) -> None:
    ax = machines.plot.profile()
    curve = max(ax.lines, key=lambda line: len(line.get_xdata()))
    dots = ax.data[ax.data["part"] == "point"]
    assert len(curve.get_xdata()) > 5 * len(dots)
    on_curve = np.interp(dots["value"], curve.get_xdata(), curve.get_ydata())
    np.testing.assert_allclose(on_curve, dots["zeta"].abs(), atol=1e-9)
    right = max(dots["value"])
    places = [text.xy[0] for text in ax.texts if text.get_text().endswith("%")]
    assert min(places) > right  # labels stand beyond the curve
