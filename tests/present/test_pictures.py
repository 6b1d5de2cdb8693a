"""Every picture is readable on any ground, stays in its figure, and knows its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.colors import to_rgb, to_rgba  # noqa: E402
from matplotlib.legend import Legend  # noqa: E402
from matplotlib.text import Text  # noqa: E402
from tests.present.pictures import ACCESSOR, PICTURES, classes, linear, of_fit  # noqa: E402

LEAST = 4.5  # of the contrast of letters: WCAG 2.2, level AA


@pytest.fixture(autouse=True)
def _small() -> Iterator[None]:
    """Few pixels: they are quickly drawn, and lengths are measured in points."""
    with plt.rc_context({"figure.dpi": 72}):
        yield
    plt.close("all")


def luminance(colour: Any) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: Any, other: Any) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def over(colour: Any, alpha: float | None, ground: Any) -> Any:
    *rgb, own = to_rgba(colour)
    share = own if alpha is None else own * alpha
    return [share * c + (1.0 - share) * g for c, g in zip(rgb, ground, strict=True)]


def axes_of(made: Any) -> list[Axes]:
    return [made] if isinstance(made, Axes) else list(made)


def letters(figure: Any) -> Iterator[Text]:
    """The texts that are seen: of the ticks, those within the limits."""
    ticks, seen = set(), set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            ticks |= {id(t) for t in axis.get_ticklabels(which="both")}
            shown = axis._update_ticks() if axis.get_visible() and ax.axison else []
            seen |= {id(label) for tick in shown for label in (tick.label1, tick.label2)}
    for text in figure.findobj(Text):
        hidden = id(text) in ticks and id(text) not in seen
        if text.get_visible() and text.get_text().strip() and not hidden:
            yield text


def ground(figure: Any, text: Text) -> Any:
    """What a text stands on: the axes that its middle lies in, or the figure."""
    page = over(figure.get_facecolor(), None, (1.0, 1.0, 1.0))
    box = text.get_window_extent()
    middle = ((box.x0 + box.x1) / 2.0, (box.y0 + box.y1) / 2.0)
    for ax in figure.axes:
        if ax.bbox.contains(*middle):
            return over(ax.get_facecolor(), None, page)
    return page


def outside(figure: Any, box: Any) -> bool:
    page = figure.bbox
    return bool(
        box.x0 < page.x0 - 1.5
        or box.y0 < page.y0 - 1.5
        or box.x1 > page.x1 + 1.5
        or box.y1 > page.y1 + 1.5
    )


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_letters_are_readable_and_inside(name: str) -> None:
    for style in ("default", "dark_background"):
        with plt.style.context([style, {"figure.dpi": 72}]):
            made = PICTURES[name]()
            figure = axes_of(made)[0].figure
            figure.draw_without_rendering()
            for text in letters(figure):
                said = f"{style}: {text.get_text()!r}"
                on = ground(figure, text)
                found = contrast(over(text.get_color(), text.get_alpha(), on), on)
                assert found >= LEAST, f"{said} has a contrast of {found:.2f}"
                assert not outside(figure, text.get_window_extent()), f"{said} is cut off"
                assert "sd__" not in text.get_text(), said
                assert "cor__" not in text.get_text(), said
            for legend in figure.findobj(Legend):
                assert not outside(figure, legend.get_window_extent()), f"{style}: a legend"
            frame = made.data
            assert isinstance(frame, pd.DataFrame)
            assert len(frame)
            plt.close("all")


@pytest.mark.parametrize("name", ACCESSOR)
def test_a_legend_does_not_lie_on_the_axes_beside(name: str) -> None:
    """In figures that make no room, also if they are given several axes."""
    for count in (3, 1):
        figure, axes = plt.subplots(1, count, squeeze=False)
        here = axes[0, count // 2]
        try:
            of_fit(linear, name, 0)(ax=here)
        except ValueError:
            pytest.skip("draws several panels")
        figure.draw_without_rendering()
        others = [ax.bbox for ax in figure.axes if ax is not here and ax in axes]
        for legend in figure.findobj(Legend):
            box = legend.get_window_extent()
            assert not outside(figure, box)
            assert not any(box.overlaps(other) for other in others)
        for text in (here._left_title, here.title, here.xaxis.label):
            assert not outside(figure, text.get_window_extent()), text


def test_every_class_that_draws_is_here() -> None:
    missing = {f"{cls.__name__}.plot" for cls in classes()} - set(PICTURES)
    assert not missing, "add a line to PICTURES"


def test_colours_and_fonts_are_those_of_the_style_sheet() -> None:
    own = {
        "axes.prop_cycle": plt.cycler(color=["#7a0177", "#2c7fb8"]),
        "text.color": "#004400",
        "axes.labelcolor": "#440000",
        "axes.edgecolor": "#000044",
        "axes.facecolor": "#fffbe6",
        "xtick.color": "#330033",
        "font.size": 13.0,
        "axes.titlesize": 20.0,
        "axes.grid": True,
        "grid.color": "#ffcc00",
    }
    with plt.rc_context(own):
        ax = linear().plot.effects("x", by="ill")
        plain = linear().plot.effects("x")
    assert [line.get_color() for line in ax.lines[:2]] == ["#7a0177", "#2c7fb8"]
    assert plain.lines[0].get_color() == "#7a0177"
    assert to_rgb(ax._left_title.get_color()) == to_rgb("#004400")
    assert to_rgb(ax.xaxis.label.get_color()) == to_rgb("#440000")
    assert to_rgb(ax.spines["left"].get_edgecolor()) == to_rgb("#000044")
    assert to_rgb(ax.get_xticklabels()[0].get_color()) == to_rgb("#330033")
    assert ax._left_title.get_fontsize() == 20.0
    assert ax.xaxis.label.get_fontsize() == 13.0
    assert to_rgb(ax.xaxis.get_gridlines()[0].get_color()) == to_rgb("#ffcc00")


def test_colours_that_nobody_chose_are_those_for_colour_blind_readers() -> None:
    light = linear().plot.effects("x", by="ill")
    with plt.rc_context({"axes.facecolor": "#101010"}):
        dark = linear().plot.effects("x", by="ill")
    assert [line.get_color() for line in light.lines[:2]] == ["#0072b2", "#d55e00"]
    for line in dark.lines[:2]:
        assert contrast(to_rgb(line.get_color()), to_rgb("#101010")) > LEAST


def test_letters_that_a_style_makes_too_pale_are_made_darker() -> None:
    with plt.rc_context({"axes.labelcolor": "#bbbbbb", "xtick.color": "#cccc66"}):
        ax = linear().plot.effects("x")
    for text in (ax.xaxis.label, ax.get_xticklabels()[0]):
        assert contrast(to_rgb(text.get_color()), (1.0, 1.0, 1.0)) >= LEAST


def test_figures_without_a_ground_are_read_where_the_style_says() -> None:
    """A notebook with clear figures on a dark page has light letters in its style."""
    clear = {"figure.facecolor": "none", "axes.facecolor": "none"}
    with plt.rc_context({**clear, "text.color": "white", "axes.labelcolor": "white"}):
        ax = linear().plot.effects("x")
    assert luminance(to_rgb(ax.xaxis.label.get_color())) > 0.7
    assert luminance(to_rgb(ax._left_title.get_color())) > 0.7


def test_dollars_are_dollars_and_mathematics_is_mathematics() -> None:
    labels = {"x": "Price ($) per $ spent", "y": r"Yield $\hat{y}$"}
    ax = linear().plot.effects("x", labels=labels)
    ax.figure.draw_without_rendering()
    assert not ax.xaxis.label.get_parse_math()
    assert ax.yaxis.label.get_parse_math()
