"""Moments that cannot be added: the message names the files, what differs and the way out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.sums.merge import merged

FORMULA = "y ~ x + f + (1 | doctor)"


def rows(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    doctor = rng.integers(8, size=120)
    y = rng.normal(size=8)[doctor] + rng.normal(size=120)
    f = pd.Categorical(rng.choice(["low", "mid", "high"], 120), ["low", "mid", "high"])
    return pd.DataFrame({"y": y, "x": rng.normal(size=120), "f": f, "doctor": doctor})


def refused(one: pd.DataFrame, other: pd.DataFrame) -> rn.DataError:
    parts = [rn.moments(FORMULA, one), rn.moments(FORMULA, other)]
    with pytest.raises(rn.DataError, match="cannot be added") as error:
        merged(parts, ["north.parquet", "south.parquet"])
    return error.value


def test_numbers_and_text_as_names_of_groups() -> None:
    error = refused(rows(1), rows(2).assign(doctor=[f"d{k}" for k in rows(2)["doctor"]]))
    assert "column 'doctor' is not of the same kind in both" in error.what
    assert error.found == "numbers in north.parquet, text or categories in south.parquet"
    assert "make 'doctor' text at each site" in error.fix


def test_the_way_out_for_names_of_groups_works() -> None:
    one, other = rows(1), rows(2).astype({"doctor": "string"})
    one["doctor"] = one["doctor"].astype(float).astype("Int64").astype("string")
    both = rn.moments(FORMULA, one) + rn.moments(FORMULA, other)
    assert rn.lmm(FORMULA, both).ngroups == {"doctor": 8}


def test_whole_numbers_and_floats_name_the_same_groups() -> None:
    both = rn.moments(FORMULA, rows(1)) + rn.moments(FORMULA, rows(2).astype({"doctor": float}))
    assert rn.lmm(FORMULA, both).ngroups == {"doctor": 8}


def test_a_predictor_of_another_kind_is_not_called_another_formula() -> None:
    error = refused(rows(1), rows(2).assign(x="a"))
    assert "column 'x' is not of the same kind in both" in error.what
    assert "text at each site" in error.fix
    assert "formula" not in error.fix


def test_categories_in_another_order_are_named_with_their_files() -> None:
    other = rows(2)
    other["f"] = other["f"].cat.reorder_categories(["high", "mid", "low"])
    error = refused(rows(1), other)
    assert "the levels of 'f' are in other orders" in error.what
    assert error.found == "low, mid, high in north.parquet, high, mid, low in south.parquet"
    assert "in the same order at each site" in error.fix


def test_the_rows_of_a_file_are_not_counted_twice(tmp_path: Path) -> None:
    sums, other = rn.moments(FORMULA, rows(1)), rn.moments(FORMULA, rows(2))
    assert (sums + sums).n == 2 * sums.n  # whoever writes this means it
    for name, own in (("a", sums), ("b", other), ("copy", sums)):
        own.save(tmp_path / f"{name}.parquet")
    with pytest.raises(rn.DataError, match="sums of the same rows") as error:
        rn.load_moments(tmp_path / "*.parquet")
    assert f"{tmp_path}/a.parquet and in {tmp_path}/copy.parquet" in error.value.found
    assert rn.load_moments(tmp_path / "[ab].parquet").n == 240


def test_rows_that_differ_in_one_value_are_other_rows() -> None:
    other = rows(1)
    other.loc[3, "y"] += 1e-3
    assert (rn.moments(FORMULA, rows(1)) + rn.moments(FORMULA, other)).n == 240
