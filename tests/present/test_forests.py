"""Forests: coefficients of several models, rung by rung, and without each level; power curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.collections import PathCollection  # noqa: E402

import ranef as rn  # noqa: E402
from ranef.errors import OptionError  # noqa: E402
from ranef.inference.intervals import wald_intervals  # noqa: E402
from ranef.present.plots.ladder import ladder  # noqa: E402
from ranef.present.plots.panels import Panels  # noqa: E402


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    return rn.datasets.load("sleepstudy")


@pytest.fixture(scope="module")
def sleep(data):
    return rn.lmm("Reaction ~ Days + (Days | Subject)", data)


@pytest.fixture(scope="module")
def schools():
    return rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))


@pytest.fixture(scope="module")
def diagnosis(schools):
    return schools.diagnose()


def names(ax):
    return [t.get_text() for t in ax.get_yticklabels()]


# -- compare ------------------------------------------------------------------------------------
def test_coefficients_have_the_intervals_of_their_fits(data, sleep):
    other = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    ax = rn.compare(other, sleep).plot()
    frame = ax.data
    assert frame["model"].to_list() == ["Model 1", "Model 2"]
    expected = [fit.confint().loc["Days"].to_list() for fit in (other, sleep)]
    np.testing.assert_allclose(frame[["conf_low", "conf_high"]], expected)
    wide = rn.compare(sleep).plot(level=0.99).data
    np.testing.assert_allclose(
        wide[["conf_low", "conf_high"]].iloc[0], sleep.confint(level=0.99).loc["Days"]
    )


def test_data_of_a_forest_are_what_is_drawn(schools):
    smaller = rn.lmm("math ~ ses + sector + (1 | sch.id)", rn.datasets.load("hsb"))
    ax = rn.compare(schools, smaller, labels=["all", "some"]).plot()
    drawn = [c for c in ax.collections if isinstance(c, PathCollection)]
    for label, marks in zip(["all", "some"], drawn[:2], strict=True):
        x = np.asarray(marks.get_offsets(), dtype=float)[:, 0]
        own = ax.data[ax.data["model"] == label]["estimate"]
        np.testing.assert_allclose(x[np.isfinite(x)], own)
    assert len(ax.data) == 5  # the smaller model has no product
    assert len(names(ax)) == 3  # nor is there an intercept
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["all", "some"]


def test_coefficients_of_other_sizes_have_their_own_axes(schools):
    fit = rn.lmm("math ~ ses + size + (1 | sch.id)", rn.datasets.load("hsb"))
    panels = rn.compare(fit).plot()
    assert isinstance(panels, Panels)
    assert len(panels) == 2
    ax = rn.compare(fit).plot(scales="shared", intercept=True)
    assert len(names(ax)) == 3
    free = rn.compare(schools).plot(scales="free")
    assert len(free) == 3


def test_ratios_have_a_logarithmic_axis_around_one():
    data = rn.datasets.load("contraception")
    fit = rn.glmm("use ~ livch + urban + (1 | district)", data, family="binomial")
    ax = rn.compare(fit, exponentiate=True).plot()
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "Odds ratio"
    frame = ax.data.iloc[-1]
    expected = np.exp(fit.confint().iloc[-1])
    np.testing.assert_allclose(frame[["conf_low", "conf_high"]].astype(float), expected)
    assert 1.0 in [line.get_xdata()[0] for line in ax.lines]


def test_intervals_without_degrees_of_freedom_are_normal():
    estimate, error = np.array([1.0, 2.0]), np.array([0.5, np.nan])
    low, high = wald_intervals(estimate, error, np.array([np.nan, 3.0]), 0.95)
    assert (low[0], high[0]) == pytest.approx((1.0 - 0.97998, 1.97998), abs=1e-4)
    assert np.isnan([low[1], high[1]]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [({"level": 2}, "level"), ({"scales": "own"}, "scales"), ({"intercept": 3}, "intercept")],
)
def test_compare_refuses_other_options(sleep, options, message):
    with pytest.raises(OptionError, match=message):
        rn.compare(sleep).plot(**options)


# -- diagnose -----------------------------------------------------------------------------------
def test_a_ladder_is_drawn_over_the_interval_of_the_asked_model(schools, diagnosis):
    panels = diagnosis.plot()
    assert [ax.get_title(loc="left") for ax in panels] == ["ses", "sector", "ses:sector"]
    frame = panels.data
    remedies = diagnosis.remedies.set_index("rung")
    for ax, name in zip(panels, ("ses", "sector", "ses:sector"), strict=True):
        own = frame[frame["panel"] == name].set_index("rung")["estimate"]
        np.testing.assert_allclose(own, remedies.loc[own.index, name])
        band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
        assert (band.x0, band.x1) == pytest.approx(tuple(schools.confint().loc[name]))
    assert names(panels[0])[0] == "0 as asked"
    assert len(names(panels[0])) < len(remedies)  # rungs that read the same fit are left out


def test_a_rung_with_another_conclusion_is_a_diamond(diagnosis):
    rungs = diagnosis.ladder.rungs
    changed = replace(rungs[-1].effects[0], holds=False)
    other = replace(rungs[-1], effects=(changed, *rungs[-1].effects[1:]))
    ax = ladder([*rungs[:-1], other], "ses")
    assert ax.data["holds"].to_list().count(False) == 1
    assert "Diamonds" in ax.data.attrs["note"]


def test_a_ladder_refuses_unknown_coefficients_and_models_without_any(diagnosis):
    with pytest.raises(OptionError, match="no coefficient 'sec'"):
        diagnosis.plot("sec")
    empty = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff")).diagnose()
    with pytest.raises(OptionError, match="no coefficient to draw"):
        empty.plot()


# -- influence ----------------------------------------------------------------------------------
def test_a_forest_without_each_level_has_the_estimates(sleep):
    found = sleep.influence()
    panels = found.plot("coefficients", labels={"Days": "Days of deprivation"})
    assert [ax.get_title(loc="left") for ax in panels] == [
        "Cook's distance",
        "(Intercept)",
        "Days of deprivation",
    ]
    order = found["cooks_distance"].sort_values(ascending=False).index
    own = panels.data[panels.data["panel"] == "Days"]
    assert list(own["level"]) == list(order)
    np.testing.assert_allclose(own["value"], found.without.loc[order, "Days"])
    extreme = set(own[own["extreme"]]["level"])
    assert extreme == set(found["Days"].abs().nlargest(3).index)
    band = panels[2].patches[0].get_extents().transformed(panels[2].transData.inverted())
    error = float(np.sqrt(sleep.vcov.loc["Days", "Days"]))
    assert (band.x1 - band.x0) / 2 == pytest.approx(error)


def test_columns_of_the_influence_are_chosen_by_name(sleep):
    found = sleep.influence()
    panels = found.plot(["covratio", "sd__Days|Subject"])
    assert [ax.get_title(loc="left").replace("\n", " ") for ax in panels] == [
        "COVRATIO",
        "SD of slopes of Days, Subject",
    ]
    with pytest.raises(OptionError, match="unknown column of the influence 'day'"):
        found.plot(["day"])
    assert found.plot().data["value"].is_monotonic_decreasing


# -- power --------------------------------------------------------------------------------------
def test_a_power_curve_knows_its_numbers_and_its_error():
    size = {"n_groups": [5, 10], "per_group": 4}
    truth = {"x": 0.5}, {"g": 0.3, "Residual": 1.0}
    found = rn.power("y ~ x + (1 | g)", {"x": "within"}, *truth, **size, n=40, seed=1)
    ax = found.plot(labels={"x": "Dose"})
    assert ax.get_title(loc="left") == "Power: Dose"
    np.testing.assert_allclose(ax.lines[0].get_ydata(), found.frame["power"])
    half = 1.96 * found.frame["mc_error"]
    expected = (found.frame["power"] + half).clip(0, 1)
    np.testing.assert_allclose(ax.data["conf_high"], expected)
    assert {line.get_ydata()[0] for line in ax.lines[1:]} == {0.8, 0.05}
    sure = rn.power("y ~ x + (1 | g)", {"x": "within"}, *truth, **size, method="approximate")
    assert sure.plot().data["conf_low"].isna().all()
