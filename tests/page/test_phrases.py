"""Numbers in sentences: each kind is written in one way, and nouns go with their numbers."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranef.page.phrases import (
    count,
    figures,
    interval_heads,
    level_text,
    one_of_them,
    p_between,
    p_number,
    p_value,
    percent,
    sentence,
    share,
    whole,
)
from ranef.present.text.numbers import p_text
from ranef.present.text.remarks import not_shown

SOURCE = Path(__file__).parents[2] / "src" / "ranef"


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (7185, "7,185 rows")]
)
def test_a_noun_goes_with_its_number(number: int, said: str) -> None:
    assert count(number, "row") == said
    assert count(number, "optimum", "optima").endswith("optimum" if number == 1 else "optima")
    assert one_of_them(number, "is", "are") == ("is" if number == 1 else "are")


def test_a_share_names_all_of_them() -> None:
    assert share(1, 1, "row") == "1 of 1 row"
    assert share(1, 12, "row") == "1 of 12 rows"
    assert share(1050, 2296, "group") == "1,050 of 2,296 groups"


@pytest.mark.parametrize("number", [1, 2, 1200])
def test_coefficients_without_a_column(number: int) -> None:
    text = not_shown(number, ": see frame")
    assert ("is not shown" in text) == (number == 1)
    assert ("are not shown" in text) == (number > 1)
    assert text.endswith("shown: see frame.")


@given(st.floats(0.0, 1.0))
def test_a_p_value_is_the_same_in_a_sentence_and_in_a_cell(p: float) -> None:
    said = p_value(p).replace(" ", "")
    assert said.removeprefix("p").removeprefix("=") == p_number(p) == p_text(p)
    assert re.fullmatch(r"p (= \d\.\d{3}|< 0\.001)", p_value(p))


def test_p_values_that_are_not_known_exactly() -> None:
    assert p_between(0.2, 0.2) == "p = 0.200"
    assert p_between(0.0001, 0.0002) == "p < 0.001"
    assert p_between(0.0001, 0.02) == "p at most 0.020"
    assert p_value(math.nan) == p_number(math.nan) == ""


@given(st.floats(0.0, 1.0))
def test_a_percentage_has_no_space_and_no_exponent(part: float) -> None:
    said = percent(part)
    assert re.fullmatch(r"[<>]?\d+(\.\d)?%", said)
    assert (said == "0%") == (part == 0.0)
    assert said != "100%" or part > 1.0 - 1e-8


def test_percentages_at_their_ends() -> None:
    assert [percent(x) for x in (0.0, 0.0004, 0.0006, 0.3333, 0.9999, 1.0)] == [
        *("0%", "<0.1%", "0.1%", "33.3%", ">99.9%", "100%")
    ]
    assert percent(-0.313) == "-31.3%"
    assert interval_heads(0.95) == ("2.5%", "97.5%")
    assert level_text(0.9) == "90%"


def test_figures_are_written_out() -> None:
    assert [figures(x) for x in (0.0, 2.5, 1234.5, 195_000.0, 1e-7)] == [
        *("0", "2.5", "1,230", "195,000", "1e-07")
    ]
    assert figures(-195_000.0, sign=True) == "-195,000"
    assert whole(-0.0) in ("0", "-0")


def test_a_sentence_has_a_capital_and_an_end() -> None:
    assert sentence("it is so.") == "It is so."
    assert sentence("x: y", ["x"]) == "x: y."
    assert sentence("x_1 varies", ["x"]) == "X_1 varies."
    assert sentence(" ") == ""


def test_nobody_writes_these_numbers_by_hand() -> None:
    """p values, percentages and plurals of messages come from ``ranef.page.phrases``."""
    by_hand = re.compile(
        r"""\bp = ?\{|\bp \{(?!c)|< 1e-4['" ]|p < \.|\} %|\d %[\s,.;)"']"""
        r"""|['"]s['"] if |else ['"]s['"]"""
    )
    elsewhere = (
        *("page/phrases.py", "present/plots/", "present/equation/"),
        "inference/boundary_law.py",  # a column of a frame, to two digits
        *("present/paper/", "present/worded.py"),  # as the APA has it: p < .001
    )
    found = {
        f"{path.relative_to(SOURCE).as_posix()}: {line.strip()}"
        for path in SOURCE.rglob("*.py")
        if not path.relative_to(SOURCE).as_posix().startswith(elsewhere)
        for line in path.read_text(encoding="utf-8").splitlines()
        if by_hand.search(line)
    }
    assert not found
