"""Pictures of every grouping: nested, crossed, categories as slopes, group means, many groups."""

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


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def growth() -> Any:
    data = rn.datasets.load("egsingle")
    some = data["schoolid"].isin(sorted(data["schoolid"].unique())[:12])
    return rn.lmm("math ~ year + female + (year | schoolid/childid)", data[some])


@pytest.fixture(scope="module")
def machines() -> Any:
    return rn.lmm("score ~ Machine + (0 + Machine | Worker)", rn.datasets.load("machines"))


@pytest.fixture(scope="module")
def many() -> Any:
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(3000), 3)
    data = pd.DataFrame({"g": g, "x": rng.normal(size=g.size), "z": rng.normal(size=3000)[g]})
    data["y"] = rng.normal(size=3000)[g] + 0.5 * data.x + rng.normal(size=g.size)
    return rn.lmm("y ~ x + z + (1 | g)", data)


def test_the_outermost_group_is_the_usual_one(growth: Any) -> None:
    assert list(growth.ngroups) == ["childid:schoolid", "schoolid"]
    for plot in (growth.plot.slopes, growth.plot.shrinkage, growth.plot.caterpillar):
        made = plot()
        assert "schoolid" in made.data.columns
        assert made.data["schoolid"].nunique() == 12
    crossed = rn.lmm("attain ~ social + (1 | primary) + (1 | second)", rn.datasets.load("scotssec"))
    assert "primary" in crossed.plot.slopes().data  # as written: neither is in the other


def test_lines_of_an_inner_group_have_the_effects_around_it(growth: Any) -> None:
    frame = growth.plot.slopes(group="childid:schoolid").data
    child = frame["childid:schoolid"].dropna().iloc[0]
    own = frame[frame["childid:schoolid"] == child]
    inner, outer = (growth.ranef()[name] for name in ("childid:schoolid", "schoolid"))
    school = child.split(":")[1]
    slope = growth.fixef["year"] + inner.loc[child, "year"] + outer.loc[school, "year"]
    np.testing.assert_allclose(np.diff(own["estimate"]) / np.diff(own["year"]), slope)


def test_lines_of_an_outer_group_have_no_effects_of_inner_ones(growth: Any) -> None:
    frame = growth.plot.slopes().data
    school = frame["schoolid"].dropna().iloc[0]
    own = frame[frame["schoolid"] == school]
    slope = growth.fixef["year"] + growth.ranef()["schoolid"].loc[school, "year"]
    np.testing.assert_allclose(np.diff(own["estimate"]) / np.diff(own["year"]), slope)
    assert "childid:schoolid are zero" in frame.attrs["note"]


@pytest.mark.parametrize("name", ["slopes", "shrinkage", "caterpillar"])
def test_a_group_of_two_variables_is_drawn(name: str) -> None:
    data = rn.datasets.load("cake")
    fit = rn.lmm("angle ~ recipe * temp + (1 | recipe:replicate)", data)
    frame = getattr(fit.plot, name)().data
    assert frame["recipe:replicate"].nunique() == 45


def test_lines_join_the_levels_of_a_category(machines: Any) -> None:
    ax = machines.plot.slopes()
    assert [text.get_text() for text in ax.get_xticklabels()] == ["A", "B", "C"]
    groups = ax.data[ax.data["line"] == "group"]
    np.testing.assert_allclose(groups["estimate"], machines.predict(groups))
    assert len(ax.lines) == 6 + 2
    population = ax.data[ax.data["line"] == "population"]
    np.testing.assert_allclose(population["estimate"], machines.emmeans("Machine")["estimate"])


def test_levels_of_a_category_shrink(machines: Any) -> None:
    """Balanced data: without pooling, the effect is the mean of the worker's own rows."""
    data = rn.datasets.load("machines")
    frame = machines.plot.shrinkage(terms=["Machine[C]"]).data
    own = data[data["Machine"] == "C"].groupby("Worker", observed=True)["score"].mean()
    expected = own - machines.emmeans("Machine")["estimate"].iloc[2]
    np.testing.assert_allclose(
        frame["no_pooling"], expected.loc[frame["Worker"].astype(own.index.dtype)], rtol=1e-8
    )


