"""Pictures of influence and of residuals: what they draw, and on which ground."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

import ranef as rn  # noqa: E402
from ranef.errors import OptionError  # noqa: E402


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def sleep():
    return rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))


def names(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


def test_the_largest_influence_comes_first(sleep):
    found = sleep.influence()
    ax = found.plot()
    assert names(ax) == list(found["cooks_distance"].sort_values(ascending=False).index)
    drawn = ax.collections[-1].get_offsets()[:, 0]
    np.testing.assert_allclose(drawn, found["cooks_distance"].sort_values(ascending=False))
    changes = found.plot("sd__Days|Subject")
    assert names(changes)[0] == found["sd__Days|Subject"].abs().idxmax()
    assert "Change of sd__Days|Subject" in changes.get_xlabel()


def test_of_many_levels_the_largest_are_named_and_the_others_a_band(sleep):
    found = sleep.influence("rows")
    ax = found.plot("Days")
    assert len(names(ax)) == 20
    size = found["Days"].abs()
    assert names(ax)[0] == str(size.idxmax())
    assert ax.get_legend().get_texts()[0].get_text() == "all other 160"


def test_a_ratio_is_drawn_from_one(sleep):
    found = sleep.influence()
    assert names(found.plot("covratio"))[0] == (found["covratio"] - 1.0).abs().idxmax()


def test_another_column_or_other_axes_are_refused(sleep):
    with pytest.raises(OptionError, match="unknown column of the influence 'day'"):
        sleep.influence().plot("day")
    with pytest.raises(OptionError, match="pair of Matplotlib axes"):
        sleep.check_residuals(calibrate=False).plot(plt.figure().subplots())


def test_two_pictures_of_residuals(sleep):
    check = sleep.check_residuals(19, seed=1)
    left, right = check.plot()
    z = sleep.residuals("standardized").to_numpy()
    drawn = left.collections[-1].get_offsets()
    u = np.sort(sleep.quantile_residuals().to_numpy())
    np.testing.assert_allclose(drawn[:, 1], u - (np.arange(180) + 0.5) / 180, atol=1e-12)
    points = right.collections[0].get_offsets()
    np.testing.assert_allclose(points, np.column_stack([sleep.fitted, z]))
    assert "p = 0.050" in left.get_title(loc="left")
    given = plt.figure().subplots(1, 2)
    assert check.plot(given) == tuple(given)


def test_letters_are_light_on_a_dark_ground(sleep):
    assert sleep.influence().plot().xaxis.label.get_color() == "#222222"
    with plt.style.context("dark_background"):
        ax = sleep.influence().plot()
    assert ax.xaxis.label.get_color() == "#e6e6e6"
    assert ax._left_title.get_color() == "#e6e6e6"


@pytest.mark.parametrize("width", ["100", "50"])
def test_long_names_are_numbers_with_a_key(monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    data = rn.datasets.load("hsb").iloc[:1500]
    formula = "math ~ within(ses, sch.id) * sector + between(ses, sch.id) + (1 | sch.id)"
    found = rn.lmm(formula, data).influence()
    monkeypatch.setenv("COLUMNS", width)
    lines = str(found).splitlines()
    assert max(map(len, lines)) <= int(width)
    key = " ".join(lines)
    scaled = found.frame.nlargest(10, "cooks_distance")[list(found.std_errors)].abs()
    largest = (scaled / pd.Series(found.std_errors)).max()
    k = list(found.std_errors).index(largest.idxmax()) + 1  # stays, however narrow the page
    assert f"[{k}], SE" in key
    assert f"[{k}] {largest.idxmax()}" in key
    assert ("are not shown: see frame." in key) == (width == "50")
