"""Plots of generalised fits: what they draw, on which scale, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.generalised import fits

import ranef as rn


@pytest.fixture
def ax() -> Any:
    return Figure().subplots()


def test_effects_of_a_category_are_predictions_of_a_typical_group(ax: Any) -> None:
    fit = fits.cbpp()
    fit.plot.effects("period", ax=ax)
    points = np.asarray(ax.collections[-1].get_offsets())[:, 1]
    expected = fit.predict({"period": ["1", "2", "3", "4"]}, level="population")
    np.testing.assert_allclose(points, expected, rtol=1e-12)
    assert ax.get_ylabel() == "incidence / size, probability"


def test_effects_on_both_scales_and_with_data(ax: Any) -> None:
    fit = fits.of_groups("count", "poisson")
    fit.plot.effects("x", ax=ax, data=True)
    line = ax.lines[0]
    expected = fit.predict({"x": line.get_xdata()}, level="population")
    np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-12)
    drawn = np.asarray(ax.collections[-1].get_offsets())
    assert len(drawn) == 240
    other = Figure().subplots()
    fit.plot.effects("x", ax=other, scale="link", data=True)
    np.testing.assert_allclose(other.lines[0].get_ydata(), np.log(expected), rtol=1e-10)
    assert other.get_ylabel() == "count, log of the mean count"


def test_effects_without_the_zero_part_say_so(ax: Any) -> None:
    fit = fits.of_groups("inflated", "nbinom2", "1", zero_inflation="~ z")
    fit.plot.effects("x", ax=ax)
    assert ax.get_ylabel() == "inflated, mean without the zero part"
    x = ax.lines[0].get_xdata()
    expected = np.exp(fit.fixef["Intercept"] + fit.fixef["x"] * x)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), expected, rtol=1e-10)


def test_slopes_on_both_scales(ax: Any) -> None:
    fit = fits.of_groups("count", "poisson")
    fit.plot.slopes(ax=ax)
    other = Figure().subplots()
    fit.plot.slopes(ax=other, scale="link")
    assert len(ax.lines) == len(other.lines)
    for mean, link in zip(ax.lines[:5], other.lines[:5], strict=True):
        np.testing.assert_allclose(np.log(mean.get_ydata()), link.get_ydata(), atol=1e-10)


def test_ordered_answers_are_drawn_as_predictors(ax: Any) -> None:
    fit = fits.answers()
    fit.plot.effects("x", ax=ax, scale="link")
    np.testing.assert_allclose(
        ax.lines[0].get_ydata(), fit.fixef["x"] * ax.lines[0].get_xdata(), rtol=1e-10
    )
    for draw in (fit.plot.effects, fit.plot.slopes):
        with pytest.raises(rn.OptionError, match="no mean to draw"):
            draw("x")


def test_quantile_residuals_are_the_default(ax: Any) -> None:
    fit = fits.broods()
    fit.plot.residuals(ax=ax)
    assert ax.get_ylabel() == "Quantile residual"
    assert ax.get_xscale() == "log"
    drawn = np.asarray(ax.collections[0].get_offsets())
    np.testing.assert_allclose(drawn[:, 1], np.asarray(fit.residuals("quantile")))
    other = Figure().subplots()
    fit.plot.residuals("pearson", ax=other)
    assert other.get_ylabel() == "Pearson residual"
    third = Figure().subplots()
    fit.plot.qq(ax=third)
    drawn = np.asarray(third.collections[-1].get_offsets())[:, 1]
    np.testing.assert_allclose(drawn, np.sort(np.asarray(fit.residuals("quantile"))))


def test_random_effects_are_drawn(ax: Any) -> None:
    fit = fits.broods()
    fit.plot.caterpillar(group="LOCATION", ax=ax)
    fit.plot.qq(group="BROOD", ax=Figure().subplots())
    left, right = fit.check_residuals(5, seed=1).plot(Figure().subplots(1, 2))
    assert "Uniformity p" in left.get_title(loc="left")
    assert right.get_ylabel() == "Standardised residual"


def test_what_is_refused() -> None:
    fit = fits.cbpp()
    with pytest.raises(rn.OptionError, match="linear models only"):
        fit.plot.shrinkage()
    for options in ({"scale": "log"}, {"data": 3}):
        with pytest.raises(rn.OptionError):
            fit.plot.effects("period", **options)
