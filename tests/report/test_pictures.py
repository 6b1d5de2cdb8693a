"""From a Matplotlib figure to SVG: shapes, colours, texts and what is left out."""

from __future__ import annotations

import re

import matplotlib
import numpy as np
import pytest
from tests.report.html_page import Element, parsed

from ranef.present.report.pictures.canvas import COLOURS, apart, direct_labels, picture
from ranef.present.report.pictures.colours import DRAWN, css_colour
from ranef.present.report.pictures.paths import dot_radius, moved, parse, text_of

matplotlib.use("agg")


def drawn(draw, size: tuple[float, float] = (4.0, 3.0)) -> Element:
    return parsed(picture("one", size, "what it shows", draw)).one("svg")


def test_a_line_is_one_short_path() -> None:
    svg = drawn(lambda ax: ax.plot([0, 1, 2], [0, 1, 0], color=COLOURS[1]))
    (path,) = [p for p in svg.all("path") if "--c2" in p["style"]]
    assert re.fullmatch(r"M[\d. -]+(l[\d. -]+){2}", path["d"])
    assert svg["viewbox"] == "0 0 288 216"
    assert "id" not in svg.attributes


def test_dots_are_strokes_of_no_length() -> None:
    x = np.linspace(0.0, 1.0, 50)
    svg = drawn(lambda ax: ax.plot(x, x, "o", color=COLOURS[0], markersize=4, markeredgewidth=0))
    (path,) = [p for p in svg.all("path") if "round" in p["style"]]
    assert path["d"].count("h0") == 50
    assert "stroke-width:4" in path["style"]
    assert not svg.all("use")
    assert len(path["d"]) < 50 * 16


def test_open_dots_have_a_ring_and_the_ground_inside() -> None:
    svg = drawn(
        lambda ax: ax.scatter([0.0], [0.0], s=36, facecolors="#ffffff", edgecolors=COLOURS[0])
    )
    inks = [
        re.search(r"stroke:([^;]+)", p["style"])[1]
        for p in svg.all("path")
        if "round" in p["style"]
    ]
    assert inks == ["var(--c1)", "var(--paper)"]


def test_ticks_are_drawn_in_place() -> None:
    svg = drawn(lambda ax: ax.set_xticks([0.0, 0.5, 1.0]))
    assert not svg.all("defs")
    assert [one.text for one in svg.all("text")][:3] == ["0.0", "0.5", "1.0"]


def test_what_is_cut_keeps_its_area() -> None:
    def draw(ax) -> None:
        ax.plot([-5.0, 5.0], [-5.0, 5.0])
        ax.set_xlim(0.0, 1.0)

    svg = drawn(draw)
    (area,) = svg.all("clippath")
    used = [p["clip-path"] for p in svg.all("path") if p.get("clip-path")]
    assert set(used) == {f"url(#{area['id']})"}
    assert area["id"].startswith("one-")


def test_texts_are_text_whatever_they_hold() -> None:
    def draw(ax) -> None:
        ax.set_xlabel("a <b> & $x_1$ 100% \u5b66\u6821")
        ax.set_ylabel("y")

    texts = {one.text: one for one in drawn(draw).all("text")}
    assert "a <b> & $x_1$ 100% \u5b66\u6821" in texts
    assert texts["y"]["transform"].startswith("rotate(-90 ")


def test_colours() -> None:
    for shown, name in DRAWN.items():
        assert css_colour(shown) == f"var({name})"
    assert css_colour("#fefefe") == "var(--paper)"
    assert css_colour("#d65502") == "var(--c2)"


def test_lines_are_named_at_their_ends() -> None:
    def draw(ax) -> None:
        lines = [ax.plot([0, 1, 2], [0, 1, k], color=COLOURS[k])[0] for k in range(2)]
        ax.legend(lines, ["low", "high"], title="dose")
        direct_labels(ax)
        assert ax.get_legend() is None

    assert {"dose = low", "dose = high"} <= {one.text for one in drawn(draw).all("text")}


@pytest.mark.parametrize("places", [[0.0, 0.1, 0.2], [3.0, 1.0, 1.0, 1.1], [5.0], []])
def test_labels_stand_apart(places: list[float]) -> None:
    found = apart(places, 1.0)
    order = np.argsort(found, kind="stable")
    assert np.all(np.diff(np.array(found)[order]) >= 1.0 - 1e-9)
    if places:
        assert np.mean(found) == pytest.approx(np.mean(places))


def test_paths_keep_their_shape() -> None:
    path = parse("M 1 2 L 3 4 C 1 1 2 2 5 5 z")
    assert text_of(path) == "M1 2l2 2c-2-3-1-2 2 1z"
    assert text_of(moved(path, 1.0, -1.0)) == "M2 1l2 2c-2-3-1-2 2 1z"
    assert dot_radius(path) is None


def test_the_picture_needs_a_name_and_says_it() -> None:
    svg = parsed(picture("one", (2.0, 2.0), 'a "b" <c>', lambda ax: None)).one("svg")
    assert (svg["role"], svg["aria-label"]) == ("img", 'a "b" <c>')
