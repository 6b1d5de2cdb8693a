"""With exact=True sums have the same bits in any order of the rows, and in batches of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ranef as rn
from ranef.errors import DataError, OptionError
from ranef.streams.fixed_point import limb_sums, put_together, size_of

FORMULA = "y ~ within(x, g) * f + I(z^2) + (z | g) + (1 | h)"


def rows(n: int = 900) -> pd.DataFrame:
    """Rows with a far origin, heavy tails, weights of several sizes and missing values."""
    rng = np.random.default_rng(5)
    made = pd.DataFrame(
        {
            "x": 3.0 * rng.normal(size=n) + 1e4,
            "z": rng.standard_cauchy(size=n),
            "f": rng.choice(list("abc"), n),
            "g": rng.integers(0, 20, n),
            "h": rng.integers(0, 6, n).astype(str),
            "w": rng.uniform(0.1, 900.0, n),
        }
    )
    made["y"] = 0.3 * made["x"] + 0.01 * made["z"] + (made["f"] == "b") + rng.normal(size=n)
    made.loc[3:50, "x"] = np.nan
    return made


ROWS = rows()


def relation(data: pd.DataFrame, size: int) -> Any:
    import duckdb

    return duckdb.from_df(data)


def batches(data: pd.DataFrame, size: int) -> Any:
    return [data.iloc[k : k + size] for k in range(0, len(data), size)]


def partitions(data: pd.DataFrame, size: int) -> Any:
    return pytest.importorskip("dask.dataframe").from_pandas(data, chunksize=size)


def bits(moments: rn.Moments) -> list[Any]:
    tables = [
        {name: table.column(name).to_pylist() for name in table.column_names}
        for table in (*moments.cells, *moments.pairs, *moments.means)
    ]
    places = [moments.shifts.tolist(), moments.scales.tolist()]
    return [tables, places, moments.sum_log_weights, moments.numbers]


Make = Callable[[pd.DataFrame, int], Any]


@pytest.mark.parametrize("make", [relation, batches, partitions])
@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(90, 900))
def test_the_order_of_the_rows_changes_no_bit(make: Make, seed: int, size: int) -> None:
    order = np.random.default_rng(seed).permutation(len(ROWS))
    shuffled = ROWS.iloc[order].reset_index(drop=True)
    one, other = (
        rn.moments(FORMULA, rn.scan(make(data, k), exact=True), weights="w")
        for data, k in ((ROWS, 200), (shuffled, size))
    )
    assert bits(one) == bits(other)


def test_threads_change_no_bit(tmp_path: Any) -> None:
    import duckdb

    found = []
    for threads in (1, 3):
        connection = duckdb.connect(config={"threads": threads})
        ROWS.to_parquet(tmp_path / "rows.parquet", row_group_size=100)
        read = connection.sql(f"FROM '{tmp_path / 'rows.parquet'}'")
        found.append(bits(rn.moments(FORMULA, rn.scan(read, exact=True), weights="w")))
    assert found[0] == found[1]


def test_sums_in_fixed_point_are_as_good_as_others() -> None:
    memory = rn.lmm(FORMULA, ROWS, weights="w")
    for make in (relation, batches):
        exact = rn.lmm(FORMULA, rn.scan(make(ROWS, 100), exact=True), weights="w")
        assert exact.criterion == pytest.approx(memory.criterion, rel=1e-11)
        np.testing.assert_allclose(exact.theta, memory.theta, rtol=1e-9)


def test_rows_that_are_read_once_cannot_be_summed_exactly() -> None:
    with pytest.raises(OptionError, match="needs two passes") as error:
        rn.scan((part for part in [ROWS]), exact=True)
    assert "give a list of frames" in str(error.value)


def test_an_engine_without_large_whole_numbers_says_so() -> None:
    ibis = pytest.importorskip("ibis")
    engine = ibis.sqlite.connect()
    engine.con.execute("CREATE TABLE t (x REAL, y REAL, g INTEGER)")
    with pytest.raises(OptionError, match="whole numbers of 128 bits"):
        rn.scan(engine.table("t"), exact=True)


@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=30))
def test_limbs_are_the_sum_to_the_last_bits(values: list[float]) -> None:
    from fractions import Fraction

    given_ = np.array(values)
    limbs = limb_sums(given_, np.zeros(given_.size, dtype=np.int32), 1)
    exact = float(sum(map(Fraction, values)))
    # Each of the two additions of limbs rounds once: half a unit of 2.2e-16, and as much again.
    np.testing.assert_allclose(put_together(limbs, given_.size), exact, rtol=4.5e-16, atol=1e-25)


def test_more_rows_than_there_is_room_for_are_refused() -> None:
    with pytest.raises(DataError, match="too many rows"):
        put_together([np.zeros(1, dtype=np.int64)] * 3, 2**33)


@pytest.mark.parametrize("value", [1e-300, 0.3, 1.0, 1.5, 2.0, 1e300])
def test_sizes_are_the_next_powers_of_two(value: float) -> None:
    size = size_of(value)
    assert size >= value > size / 2.0
    assert np.frexp(size)[0] == 0.5
