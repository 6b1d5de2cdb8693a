"""The grid of text that every page uses, and the table of HTML beside it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from ranef.page import grid
from ranef.page.html import html_table

LONG = "condition[T.late]:order_of_the_blocks[T.second]"


def test_columns_stand_under_each_other():
    rows = [["group", "term", "n"], ["school", "(Intercept)", "160"], ["class", "ses", "7"]]
    assert grid(rows, 2).lines == [
        "  group   term           n",
        "  school  (Intercept)  160",
        "  class   ses            7",
    ]


def test_any_column_may_hold_names():
    assert grid([["1.5", "***"], ["12.0", "*"]], (1,), indent="").lines == [" 1.5  ***", "12.0  *"]


def test_a_name_that_is_too_long_is_broken_and_kept_whole():
    laid = grid([["", "Estimate"], [LONG, "1.25"]], width=40)
    assert all(len(line) <= 40 for line in laid.lines)
    assert laid.width == 40
    last = laid.rows[1][-1]
    assert last.endswith("1.25")
    found = "".join(line.replace("1.25", "").strip() for line in laid.rows[1])
    assert found == LONG


def test_numbers_stand_beside_the_last_line_of_the_longest_name():
    (row,) = grid([["school", LONG, "1.25"]], 2, width=40).rows
    assert len(row) > 1
    assert not any("school" in line or "1.25" in line for line in row[:-1])
    assert row[-1].split()[0] == "school"


def test_of_two_long_names_both_give_way():
    laid = grid([[LONG, LONG, "1.25"]], 2, width=60)
    assert max(map(len, laid.lines)) <= 60
    assert laid.width == 60


def test_the_longer_of_two_names_gives_way_first():
    (row,) = grid([["a name of some length", LONG, "1.25"]], 2, width=60).rows
    assert row[-1].startswith("  a name of some length  ")


@pytest.mark.parametrize("width", [20, 40, 100])
def test_short_names_and_numbers_are_never_cut(width):
    row = ["a name of it", *["123456.789"] * 4]
    (line,) = grid([row], width=width).lines
    assert line.split("  ")[1:] == row


class _Cells(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.cells: list[tuple[str, str, str]] = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.open = (tag, "left" if "text-align:left" in (dict(attrs).get("style") or "") else "")

    def handle_data(self, data):
        self.cells.append((*self.open, data))


def test_html_keeps_numbers_under_numbers():
    table = html_table([["", "change"], ["a", "1.5  +0.2"], ["b", "1.25      "]])
    assert "1.5\N{FIGURE SPACE}\N{FIGURE SPACE}+0.2" in table
    assert "  " not in table


def test_html_has_the_same_cells():
    rows = [["", "p", " "], ["<b>", "-0.5", "***"]]
    assert _Cells(html_table(rows, caption="A & B")).cells == [
        ("caption", "left", "A & B"),
        ("th", "", "p"),
        ("th", "", " "),
        ("td", "left", "<b>"),
        ("td", "", "\N{MINUS SIGN}0.5"),
        ("td", "left", "***"),
    ]
