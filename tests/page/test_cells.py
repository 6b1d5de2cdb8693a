"""Text of any script: measured in cells of a terminal, padded, wrapped and broken by them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranef.page import broken_name, cells, grid, padded, paragraph
from ranef.page.cells import chopped

SOURCE = Path(__file__).parents[2] / "src" / "ranef"
WIDE = st.text(alphabet="ab :|_.学校数👩é한ｆ−", min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("school", 6),
        ("学校", 4),
        ("한글", 4),
        ("ｱ", 1),
        ("ｆ", 2),
        ("e\N{COMBINING ACUTE ACCENT}", 1),
        ("é", 1),
        ("👩‍🏫", 2),
        ("🇩🇪", 2),
        ("−1 × 2", 6),
        ("", 0),
    ],
)
def test_a_character_takes_its_cells(text: str, width: int) -> None:
    assert cells(text) == width
    for side in ("left", "right", "center"):
        assert cells(padded(text, 12, side)) == 12
        assert padded(text, 12, side).strip() == text.strip()


@given(st.text(alphabet="ab c", max_size=12), st.integers(0, 15))
def test_narrow_text_is_padded_as_python_pads_it(text: str, width: int) -> None:
    assert padded(text, width) == text.ljust(width)
    assert padded(text, width, "right") == text.rjust(width)
    assert padded(text, width, "center") == text.center(width)


@given(WIDE, st.integers(2, 20))
def test_pieces_are_whole_characters(text: str, width: int) -> None:
    pieces = chopped(text, width)
    assert "".join(pieces) == text
    assert all(0 < cells(piece) <= width for piece in pieces)


@given(st.text(alphabet="ab \n-", max_size=60), st.integers(6, 30), st.booleans(), st.booleans())
def test_narrow_text_is_wrapped_as_python_wraps_it(
    text: str, width: int, whole: bool, drop: bool
) -> None:
    options = {"break_long_words": not whole, "break_on_hyphens": False, "drop_whitespace": drop}
    lines = textwrap.wrap(text, width, initial_indent="- ", subsequent_indent="  ", **options)
    assert (
        paragraph(text, "- ", "  ", width=width, whole_words=whole, drop_whitespace=drop) == lines
    )


@given(WIDE, st.integers(6, 30))
def test_wide_text_keeps_to_the_width_and_is_whole(text: str, width: int) -> None:
    lines = paragraph(text, "- ", "  ", width=width)
    assert all(cells(line) <= width for line in lines)
    kept = "".join(line[2:] for line in lines)
    assert re.sub(r"\s", "", kept) == re.sub(r"\s", "", text)


@given(WIDE, st.integers(8, 30))
def test_a_broken_name_keeps_to_the_width_and_is_whole(name: str, width: int) -> None:
    lines = broken_name(name, width)
    assert all(cells(line) <= width for line in lines)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", name)


def test_numbers_stand_under_numbers_beside_names_of_any_script() -> None:
    rows = [["", "n"], ["学校", "5"], ["e\N{COMBINING ACUTE ACCENT}cole", "12"], ["👩‍🏫", "3"]]
    lines = grid(rows, indent="").lines
    assert [cells(line) for line in lines] == [9, 9, 9, 9]
    assert lines[1] == "学校    5"


def test_a_line_break_in_a_name_does_not_break_the_table() -> None:
    assert grid([["", "n"], ["a\nb\tc", "5"]], indent="").lines == ["       n", "a b c  5"]


def test_nothing_else_pads_or_wraps_text() -> None:
    """What counts characters where it should count cells puts columns out of line."""
    counting = re.compile(
        r"\.[lr]just\(|\.center\(width|map\(len, column|import textwrap|:[<^]\{?\w+\}"
    )
    allowed = {
        "page/wrapping.py",
        "cli/demo.py",  # takes an indent away
        "present/code/spss.py",  # code is not laid out in columns
    }
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if counting.search(line)
    }
    assert found <= allowed, found - allowed
