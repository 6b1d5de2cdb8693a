"""The missing-row rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranef.errors import DataError
from ranef.frame import complete_rows, read_table, refuse_missing, take_rows

TABLE = read_table(
    pd.DataFrame(
        {
            "y": [1.0, np.nan, 3.0, 4.0],
            "g": ["a", "b", None, "c"],
            "other": [np.nan, np.nan, np.nan, 1.0],
        }
    )
)


def test_rows_and_counts() -> None:
    table, missing = complete_rows(TABLE, ["y", "g"])
    assert missing.rows.tolist() == [1, 2]
    assert missing.by_column == {"y": 1, "g": 1}
    assert (missing.n_total, len(missing), table.n_rows) == (4, 2, 2)
    assert table["y"].values.tolist() == [1.0, 4.0]
    assert table["g"].values.tolist() == [0, 2]
    assert table["g"].levels == ("a", "b", "c")
    assert len(table["other"]) == 2


def test_complete_data_are_the_same_object() -> None:
    table = take_rows(TABLE, np.array([0, 3]))
    same, missing = complete_rows(table, ["y", "g"])
    assert same is table
    assert len(missing) == 0
    assert missing.by_column == {}
    refuse_missing(table, ["y", "g"])


def test_extra_arrays_count() -> None:
    table, missing = complete_rows(TABLE, ["y"], {"weights": np.array([np.nan, 1.0, 1.0, 1.0])})
    assert missing.by_column == {"y": 1, "weights": 1}
    assert table["y"].values.tolist() == [3.0, 4.0]
    with pytest.raises(DataError, match="'weights' does not have one value per row"):
        complete_rows(TABLE, ["y"], {"weights": np.ones(3)})


def test_nothing_left_names_the_column_responsible() -> None:
    table = read_table(pd.DataFrame({"x": [1.0, 2.0], "z": [np.nan, np.nan], "w": [np.nan, 1.0]}))
    with pytest.raises(DataError, match="'z' is missing in every row") as caught:
        complete_rows(table, ["x", "z", "w"])
    assert "z missing in 2 of 2" in caught.value.found


def test_nothing_left_through_several_columns() -> None:
    table = read_table(pd.DataFrame({"x": [1.0, np.nan], "w": [np.nan, 1.0]}))
    with pytest.raises(DataError, match="every row misses one or more of 'x', 'w'"):
        complete_rows(table, ["x", "w"])


def test_refusal_says_where() -> None:
    with pytest.raises(DataError, match="2 of 4 rows have missing values") as caught:
        refuse_missing(TABLE, ["y", "g"])
    assert caught.value.where == "rows (from 0) 1, 2"
    assert caught.value.found == "y missing in 1 of 4, g missing in 1 of 4"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_kept_and_dropped_rows_make_up_the_data(gaps: list[tuple[bool, bool]]) -> None:
    x = np.array([np.nan if gap else float(i) for i, (gap, _) in enumerate(gaps)])
    z = np.array([np.nan if gap else float(i) for i, (_, gap) in enumerate(gaps)])
    table = read_table({"x": x, "z": z})
    complete = [i for i, gap in enumerate(gaps) if not any(gap)]
    if not complete:
        with pytest.raises(DataError):
            complete_rows(table, ["x", "z"])
        return
    kept, missing = complete_rows(table, ["x", "z"])
    assert kept["x"].values.tolist() == complete
    assert sorted([*complete, *missing.rows.tolist()]) == list(range(len(gaps)))


def test_take_rows_by_mask_and_position() -> None:
    by_mask = take_rows(TABLE, np.array([True, False, False, True]))
    by_position = take_rows(TABLE, np.array([0, 3]))
    assert by_mask.n_rows == by_position.n_rows == 2
    for name in TABLE.names:
        np.testing.assert_array_equal(by_mask[name].values, by_position[name].values)
