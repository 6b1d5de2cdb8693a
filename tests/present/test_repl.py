"""What a prompt and a notebook show of a fit's parts, at the width of the terminal."""

from __future__ import annotations

import copy
import pickle
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.page import broken_name, page_width, paragraph
from ranef.types import Findings

PARTS = ("certificate", "log", "findings", "missing_rows")


@pytest.fixture(scope="module")
def fit() -> rn.Fit:
    """A singular fit of data with missing rows, and names that HTML would take for tags."""
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(20), 6)
    x = rng.normal(size=120)
    data = pd.DataFrame({"y": x + rng.normal(size=120), "x": x, "a_<b>_c": g})
    data.loc[3:14, "y"] = np.nan
    return rn.lmm("y ~ x + (x | `a_<b>_c`)", data)


class Tags(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("columns", [60, 100])
def test_a_prompt_shows_lines_of_the_terminals_width(
    part: str, columns: int, fit: rn.Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = repr(getattr(fit, part))
    assert "(" not in shown.split(" ")[0], "a record's fields are not for reading"
    limit = columns if part != "log" else 100
    assert max(map(len, shown.splitlines())) <= limit
    assert "array(" not in shown


@pytest.mark.parametrize("part", PARTS)
def test_a_notebook_shows_escaped_html(part: str, fit: rn.Fit) -> None:
    tags = Tags(getattr(fit, part)._repr_html_())
    assert not tags.open
    assert tags.seen <= {"p", "b", "br", "code", "li", "pre", "ul"}
    assert len(tags.text) > 20


def test_findings_print_message_numbers_and_what_to_do(fit: rn.Fit) -> None:
    first, *rest = repr(fit.findings).splitlines()
    assert first.startswith("note missing-rows: ")
    assert all(finding.fix.split(".")[0][:30] in " ".join(rest) for finding in fit.findings[:1])
    assert repr(fit.findings[0]) in repr(fit.findings)
    assert repr(Findings()) == "no findings"
    assert Findings()._repr_html_() == "<p>no findings</p>"


def test_findings_are_a_tuple(fit: rn.Fit) -> None:
    assert isinstance(fit.findings, tuple)
    assert fit.findings == tuple(fit.findings)
    assert Findings() == ()
    for again in (copy.copy(fit.findings), pickle.loads(pickle.dumps(fit.findings))):
        assert again == fit.findings
        assert repr(again) == repr(fit.findings)


def test_rows_left_out_are_named(fit: rn.Fit) -> None:
    assert str(fit.missing_rows) == (
        "12 of 120 rows left out: 3, 4, 5, 6, 7, 8, 9, 10 and 4 more (from 0); missing values: y 12"
    )
    whole = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    assert repr(whole.missing_rows) == "none of 30 rows left out"


@pytest.mark.parametrize(("columns", "width"), [("70", 70), ("300", 100), ("5", 40), ("", 100)])
def test_the_page_follows_the_terminal(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("os.get_terminal_size", _no_terminal)
    assert page_width() == width


def _no_terminal(*_: Any) -> Any:
    raise OSError


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_every_text_of_a_fit_follows_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
    monkeypatch.setenv("COLUMNS", str(columns))
    texts = {
        "summary": str(fit.summary()),
        "table": str(rn.compare(fit)),
        "data": str(rn.datasets.describe("hsb")),
    }
    for name, text in texts.items():
        assert max(map(len, text.splitlines())) <= columns, name


def test_long_names_stay_apart() -> None:
    rng = np.random.default_rng(3)
    levels = ["first presentation", "second presentation", "third presentation"]
    data = pd.DataFrame(
        {
            "y": rng.normal(size=240),
            "condition_of_the_experiment": rng.choice(["early in the day", "late"], 240),
            "order_of_the_blocks_in_a_session": rng.choice(levels, 240),
            "g": np.repeat(np.arange(24), 10),
        }
    )
    fit = rn.lmm(
        "y ~ condition_of_the_experiment * order_of_the_blocks_in_a_session + (1 | g)", data
    )
    lines = str(fit.summary()).splitlines()
    assert max(map(len, lines)) <= 100
    page = " ".join(" ".join(lines).split())
    for name in fit.fixef.index[1:]:
        assert name.replace("]:", "]: ") in page.replace("]: ", "]:").replace("]:", "]: ")
    table = str(rn.compare(fit))
    assert "..." not in table
    assert "..." not in page


def test_names_are_broken_and_not_cut() -> None:
    for width in (8, 20, 40):
        lines = broken_name("a_very_long_name[T.with levels]:another_name", width)
        assert max(map(len, lines)) <= width
        joined = "".join(lines).replace(" ", "")
        assert joined == "a_very_long_name[T.withlevels]:another_name"
    assert paragraph("a-b " * 30, width=20)[0] == "a-b a-b a-b a-b a-b"
