"""Parquet files whose columns differ: numbers of several types are read, anything else is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ranef as rn

pytest.importorskip("duckdb")

FORMULA = "y ~ x + (1 | g)"


def rows(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g = rng.integers(5, size=40)
    return pd.DataFrame({"y": rng.normal(size=40), "x": rng.normal(size=40), "g": g})


def written(folder: Path, *frames: pd.DataFrame) -> str:
    for k, frame in enumerate(frames):
        frame.to_parquet(folder / f"part{k}.parquet")
    return f"{folder}/*.parquet"


def test_decimals_after_a_file_of_whole_numbers_are_not_rounded(tmp_path: Path) -> None:
    parts = [rows(1).assign(x=np.arange(40)), rows(2)]
    for frames in (parts, parts[::-1]):
        fit = rn.lmm(FORMULA, written(tmp_path, *frames))
        assert fit.criterion == pytest.approx(rn.lmm(FORMULA, pd.concat(parts)).criterion, rel=1e-9)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("other", "found"),
    [
        (rows(2).assign(x="a"), "VARCHAR in "),
        (rows(2).drop(columns="x"), "1 of 2 files without it, such as "),
    ],
)
def test_a_column_that_differs_is_named(
    other: pd.DataFrame, found: str, turned: bool, tmp_path: Path
) -> None:
    frames = [other, rows(1)] if turned else [rows(1), other]
    with pytest.raises(rn.DataError, match="column 'x' is not the same in all files") as error:
        rn.lmm(FORMULA, written(tmp_path, *frames))
    culprit = f"part{0 if turned else 1}.parquet"
    assert f"{found}{tmp_path}/{culprit}" in error.value.found
    assert "make it numbers in all of them" in error.value.fix


def test_other_columns_may_differ(tmp_path: Path) -> None:
    named = written(tmp_path, rows(1).assign(z=1.0), rows(2).assign(z="a"), rows(3))
    assert rn.lmm(FORMULA, named).nobs == 120
