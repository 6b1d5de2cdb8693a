"""Numbers as groups, and interactions of groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranef.frame import as_factor, interaction, read_table


def test_numbers_sort_as_numbers() -> None:
    factor = as_factor(read_table({"g": [10, 9, 100, 9]})["g"])
    assert factor.levels == ("9", "10", "100")
    assert factor.values.tolist() == [1, 0, 2, 0]
    assert factor.values.dtype == np.int32


def test_missing_numbers_have_no_level() -> None:
    factor = as_factor(read_table({"g": [2.5, np.nan, -0.0, 0.0]})["g"])
    assert factor.levels == ("0", "2.5")
    assert factor.values.tolist() == [1, -1, 0, 0]


@pytest.mark.parametrize("values", [["b", "a"], ["x", None]])
def test_a_factor_stays_itself(values: list[str | None]) -> None:
    column = read_table({"g": values})["g"]
    assert as_factor(column) is column


def test_interaction_keeps_the_order_of_levels_and_drops_empty_cells() -> None:
    table = read_table({"a": ["y", "x", "x", None], "b": [10, 9, 10, 9], "c": [1, 1, 1, 1]})
    cells = interaction([table["a"], table["b"], table["c"]])
    assert cells.name == "a:b:c"
    assert cells.levels == ("x:9:1", "x:10:1", "y:10:1")
    assert cells.values.tolist() == [2, 0, 1, -1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=1, max_size=40))
def test_interaction_names_each_row(rows: list[tuple[str, int]]) -> None:
    table = read_table({"a": [a for a, _ in rows], "b": [b for _, b in rows]})
    cells = interaction([table["a"], table["b"]])
    assert [cells.levels[code] for code in cells.values] == [f"{a}:{b}" for a, b in rows]
