"""What pictures say: readers' words, what is held fixed, and names that have room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.present.plots.panels import Panels
from ranef.present.text.parameters import parameter_words
from ranef.present.text.words import Words

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def fit() -> Any:
    data = rn.datasets.load("hsb").iloc[:1200]
    labels = {"ses": "Status", "sch.id": "School", "math": "Achievement"}
    return rn.lmm("math ~ ses * sector + (ses | sch.id)", data, labels=labels)


def said(ax: Any) -> tuple[str, str, str]:
    """Title and labels, lines put together."""
    texts = (ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel())
    return tuple(" ".join(text.split()) for text in texts)  # type: ignore[return-value]


def test_pictures_say_the_words_of_the_fit(fit: Any) -> None:
    assert said(fit.plot.effects("ses")) == (
        "Effect of Status", "Status", "Achievement, predicted mean",
    )  # fmt: skip
    assert said(fit.plot.slopes(by="sector"))[0] == "Fitted lines within School, by sector"
    assert said(fit.plot.caterpillar(term="ses")) == (
        "Random effects of School: Status",
        "Conditional mode of Status, 95% interval",
        "School",
    )
    assert said(fit.plot.shrinkage()) == (
        "Shrinkage of School",
        "(Intercept): deviation from the population",
        "Status: deviation from the population",
    )
    assert said(fit.plot.residuals(band=False))[1] == "Fitted Achievement"
    assert said(fit.plot.profile("sd__ses|sch.id", level=0.8)) == (
        "Profile of SD of slopes of Status, School (maximum likelihood)",
        "SD of slopes of Status, School",
        "Absolute profile zeta",
    )
    assert said(fit.emmeans("sector").plot())[2] == "Achievement, marginal mean"


def test_labels_of_a_call_go_before_those_of_the_fit(fit: Any) -> None:
    labels = {"ses": "SES", "sector": "Catholic"}
    ax = fit.plot.effects("ses", by="sector", labels=labels)
    assert said(ax)[:2] == ("Effect of SES, by Catholic", "SES")
    assert ax.get_legend().get_title().get_text() == "Catholic"
    means = fit.emmeans("sector", by="ses", at={"ses": [0, 1]}).plot(labels=labels)
    assert means.get_xlabel() == "Catholic"
    assert means.get_legend().get_title().get_text() == "SES"
    pairs = fit.emmeans("sector", by="ses", at={"ses": [0, 1]}).pairs().plot(labels=labels)
    assert pairs.get_legend().get_title().get_text() == "SES"
    for wrong in (3, ["ses"], {"ses": 1}):
        with pytest.raises(rn.OptionError, match="labels"):
            fit.plot.effects("ses", labels=wrong)


def test_what_is_held_fixed_is_said() -> None:
    data = rn.datasets.load("hsb")
    fit = rn.lmm("math ~ within(ses, sch.id) * sector + between(ses, sch.id) + (1 | sch.id)", data)
    ax = fit.plot.effects("ses")
    assert said(ax)[0] == "Effect of ses within sch.id"
    note = ax.data.attrs["note"]
    assert note.startswith(
        "With sector at its mean (0.493), ses (sch.id mean) at its average (0.00"
    )
    assert note.endswith("and random effects at zero. Band: 95% confidence interval.")
    assert ax.figure.get_supxlabel().replace("\n", " ") == note  # whatever its title becomes
    own = plt.figure().subplots()  # nothing makes room: the note is part of the title
    fit.plot.effects("ses", ax=own)
    assert "With sector" in own.get_title(loc="left")
    assert own.figure.get_supxlabel() == ""


def test_categories_that_are_averaged_over_are_named() -> None:
    fit = rn.lmm("attain ~ sex + social + (1 | primary)", rn.datasets.load("scotssec"))
    assert fit.plot.effects("social").data.attrs["note"] == (
        "With random effects at zero; averaged over sex, as often as each value occurs. "
        "Band: 95% confidence interval."
    )


def test_truth_values_are_true_and_false() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"ill": rng.uniform(size=80) < 0.5, "g": np.arange(80) % 8})
    data["y"] = data.ill + rng.normal(size=80)
    fit = rn.lmm("y ~ ill + (1 | g)", data)
    assert fit.model_frame()["ill"].dtype == bool
    ax = fit.plot.effects("ill")
    assert [text.get_text() for text in ax.get_xticklabels()] == ["False", "True"]
    assert ax.data["ill"].tolist() == [False, True]


def long_names() -> Any:
    rng = np.random.default_rng(2)
    names = [f"Comprehensive school of the county of Somewhere, number {k:02d}" for k in range(40)]
    g = np.repeat(np.arange(40), 5)
    y = rng.normal(size=40)[g] + rng.normal(size=200)
    data = pd.DataFrame({"y": y, "school": np.array(names)[g], "x": rng.normal(size=200)})
    return rn.lmm("y ~ x + (x | school)", data)


def test_long_names_leave_room_for_the_picture() -> None:
    for made in (long_names().plot.caterpillar(term="x"), long_names().plot.caterpillar()):
        ax = made[0] if isinstance(made, Panels) else made
        ax.figure.draw_without_rendering()
        assert ax.bbox.width > 0.2 * ax.figure.bbox.width
        names = [text.get_text() for text in ax.get_yticklabels()]
        assert len(set(names)) == 40  # beginning and end are kept
        assert made.data["school"].iloc[0].startswith("Comprehensive school of the county")
        for text in ax.get_yticklabels():
            assert text.get_window_extent().x0 > -1.5


def test_names_in_a_figure_without_layout_stay_inside() -> None:
    _, axes = plt.subplots(1, 3)
    for ax in axes:
        long_names().plot.caterpillar(ax=ax)
    axes[0].figure.draw_without_rendering()
    for ax, before in zip(axes, (None, *axes[:-1]), strict=True):
        edge = 0.0 if before is None else before.bbox.x1
        for text in ax.get_yticklabels():
            assert text.get_window_extent().x0 >= edge - 1.5


def test_parameters_in_words() -> None:
    words = Words({"g": "Class", "a.b": "Age"})
    names = ["x", "sd__Intercept|g", "sd__a.b|g", "sd__a.b|g.1", "cor__Intercept.a.b|g", "sigma"]
    made = parameter_words([*names, "cor|h", "dispersion"], words)
    assert list(made.values()) == [
        "x",
        "SD of intercepts, Class",
        "SD of slopes of Age, Class",
        "SD of slopes of Age, Class",
        "Correlation of intercepts and slopes of Age, Class",
        "Residual SD",
        "Correlation of effects, h",
        "Dispersion",
    ]
    own = parameter_words(["sigma"], Words({"sigma": "Noise"}))
    assert own == {"sigma": "Noise"}
