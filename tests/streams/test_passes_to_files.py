"""Passes over rows that write augmented rows and predictions to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.streams.answers import FORMULA, rows

import ranef as rn


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_rows_are_augmented_and_predicted_into_a_file(suffix: str, tmp_path: Path) -> None:
    data = rows()
    data.loc[4, "x"] = np.nan
    data.to_parquet(tmp_path / "rows.parquet")
    memory, streamed = rn.lmm(FORMULA, data), rn.lmm(FORMULA, tmp_path / "rows.parquet")

    def read(path: Path) -> pd.DataFrame:
        return pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)

    found = read(streamed.augment(to=tmp_path / f"a{suffix}"))
    expected = memory.augment().drop(columns=".hat").reset_index(drop=True)
    expected = expected.astype({"f": str, "g": str})
    assert found.pop(".row").tolist() == [k for k in range(len(data)) if k != 4]
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9, check_dtype=False)
    target = tmp_path / f"p{suffix}"
    assert streamed.predict(tmp_path / "rows.parquet", to=target, interval="confidence") == target
    expected = memory.predict(data, interval="confidence")
    pd.testing.assert_frame_equal(read(target), expected, rtol=1e-9)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [f"a{suffix}", f"p{suffix}", "rows.parquet"]
    )


def test_a_pass_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    data = rows()
    fit = rn.lmm(FORMULA, data)
    target = tmp_path / "p.csv"
    target.write_text("before")
    strange = [data.iloc[:200], data.iloc[200:].assign(f="new")]
    with pytest.raises(rn.DataError):
        fit.predict(rn.scan(strange), to=target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("ask", "what", "fix"),
    [
        (lambda fit, d: fit.predict(d / "rows.parquet"), "go to a file", "to="),
        (lambda fit, d: fit.predict(rows(9), to=d / "p.txt"), "Parquet or CSV", ".parquet"),
        (lambda fit, d: fit.predict(rows(9), to=3), "name of a file", ".parquet"),
        (lambda fit, d: fit.augment(to=d / "none" / "a.csv"), "cannot be written", "folder"),
        (lambda fit, d: fit.augment(), "needs the data", "fit.augment(to="),
    ],
)
def test_a_wrong_target_says_what_to_do(
    ask: Callable[[rn.Fit, Path], Any], what: str, fix: str, tmp_path: Path
) -> None:
    rows().to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(rn.RanefError, match=what) as caught:
        ask(rn.lmm(FORMULA, tmp_path / "rows.parquet"), tmp_path)
    assert fix in caught.value.fix


def test_moments_know_no_rows_to_augment(tmp_path: Path) -> None:
    fit = rn.lmm(FORMULA, rn.moments(FORMULA, rows()))
    with pytest.raises(rn.OptionError, match="cannot read its rows again"):
        fit.augment(to=tmp_path / "a.csv")