def test_slopes_of_deviations_from_group_means_shrink() -> None:
    data = rn.datasets.load("hsb").iloc[:1500]
    fit = rn.lmm(
        "math ~ within(ses, sch.id) + between(ses, sch.id) + (within(ses, sch.id) | sch.id)", data
    )
    ax = fit.plot.shrinkage()
    assert ax.get_ylabel().replace("\n", " ").startswith("ses (within sch.id)")
    frame = ax.data[ax.data["effect"] == "within(ses, sch.id)"]
    level = frame["sch.id"].iloc[0]
    own = data[data["sch.id"].astype(str) == level]
    slope = np.polyfit(own["ses"], own["math"], 1)[0]
    expected = slope - fit.fixef["within(ses, sch.id)"]
    assert frame["no_pooling"].iloc[0] == pytest.approx(expected)
    assert fit.plot.slopes().get_xlabel() == "ses"


def test_left_sides_are_no_predictors() -> None:
    data = rn.datasets.load("cbpp")
    part = "incidence / size ~ period + (1 | herd)"
    fit = rn.glmm(part, data, family="binomial", weights="size")
    assert fit.plot.slopes().get_xlabel() == "period"
    with pytest.raises(rn.OptionError, match="no predictor to draw along x"):
        rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff")).plot.slopes()


def test_only_groups_that_are_drawn_are_predicted(
    many: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    predict = type(many).predict

    def counted(self: Any, newdata: Any = None, *given: Any, **options: Any) -> Any:
        seen.append(len(newdata))
        return predict(self, newdata, *given, **options)

    monkeypatch.setattr(type(many), "predict", counted)
    ax = many.plot.slopes("x", by="z")
    assert max(seen) == 2 * 1000
    groups = ax.data[ax.data["line"] == "group"]
    assert groups["g"].nunique() == 1000
    assert "1,000 of 3,000 groups are drawn" in ax.data.attrs["note"]
    (lines,) = (c for c in ax.collections if hasattr(c, "get_segments"))
    drawn = np.concatenate(lines.get_segments())
    np.testing.assert_allclose(drawn, groups[["x", "estimate"]])


def test_groups_that_are_not_drawn_are_counted(many: Any) -> None:
    data = many.model_frame()
    data = data[(data["g"].astype(int) % 10 > 0) | ~data["g"].duplicated()]
    ax = rn.lmm("y ~ x + (1 | g)", data).plot.shrinkage()
    note = ax.data.attrs["note"]
    assert "900 of 2,700 groups are drawn." in note
    assert "300 with too few rows are left out." in note
    assert ax.data["g"].nunique() == 900


def test_far_estimates_do_not_squeeze_the_others(many: Any) -> None:
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(400), 3)
    x = rng.normal(size=g.size)
    x[:3] = [0.0, 1e-3, -1e-3]  # a slope that its rows hardly determine
    y = rng.normal(size=400)[g] + x + rng.normal(size=g.size)
    ax = rn.lmm("y ~ x + (x | g)", pd.DataFrame({"y": y, "x": x, "g": g})).plot.shrinkage()
    slopes = ax.data[ax.data["effect"] == "x"]["no_pooling"]
    assert slopes.abs().max() > 100
    assert np.ptp(ax.get_ylim()) < 50
    assert "beyond the axes" in ax.data.attrs["note"]


def test_groups_of_one_size_stand_in_order() -> None:
    ax = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff")).plot.shrinkage()
    assert ax.get_ylabel() == "Batch, in order"
    after = np.asarray(ax.collections[1].get_offsets())
    order = np.argsort(after[:, 0])
    np.testing.assert_allclose(after[order, 1], np.arange(1, 7))
