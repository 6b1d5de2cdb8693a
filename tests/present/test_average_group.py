"""Plots of effects show an average group, and categories in their own order."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.frame import read_table
from ranef.present.plots.average import average_group

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

WITHIN = "within(ses, sch.id)"
BETWEEN = "between(ses, sch.id)"


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture(scope="module")
def pupils():
    return rn.datasets.load("hsb")


@pytest.fixture(scope="module")
def within(pupils):
    return rn.lmm(f"math ~ {WITHIN} * sector + {BETWEEN} * sector + ({WITHIN} | sch.id)", pupils)


def at(fit, ses, mean, sector):
    """The population prediction by hand."""
    b, w = fit.fixef, ses - mean
    return (
        b["Intercept"]
        + b[WITHIN] * w
        + b["sector"] * sector
        + b[BETWEEN] * mean
        + b[f"{WITHIN}:sector"] * w * sector
        + b[f"sector:{BETWEEN}"] * mean * sector
    )


def test_the_line_is_that_of_an_average_school(pupils, within):
    mean = pupils.groupby("sch.id").ses.transform("mean").mean()
    line = within.plot.effects("ses").lines[0]
    expected = at(within, line.get_xdata(), mean, pupils.sector.mean())
    np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-9)
    assert np.interp(0.0, line.get_xdata(), line.get_ydata()) == pytest.approx(12.817, abs=5e-4)


def test_lines_of_sectors_too(pupils, within):
    mean = pupils.groupby("sch.id").ses.transform("mean").mean()
    ax = within.plot.slopes("ses", by="sector")
    for line, sector in zip(ax.lines[-3::2], (0.0, 1.0), strict=True):
        expected = at(within, line.get_xdata(), mean, sector)
        np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-9)


def test_zero_and_one_may_as_well_be_words(pupils, within):
    words = pupils.assign(sector=np.where(pupils.sector == 1, "catholic", "public"))
    other = rn.lmm(within.formula, words)
    moving = {"ses": [-1.0, 0.0, 2.0]}
    pd.testing.assert_frame_equal(
        average_group(other, other.model_frame(), moving),
        average_group(within, within.model_frame(), moving),
        rtol=1e-6,
    )


@pytest.fixture(scope="module")
def doses():
    rng = np.random.default_rng(1)
    n = 400
    d = pd.DataFrame({"flag": rng.choice(["u", "v"], n), "x": rng.normal(size=n)})
    levels = ["low", "medium", "high"]
    d["dose"] = pd.Categorical(rng.choice(levels, n, p=[0.5, 0.3, 0.2]), levels, ordered=True)
    d["g"] = rng.integers(0, 20, n)
    d = d[(d.dose != "high") | (d.flag == "u")].reset_index(drop=True)
    d["y"] = 2.0 * d.dose.cat.codes + d.x * (d.flag == "u") + rng.normal(size=20)[d.g]
    d["y"] += rng.normal(size=len(d))
    return d


def test_categories_are_at_their_proportions(doses):
    """The average of the predictions, each combination as often as it occurs; its band likewise."""
    fit = rn.lmm("y ~ dose + flag * x + (1 | g)", doses)
    got = average_group(fit, doses, {"x": [0.5]}).iloc[0]
    rows = doses.assign(x=0.5)
    assert got.estimate == pytest.approx(fit.predict(rows, level="population").mean())
    X = fit._design.encoding.fixed(read_table(rows)).mean(axis=0)
    se = np.sqrt(X @ fit.vcov.to_numpy() @ X)
    normal = (got.conf_high - got.conf_low) / 2 / se
    assert 1.96 < normal < 2.3


def test_categories_stand_in_their_own_order_and_empty_cells_are_left_out(doses):
    fit = rn.lmm("y ~ dose * flag + x + (1 | g)", doses)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = fit.plot.effects("dose", by="flag")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["low", "medium", "high"]
    of_v = np.asarray(ax.collections[-1].get_offsets())
    assert np.isnan(of_v[:, 1]).tolist() == [False, False, True]
    ax = fit.plot.effects("flag", by="dose")
    legend = (ax.get_legend() or ax.figure.legends[0]).get_texts()
    assert [text.get_text() for text in legend] == ["low", "medium", "high"]


@pytest.mark.parametrize("offset", ["w", "array"])
def test_offsets_are_at_their_mean(doses, offset):
    data = doses.assign(w=np.linspace(0.0, 4.0, len(doses)))
    given = "w" if offset == "w" else data.w.to_numpy()
    fit = rn.lmm("y ~ x + (1 | g)", data, offset=given)
    line = fit.plot.effects("x").lines[0]
    expected = fit.fixef["Intercept"] + fit.fixef["x"] * line.get_xdata() + data.w.mean()
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert fit.plot.slopes("x").has_data()
    assert fit.plot.slopes().get_xlabel() == "x"


def test_a_band_is_the_interval_of_predict(doses):
    fit = rn.lmm("y ~ x + (1 | g)", doses)
    x = np.linspace(doses.x.min(), doses.x.max(), 80)
    band = fit.plot.effects("x").collections[0].get_paths()[0].vertices
    expected = fit.predict({"x": x}, level="population", interval="confidence")
    assert band[:, 1].max() == pytest.approx(expected.conf_high.max())
    assert band[:, 1].min() == pytest.approx(expected.conf_low.min())


def test_means_by_crossed_groups_and_centred_expressions(doses):
    fit = rn.lmm("y ~ within(exp(x), g:flag) + between(exp(x), g:flag) + (1 | g)", doses)
    b = fit.fixef
    mean = np.exp(doses.x).groupby([doses.g, doses.flag]).transform("mean").mean()
    got = average_group(fit, fit.model_frame(), {"x": [0.0, 1.0]})
    expected = b.iloc[0] + b.iloc[1] * (np.exp([0.0, 1.0]) - mean) + b.iloc[2] * mean
    np.testing.assert_allclose(got.estimate, expected)
