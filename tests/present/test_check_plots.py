"""Pictures of a check and of simulated data: what they draw, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.collections import PathCollection  # noqa: E402

import ranef as rn  # noqa: E402
from ranef.errors import OptionError  # noqa: E402
from ranef.present.plots.panels import Panels  # noqa: E402

LABELS = {"Days": "Days of deprivation", "Subject": "Person", "Reaction": "Reaction time (ms)"}


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def sleep():
    return rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))


@pytest.fixture(scope="module")
def ticks():
    return rn.glmm("TICKS ~ YEAR + (1 | BROOD)", rn.datasets.load("grouseticks"), family="poisson")


@pytest.fixture(scope="module")
def contraception():
    data = rn.datasets.load("contraception")
    return rn.glmm("use ~ age + urban + (1 | district)", data, family="binomial")


def titles(panels):
    return [ax.get_title(loc="left").replace("\n", " ") for ax in panels]


def offsets(ax):
    made = [c.get_offsets() for c in ax.collections if isinstance(c, PathCollection)]
    return np.concatenate([np.asarray(o, dtype=float).reshape(-1, 2) for o in made])


def test_check_has_a_panel_for_each_question(sleep):
    panels = sleep.plot.check(39, seed=1)
    assert isinstance(panels, Panels)
    assert [title.partition(":")[0] for title in titles(panels)] == [
        "Residuals",
        "Spread",
        "Distribution of residuals",
        "Intercepts, Subject",
        "Slopes of Days, Subject",
        "Influence, Subject",
    ]
    assert all("should" in title and "the band" in title for title in titles(panels))
    panels.figure.canvas.draw()
    assert {k: panels.data.attrs[k] for k in ("n", "level", "seed")} == {
        "n": 39,
        "level": 0.95,
        "seed": 1,
    }


def test_data_of_a_check_are_what_is_drawn(sleep):
    panels = sleep.plot.check(39, seed=1)
    data = panels.data
    normal = data[data["panel"] == "normal"]
    drawn = offsets(panels[2])
    np.testing.assert_allclose(np.sort(drawn[:, 1]), normal["value"])
    z = sleep.residuals("standardized").to_numpy()
    np.testing.assert_allclose(normal["value"], np.sort(z), atol=1e-9)
    slopes = data[data["panel"] == "effects: Days, Subject"].set_index("name")["value"]
    np.testing.assert_allclose(
        slopes.sort_index(), sleep.ranef(condvar=False)["Subject"]["Days"].sort_index(), atol=1e-9
    )
    band = panels[4].collections[0].get_paths()[0].vertices
    own = data[data["panel"] == "effects: Days, Subject"]
    assert band[:, 1].min() == pytest.approx(own["low"].min())
    assert band[:, 1].max() == pytest.approx(own["high"].max())
    line = panels[0].lines[-1]
    trend = data[(data["panel"] == "residuals") & (data["name"] == "mean")]
    np.testing.assert_allclose(line.get_xydata(), trend[["x", "value"]])
    assert panels[0].data.equals(data[data["panel"] == "residuals"].reset_index(drop=True))


def test_what_is_outside_is_counted_and_drawn_apart(sleep):
    (ax,) = sleep.plot.check(39, seed=1, panels="normal")
    outside = int(ax.data["outside"].sum())
    words = ax.data.attrs["note"]
    assert f"Outside: {outside} of 180 points (about 9 are usual)." in words
    assert "95% of 39 responses simulated from the model" in words
    dots = [c for c in ax.collections if isinstance(c, PathCollection)]
    diamonds = [c for c in dots if len(c.get_offsets()) == outside]
    assert len(diamonds) == 1


def test_panels_are_chosen_labelled_and_put_where_they_are_asked(sleep):
    figure, ax = plt.subplots(1, 2, layout="constrained")
    panels = sleep.plot.check(39, 1, panels=["influence", "scale"], labels=LABELS, ax=ax)
    assert list(panels) == list(ax)
    assert titles(panels)[0].startswith("Influence, Person:")
    effects = sleep.plot.check(39, 1, panels=["effects"], labels=LABELS)
    assert titles(effects)[1].startswith("Slopes of Days of deprivation, Person:")
    figure.canvas.draw()


def test_many_rows_are_thinned_and_said_so():
    fit = rn.lmm("math ~ ses + (1 | sch.id)", rn.datasets.load("hsb"))
    (ax,) = fit.plot.check(39, seed=1, panels="residuals")
    rows = ax.data[ax.data["name"] != "mean"]
    assert len(rows) == 2000
    z = fit.residuals("standardized").to_numpy()
    assert rows["value"].abs().max() == pytest.approx(np.abs(z).max())
    assert "2,000 rows are drawn" in ax.data.attrs["note"]


def test_a_check_of_counts_has_quantile_residuals_and_a_logarithmic_axis(ticks):
    panels = ticks.plot.check(39, seed=1)
    assert panels[0].get_xscale() == "log"
    assert panels[2].get_ylabel() == "Quantile residual"
    kinds = [title.partition(":")[0] for title in titles(panels)]
    assert kinds[3:] == ["Intercepts, BROOD", "Influence, BROOD"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 10}, "at least 39 simulations"),
        ({"panels": ["residual"]}, "there is no panel 'residual'"),
        ({"panels": []}, "panels names no panel"),
        ({"level": 1.5}, "level"),
        ({"seed": -1}, "seed"),
        ({"ax": 3}, "sequence of 6 axes"),
    ],
)
def test_a_check_refuses_what_it_cannot_draw(sleep, options, message):
    with pytest.raises(OptionError, match=message):
        sleep.plot.check(**{"n": 39, **options})


def test_a_panel_that_the_model_has_not_is_refused():
    plain = rn.lm("Reaction ~ Days", rn.datasets.load("sleepstudy"))
    with pytest.raises(OptionError, match="nothing to draw in the panel 'effects'"):
        plain.plot.check(39, panels=["effects"])
    assert len(plain.plot.check(39, seed=1)) == 4


# -- simulated data -----------------------------------------------------------------------------
def test_densities_are_those_of_the_data_and_of_each_simulation(sleep):
    ax = sleep.plot.simulated(seed=1)
    data = ax.data
    assert (data.attrs["n"], data.attrs["seed"]) == (50, 1)
    assert ax.get_xlabel() == "Reaction"
    curves = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert len(curves) == 51
    own = data[data["what"] == "data"]
    np.testing.assert_allclose(curves[-1].get_xydata(), own[["x", "density"]])
    width = np.diff(own["x"])[0]
    assert own["density"].sum() * width == pytest.approx(1.0, abs=1e-3)
    mean = (own["x"] * own["density"]).sum() * width
    assert mean == pytest.approx(rn.datasets.load("sleepstudy")["Reaction"].mean(), rel=1e-3)


def test_a_statistic_of_groups_is_that_of_pandas(sleep):
    data = rn.datasets.load("sleepstudy")
    ax = sleep.plot.simulated("sd", by="Days", seed=1, labels=LABELS)
    np.testing.assert_allclose(ax.data["value"], data.groupby("Days")["Reaction"].std())
    np.testing.assert_allclose(np.sort(offsets(ax)[:, 1]), np.sort(ax.data["value"]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "Days of deprivation",
        "Standard deviation of Reaction time (ms)",
    )
    people = sleep.plot.simulated("mean", by="Subject", seed=1, random="conditional")
    assert list(people.data["name"][:1]) == [data.groupby("Subject")["Reaction"].mean().idxmax()]
    assert not people.data["outside"].any()


def test_simulations_with_new_random_effects_spread_further_than_those_of_the_same_groups(sleep):
    new, same = (
        sleep.plot.simulated("mean", by="Subject", seed=1, random=random).data
        for random in ("new", "conditional")
    )
    assert ((new["high"] - new["low"]).mean()) > 2.0 * (same["high"] - same["low"]).mean()


def test_one_statistic_stands_among_those_of_simulations(ticks):
    ax = ticks.plot.simulated("zeros", n=39, seed=1)
    y = rn.datasets.load("grouseticks")["TICKS"]
    assert ax.lines[0].get_xdata()[0] == pytest.approx((y == 0).mean())
    assert sum(bar.get_height() for bar in ax.patches) == 39
    drawn = ticks._draws(39, 1, "new")
    simulated = ax.data[ax.data["what"] == "simulated"]["value"]
    np.testing.assert_allclose(simulated, (drawn == 0).mean(axis=0))
    spread = ticks.plot.simulated(lambda v: np.quantile(v, 0.9), n=39, seed=1)
    assert spread.get_xlabel() == "Statistic of TICKS"


def test_counts_are_bars_on_a_root_scale_and_none_is_left_out(ticks):
    ax = ticks.plot.simulated(seed=1)
    assert ax.data["value"].sum() == 403
    heights = [bar.get_height() for bar in ax.patches if bar.get_width() > 0]
    np.testing.assert_allclose(heights, ax.data["value"])
    assert "root scale" in ax.get_ylabel()


def test_categories_have_their_names(contraception):
    ax = contraception.plot.simulated(seed=1)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["N", "Y"]
    counts = rn.datasets.load("contraception")["use"].value_counts()
    assert ax.data.set_index("name")["value"].to_dict() == counts.to_dict()


def test_proportions_of_few_trials_are_bars():
    data = rn.datasets.load("cbpp")
    fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
    ax = fit.plot.simulated(seed=1)
    assert ax.get_xlabel() == "Proportion of successes"
    assert ax.data["value"].sum() == len(data)


def test_a_distribution_function_lies_in_its_band_if_the_model_is_true(sleep):
    again = sleep.refit(sleep.simulate(1, seed=5)[0])
    ax = again.plot.simulated("ecdf", seed=1)
    assert ax.data["value"].is_monotonic_increasing
    assert ax.data["outside"].mean() < 0.3
    assert ax.data["value"].iloc[-1] == 1.0


def test_levels_have_panels_and_many_levels_a_distribution():
    fit = rn.lmm("math ~ ses + sector + (1 | sch.id)", rn.datasets.load("hsb"))
    panels = fit.plot.simulated(by="sector", seed=1)
    assert titles(panels) == ["sector: 0", "sector: 1"]
    assert set(panels.data["panel"]) == {"0", "1"}
    many = fit.plot.simulated("mean", by="sch.id", n=39, seed=1)
    assert many.get_ylabel() == "Share of sch.id"
    means = rn.datasets.load("hsb").groupby("sch.id")["math"].mean()
    last = many.data["value"].iloc[-1]
    assert last == 1.0
    middle = many.data["x"][many.data["value"] >= 0.5].iloc[0]
    assert middle == pytest.approx(np.median(means), abs=0.2)
    with pytest.raises(OptionError, match="too many levels for a picture of each"):
        fit.plot.simulated(by="sch.id", n=39)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("densty",), {}, "no statistic 'densty'"),
        (("mean",), {"n": 5}, "at least 39 simulations"),
        (("mean",), {"by": "Day"}, "'Day'"),
        ((lambda y: y,), {}, "cannot be computed"),
        ((), {"random": "old"}, "random"),
        ((), {"ax": 1}, "ax"),
    ],
)
def test_simulated_refuses_what_it_cannot_draw(sleep, arguments, options, message):
    with pytest.raises(OptionError, match=message):
        sleep.plot.simulated(*arguments, **{"n": 39, **options})
