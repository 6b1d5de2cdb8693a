"""The page in a browser: what it asks for, and how it looks when small, dark or on paper."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.report.chromium import NAMES, Tab, browser, open_tab

HERE = Path(__file__).parent
PROGRAM = browser()

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason=f"none of {', '.join(NAMES)} is installed"),
    pytest.mark.skipif(os.name != "posix", reason="pipes are handed to the browser as on Unix"),
]


@pytest.fixture(scope="module")
def tab(hsb_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """The page, loaded once."""
    assert PROGRAM is not None
    with open_tab(PROGRAM, tmp_path_factory.mktemp("chromium")) as tab:
        tab.size(1100)
        tab.scheme("light")
        tab.go(hsb_file)
        yield tab


def corner(png: bytes) -> float:
    """How light the picture is in its corner, from 0 to 1."""
    from matplotlib.image import imread

    return float(np.asarray(imread(io.BytesIO(png), format="png"))[:10, :10, :3].mean())


def test_it_asks_for_nothing_and_says_nothing(tab: Tab, hsb_file: Path) -> None:
    sent = [e for e in tab.events if e.get("method") == "Network.requestWillBeSent"]
    assert [event["params"]["request"]["url"] for event in sent] == [hsb_file.as_uri()]
    told = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
    assert [event for event in tab.events if event.get("method") in told] == []


def test_everything_has_a_name(tab: Tab) -> None:
    nodes = tab.accessible()
    roles = {role for role, _ in nodes}
    assert {"img", "figure", "table", "heading", "button", "link", "main", "navigation"} <= (
        roles | ({"img"} if "image" in roles else set())
    )
    named = ("image", "img", "figure", "table", "button", "link", "heading", "region")
    assert [(role, name) for role, name in nodes if role in named and not name.strip()] == []
    pictures = [name for role, name in nodes if role in ("image", "img")]
    assert any("51 exclude zero" in name for name in pictures)


def test_text_contrasts_in_both_schemes(tab: Tab) -> None:
    code = (HERE / "contrast.js").read_text(encoding="utf-8")
    tab.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    try:
        for scheme in ("light", "dark"):
            tab.scheme(scheme)
            found = tab.run(code)
            assert found["seen"] > 500
            assert found["found"] == [], scheme
    finally:
        tab.scheme("light")
        tab.run("document.querySelectorAll('details').forEach(d => d.open = false)")


@pytest.mark.parametrize("width", [1100, 500, 360])
def test_nothing_is_wider_than_the_window(tab: Tab, width: int) -> None:
    tab.size(width)
    try:
        assert tab.run("document.documentElement.scrollWidth") <= width
        assert len(tab.picture()) > 10_000
    finally:
        tab.size(1100)


def test_it_follows_light_and_dark(tab: Tab) -> None:
    assert corner(tab.picture()) > 0.95
    tab.scheme("dark")
    try:
        assert corner(tab.picture()) < 0.15
        drawn = "getComputedStyle(document.querySelector('svg.fig text')).fill"
        assert tab.run(drawn) == "rgb(228, 232, 236)"
    finally:
        tab.scheme("light")


def test_a_keyboard_gets_everywhere(tab: Tab) -> None:
    tab.run("document.activeElement.blur()")
    for kind in ("keyDown", "keyUp"):
        tab.ask("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert tab.run("document.activeElement.className") == "skip"
    assert tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert tab.run("document.activeElement.getBoundingClientRect().left") >= 0.0
    inside = "document.querySelectorAll('.scroll:not([tabindex]), pre:not([tabindex])').length"
    assert tab.run(inside) == 0
    tab.run("document.activeElement.blur()")


def test_paper(tab: Tab) -> None:
    pdf = tab.pdf()
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 8
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert box is not None
    assert [float(x) for x in box.groups()] == pytest.approx([595.0, 842.0], abs=1.0)


def test_it_is_whole_without_scripts(tab: Tab, hsb_file: Path) -> None:
    text = tab.run("document.querySelector('main').textContent")
    shown = "[...document.querySelectorAll('button')].filter(b => b.offsetParent).length"
    assert tab.run(shown) >= 1
    tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.go(hsb_file)
        assert tab.run("document.querySelector('main').textContent") == text
        assert tab.run("document.querySelectorAll('svg.fig').length") >= 8
        assert tab.run(shown) == 0, "a button that does nothing is not shown"
    finally:
        tab.ask("Emulation.setScriptExecutionDisabled", value=False)
