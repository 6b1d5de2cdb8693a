"""Passes over one column against NumPy's, on any number of threads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ranef.core.columns import ends, row_threads, whole_codes
from ranef.frame.table import Column, Table, WholeNumbers

N = 140_003  # several runs of rows and a part of one
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
ON_THREADS = pytest.mark.parametrize("threads", [1, 2, 3])


@pytest.fixture(scope="module")
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


@pytest.mark.parametrize("kind", [*INTEGERS, "float64", ">i8", ">f8"])
@pytest.mark.parametrize(("n", "threads"), [(1, 1), (7, 1), (1000, 2), (N, 1), (N, 2)])
def test_ends_are_smallest_and_largest(rng, kind, n, threads):
    values = rng.integers(-100, 100, n).astype(kind)
    for place in (0, n // 2, n - 1):
        for extreme in (0, 101):
            values[place] = extreme
            assert ends(values, threads) == (values.min(), values.max())
        values[place] = 0


@pytest.mark.parametrize("kind", INTEGERS)
def test_ends_of_a_type(kind):
    limits = np.iinfo(kind)
    values = np.zeros(1000, dtype=kind)
    values[[3, 998]] = limits.max, limits.min
    assert ends(values) == (limits.min, limits.max)


@ON_THREADS
@pytest.mark.parametrize("place", [0, 1, 6, 65_535, 65_536, N - 1])
def test_one_missing_or_infinite_value_is_seen(rng, place, threads):
    values = rng.normal(size=N)
    for value in (np.nan, np.inf, -np.inf):
        kept, values[place] = values[place], value
        expected = (values.min(), values.max())
        np.testing.assert_array_equal(ends(values, threads), expected)
        values[place] = kept
    values[[3, N - 3]] = np.inf, np.nan
    assert np.isnan(ends(values, threads)).all()


def test_every_other_value_has_ends_of_its_own():
    assert ends(np.array([1.0, 9.0, 2.0, 9.0, 0.5, 9.0])[::2]) == (0.5, 2.0)


@ON_THREADS
@pytest.mark.parametrize("kind", [*INTEGERS, "float64", ">i4"])
@pytest.mark.parametrize("spread", [1, 120])
@pytest.mark.parametrize("order", ["all", "late", "gap"])
def test_codes_are_ranks(rng, kind, spread, order, threads):
    values = rng.integers(3, 4 + spread, N).astype(kind)
    middle = 3 + spread // 2
    if order != "all" and spread > 1:
        values[values == middle] = middle + 1
        if order == "late":
            values[-1] = middle
    found = whole_codes(values, int(values.min()), int(values.max()), threads)
    assert found is not None
    numbers, codes = found
    expected, inverse = np.unique(values, return_inverse=True)
    np.testing.assert_array_equal(numbers, expected)
    np.testing.assert_array_equal(codes, inverse)
    assert codes.dtype == np.int32
    assert numbers.dtype == np.float64


@ON_THREADS
def test_more_numbers_than_a_run_of_rows(rng, threads):
    values = rng.permutation(np.arange(-N // 2, N - N // 2))
    numbers, codes = whole_codes(values, int(values.min()), int(values.max()), threads)
    np.testing.assert_array_equal(numbers, np.arange(-N // 2, N - N // 2))
    np.testing.assert_array_equal(codes, values - values.min())


@ON_THREADS
@pytest.mark.parametrize("place", [0, 70_000, N - 1])
def test_what_is_no_whole_number_has_no_codes(rng, place, threads):
    values = rng.integers(0, 90, N).astype(float)
    for wrong in (0.5, np.nan, np.inf, 90.0, -1.0, 1e300):
        kept, values[place] = values[place], wrong
        assert whole_codes(values, 0, 89, threads) is None
        values[place] = kept
    whole = values.astype(np.int64)
    for outside in (90, -1, 2**62, -(2**62)):
        kept, whole[place] = whole[place], outside
        assert whole_codes(whole, 0, 89, threads) is None
        whole[place] = kept


def test_ends_of_a_column_are_its_own():
    column = WholeNumbers("g", "number", np.array([5, 3, 9]))
    table = Table({"g": column}, 3, threads=2)
    assert table.ends("g") == (3, 9)
    assert column.taken(np.array([0, 1])).ends() == (3, 5)
    assert column.copy().ends() == (3, 9)
    floats = Column("x", "number", np.array([5.0, 3.0, 9.0]))
    assert floats.ends() == (3.0, 9.0)
    assert replace(floats, values=np.array([1.0, np.nan])).ends() != (3.0, 9.0)


def test_threads_start_where_rows_are_many():
    assert row_threads(199_999, None) == 1
    assert row_threads(200_000, None) >= 1
    assert row_threads(10, 3) == 3
