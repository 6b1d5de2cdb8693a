"""Numbers as groups, and interactions of groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranef.frame import as_factor, interaction, read_table
from ranef.frame.factors import number_codes


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


@pytest.mark.parametrize(
    "values",
    [
        np.array([7, 5, 7, 1160, 1001]),
        np.array([-3, 2, -3, 0], dtype=np.int8),
        np.array([2**62, 5, 2**62]),
        np.array([4_000_000_000, 1, 2], dtype=np.uint32),
        np.array([3.0, np.nan, -0.0, 0.0, 2.0]),
        np.array([0.5, 0.25, 0.5]),
        np.array([1e300, -1e300, np.nan]),
        np.array([np.nan, np.nan]),
        np.array([], dtype=np.float64),
    ],
    ids=lambda values: str(values.tolist()),
)
def test_codes_of_numbers_are_the_ranks_of_the_distinct_ones(values: np.ndarray) -> None:
    numbers, codes = number_codes(values)
    known = ~np.isnan(values.astype(float))
    expected, inverse = np.unique(values[known], return_inverse=True)
    assert numbers.tolist() == expected.astype(float).tolist()
    assert codes.dtype == np.int32
    assert codes[known].tolist() == inverse.tolist()
    assert (codes[~known] == -1).all()


def test_identifiers_far_apart_and_close_together_get_the_same_codes() -> None:
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 500, 40_000)
    close = number_codes(ids)
    far = number_codes(ids * 1_000_003)
    halves = number_codes(ids + 0.5)
    assert (close[1] == far[1]).all()
    assert (close[1] == halves[1]).all()
    assert (close[0] * 1_000_003 == far[0]).all()


@pytest.mark.parametrize("kind", [np.int64, np.int16, np.uint8, np.float64])
@pytest.mark.parametrize("order", ["early", "late", "gap"])
def test_identifiers_over_many_rows_at_a_time(kind, order):
    ids = np.random.default_rng(2).integers(3, 90, 100_000).astype(kind)
    if order == "late":
        ids[ids == 40] = 41
        ids[-1] = 40
    elif order == "gap":
        ids[ids == 40] = 41
    numbers, codes = number_codes(ids)
    expected, inverse = np.unique(ids, return_inverse=True)
    np.testing.assert_array_equal(numbers, expected)
    np.testing.assert_array_equal(codes, inverse)
    assert codes.dtype == np.int32


@pytest.mark.parametrize("kind", [np.int8, np.int16])
def test_identifiers_from_end_to_end_of_a_small_type(kind):
    ends = np.iinfo(kind)
    ids = np.arange(ends.min, ends.max + 1).astype(kind)[::-1]
    numbers, codes = number_codes(ids)
    np.testing.assert_array_equal(numbers, np.arange(ends.min, ends.max + 1))
    np.testing.assert_array_equal(codes, np.arange(ids.size)[::-1])
