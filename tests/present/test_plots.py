"""Plots: what they draw, from which numbers, and what they refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.colors import to_rgb  # noqa: E402

from ranef.errors import OptionError, UnknownColumnError  # noqa: E402
from ranef.present.plots.accessor import PlotAccessor  # noqa: E402
from ranef.present.plots.grid import typical_of_groups  # noqa: E402


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture
def plot(schools):
    return PlotAccessor(schools)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("caterpillar", {}),
        ("residuals", {}),
        ("qq", {}),
        ("qq", {"group": "sch.id", "term": "cwc_ses"}),
        ("slopes", {"by": "sector"}),
        ("shrinkage", {}),
        ("effects", {"x": "cwc_ses", "by": "sector"}),
        ("effects", {"x": "sector"}),
    ],
)
def test_draws_on_the_given_axes(plot, name, arguments):
    _, ax = plt.subplots()
    assert getattr(plot, name)(**arguments, ax=ax) is ax
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert ax.has_data()
    ax.figure.canvas.draw()


def test_caterpillar_is_sorted_and_labelled(plot, schools):
    ax = plot.caterpillar(term="(Intercept)")
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == list(schools.modes["sch.id"].sort_values("Intercept").index)
    assert "(Intercept)" in ax.get_xlabel()
    drawn = np.concatenate(
        [
            c.get_offsets()[:, 0]
            for c in ax.collections
            if hasattr(c, "get_sizes") and len(c.get_sizes())
        ]
    )
    assert np.allclose(np.sort(drawn), np.sort(schools.modes["sch.id"]["Intercept"]))


def test_many_levels_are_not_named(make_schools):
    ax = PlotAccessor(make_schools(250, 6)).caterpillar()
    assert "250 levels" in ax.get_ylabel()
    assert len(ax.get_yticks()) < 20


def test_slopes_follow_the_predictions(plot, schools):
    ax = plot.slopes()
    assert ax.get_xlabel() == "cwc_ses"
    first = ax.lines[0]
    level = schools.data["sch.id"].iloc[0]
    total = schools.coef()["sch.id"].loc[level]
    sector = schools.data["sector"].iloc[0]
    slope = total["cwc_ses"] + total["cwc_ses:sector"] * sector
    x, y = first.get_data()
    assert np.allclose(np.diff(y) / np.diff(x), slope)
    assert len(ax.lines) == 24 + 2


def test_typical_rows_of_all_groups_at_once_are_those_of_each(schools):
    """Means of numbers, most frequent values of categories; of equally frequent ones the first."""
    rng = np.random.default_rng(2)
    n = len(schools.data)
    data = schools.data.assign(
        kind=pd.Categorical(rng.choice(["b", "a", "c"], n), categories=["c", "b", "a", "unused"]),
        word=rng.choice(["x", "y"], n),
        yes=rng.uniform(size=n) < 0.5,
    ).sample(frac=1.0, random_state=1)
    model = replace(schools, data=data)
    found = typical_of_groups(data, model, "sch.id")
    groups = list(data.groupby("sch.id", sort=False, observed=True))
    assert list(found["sch.id"]) == [level for level, _ in groups]
    assert (found.dtypes[["kind", "word", "yes"]] == data.dtypes[["kind", "word", "yes"]]).all()
    for (_, rows), (_, row) in zip(groups, found.iterrows(), strict=True):
        for name in ("kind", "word", "yes"):
            assert row[name] == rows[name].mode().iloc[0], name
        for name in ("math", "cwc_ses", "sector"):
            assert row[name] == pytest.approx(rows[name].mean()), name


def test_numeric_grouping_variable_keeps_its_values(schools):
    model = replace(
        schools, data=schools.data.assign(**{"sch.id": schools.data["sch.id"].astype(int)})
    )
    assert PlotAccessor(model).slopes().has_data()


def test_no_pooling_is_least_squares_in_the_group(plot, schools):
    ax = plot.shrinkage()
    level = schools.data["sch.id"].iloc[0]
    rows = schools.data[schools.data["sch.id"] == level]
    Z = np.column_stack([np.ones(len(rows)), rows["cwc_ses"]])
    response = rows["math"] - schools.predict(rows, level="population")
    expected = np.linalg.lstsq(Z, response)[0]
    points = ax.collections[0].get_offsets()
    assert np.min(np.abs(np.asarray(points) - expected).sum(axis=1)) < 1e-9


def test_effect_of_a_category_draws_points(plot, schools):
    ax = plot.effects("sector")
    points = np.asarray(ax.collections[-1].get_offsets())
    assert points[:, 1] == pytest.approx(
        [
            schools.predict(
                schools.data[schools.data["sector"] == s].assign(
                    cwc_ses=schools.data["cwc_ses"].mean()
                ),
                level="population",
            ).mean()
            for s in (0.0, 1.0)
        ]
    )


def test_unknown_names(plot):
    with pytest.raises(OptionError, match="no random effects"):
        plot.caterpillar(group="school")
    with pytest.raises(OptionError, match="no random effect"):
        plot.caterpillar(term="ses")
    with pytest.raises(UnknownColumnError, match="cwc_se"):
        plot.effects("cwc_se")
    with pytest.raises(OptionError, match="varies within"):
        plot.slopes(by="cwc_ses")


def test_generalised_models_have_no_shrinkage_plot(schools):
    parts = schools.components[schools.components["group"] != "Residual"]
    with pytest.raises(OptionError, match="linear models"):
        PlotAccessor(replace(schools, components=parts)).shrinkage()


def test_plots_do_not_change_the_model(plot, schools):
    before = schools.data.copy()
    plot.slopes(by="sector")
    plot.effects("cwc_ses")
    assert schools.data.equals(before)


def test_accessor_lists_its_plots(plot):
    names = "caterpillar, check, effects, profile, qq, residuals, shrinkage, simulated, slopes"
    assert repr(plot) == f"plot: {names}"


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_grids_are_faint_and_lines_visible_on_any_ground(plot, style):
    with plt.style.context(style):
        slopes, effects = plot.slopes(), plot.effects("cwc_ses")
        ground = np.array(to_rgb(slopes.get_facecolor()))
        line = max(slopes.lines, key=lambda line: line.get_zorder())
        assert np.max(np.abs(np.array(to_rgb(line.get_color())) - ground)) > 0.7
        (grid, *_) = effects.yaxis.get_gridlines()
        assert np.max(np.abs(np.array(to_rgb(grid.get_color())) - ground)) < 0.3


@pytest.mark.parametrize("name", ["model", "predictions"])
def test_another_plot_is_answered_with_those_that_there_are(plot: PlotAccessor, name: str) -> None:
    with pytest.raises(AttributeError, match=f"no attribute '{name}'") as caught:
        getattr(plot, name)
    assert "fit.plot.effects()" in caught.value.fix
    assert not hasattr(plot, name)
