"""A report that several tests read, and one that is drawn quickly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.report.html_page import Element, parsed

import ranef as rn


@pytest.fixture(scope="session")
def hsb() -> Any:
    """The fit whose report the picture of the project shows."""
    return rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))


@pytest.fixture(scope="session")
def hsb_file(hsb: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report."""
    path = tmp_path_factory.mktemp("report") / "hsb.html"
    assert hsb.report(path) == path
    return path


@pytest.fixture(scope="session")
def hsb_page(hsb_file: Path) -> Element:
    """The same, taken apart."""
    return parsed(hsb_file.read_text(encoding="utf-8"))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are drawn and not turned into SVG, and bands are of few simulations: faster."""

    def named(figure: object, name: str, label: str) -> str:
        return (
            f'<svg class="fig" role="img" aria-label="{name}: {label.replace(chr(34), "")}"></svg>'
        )

    monkeypatch.setattr("ranef.present.report.pictures.canvas.inline_svg", named)
    monkeypatch.setattr("ranef.inference.checks.bands.USUAL", 39)
