"""Marginal means in text, and their pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranef as rn

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib.collections import PathCollection  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402


@pytest.fixture(scope="module")
def fit() -> Any:
    cake = rn.datasets.load("cake")
    return rn.lmm("angle ~ recipe * temp + (1 | recipe:replicate)", cake)


def drawn(ax: Any, axis: int) -> list[float]:
    """Where the points stand along an axis, in the order they were drawn."""
    points = [c.get_offsets() for c in ax.collections if isinstance(c, PathCollection)]
    return np.concatenate(points)[:, axis].tolist()


def test_means_are_points_at_their_values(fit: Any) -> None:
    means = fit.emmeans("temp", by="recipe", at={"temp": [175, 200, 225]})
    own = Figure().subplots()
    ax = means.plot(ax=own)
    assert ax is own
    np.testing.assert_allclose(drawn(ax, 1), means.frame["estimate"])
    np.testing.assert_allclose(drawn(ax, 0)[3:6], [175, 200, 225])  # the group in the middle
    assert ax.get_xlabel() == "temp"
    assert ax.get_ylabel() == "angle, marginal mean"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["A", "B", "C"]


def test_categories_are_named(fit: Any) -> None:
    ax = fit.emmeans("recipe").plot(ax=Figure().subplots())
    assert [text.get_text() for text in ax.get_xticklabels()] == ["A", "B", "C"]
    assert ax.get_legend() is None
    ax = fit.emtrends("temp").plot(ax=Figure().subplots())
    assert len(drawn(ax, 1)) == 1


def test_contrasts_are_named_from_top_to_bottom(fit: Any) -> None:
    pairs = fit.emmeans("recipe", by="temp", at={"temp": [175, 225]}).pairs()
    ax = pairs.plot(ax=Figure().subplots())
    np.testing.assert_allclose(drawn(ax, 0), pairs.frame["estimate"])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["A - B", "A - C", "B - C"]
    assert ax.yaxis_inverted()
    low = [
        line[:, 0].min()
        for c in ax.collections
        if hasattr(c, "get_segments")
        for line in c.get_segments()
    ]
    np.testing.assert_allclose(low, pairs.frame["conf_low"])


def test_means_that_are_not_estimable_are_left_out() -> None:
    cake = rn.datasets.load("cake")
    gone = cake[~((cake["recipe"] == "B") & (cake["temp"] == 175))]
    cells = rn.lmm("angle ~ recipe * temperature + (1 | recipe:replicate)", gone)
    means = cells.emmeans("recipe")
    figure = Figure()
    means.plot(ax=figure.subplots())
    figure.canvas.draw()
    assert "not estimable" in str(means)


TEXT = """\
Contrasts of marginal means of angle

  Contrast          Estimate    SE    df     t      p
  A - B                 1.48  2.46  42.0  0.60  0.820
  A - C                 1.52  2.46  42.0  0.62  0.810
  B - C                 0.04  2.46  42.0  0.02  1.000

P values and intervals are adjusted by Tukey's method for the pairs of 3 means."""


def test_the_table_says_what_was_done(fit: Any) -> None:
    means = fit.emmeans("recipe")
    assert str(means.pairs()) == TEXT
    assert str(means).endswith("At temp = 200.\n95% intervals; Satterthwaite degrees of freedom.")
    assert "adjusted" not in str(means.pairs("none"))
    assert "intervals by Bonferroni's" in str(means.pairs("holm"))
    normal = str(fit.emmeans("recipe", ddf="asymptotic").pairs())
    assert "     z" in normal
    assert "Inf" in normal


def test_a_variable_named_as_a_result_is_refused() -> None:
    cake = rn.datasets.load("cake").rename(columns={"recipe": "estimate"})
    fit = rn.lmm("angle ~ estimate + (1 | replicate)", cake)
    with pytest.raises(rn.errors.DataError, match="the name of a result"):
        fit.emmeans("estimate")
    with pytest.raises(rn.errors.DataError, match="the name of a result"):
        fit.predictions(by="estimate")
