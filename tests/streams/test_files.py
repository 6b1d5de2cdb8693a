"""Files by path, list, pattern and folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pytest

import ranef as rn

pytest.importorskip("duckdb")

SLEEP = rn.datasets.load("sleepstudy")
FORMULA = "Reaction ~ Days + (Days | Subject)"
MEMORY = rn.lmm(FORMULA, SLEEP)


@pytest.fixture
def halves(tmp_path: Path) -> Path:
    (tmp_path / "2025").mkdir()
    (tmp_path / "2026").mkdir()
    parts = {"2025": SLEEP[SLEEP["Days"] < 5], "2026": SLEEP[SLEEP["Days"] >= 5]}
    for year, part in parts.items():
        part.to_parquet(tmp_path / year / "a.parquet")
        part.to_csv(tmp_path / year / "a.csv", index=False)
        part.to_csv(tmp_path / year / "b.csv.gz", index=False)
        feather.write_feather(pa.Table.from_pandas(part), tmp_path / year / "a.arrow")
    return tmp_path


@pytest.mark.parametrize(
    "named",
    [
        lambda folder: folder,
        lambda folder: str(folder) + "/",
        lambda folder: [folder / "2025" / "a.parquet", str(folder / "2026" / "a.parquet")],
        lambda folder: f"{folder}/**/*.parquet",
        lambda folder: f"{folder}/*/a.csv",
        lambda folder: f"{folder}/*/b.csv.gz",
        lambda folder: f"{folder}/202?/a.arrow",
        lambda folder: (folder / "2025" / "a.arrow", folder / "2026" / "a.arrow"),
    ],
)
def test_they_are_the_rows_in_memory(halves: Path, named: Callable[[Path], Any]) -> None:
    given = named(halves)
    for data in (given, rn.scan(given)):
        fit = rn.lmm(FORMULA, data)
        assert fit.nobs == 180
        assert fit.criterion == pytest.approx(MEMORY.criterion, rel=1e-12)


@pytest.mark.parametrize(
    ("named", "what"),
    [
        (lambda folder: f"{folder}/*.parquet", "there are no such files"),
        (lambda folder: f"{folder}/*.arrow", "there are no such files"),
        (lambda folder: f"{folder}/rows.xlsx", "does not say how to read it"),
        (lambda folder: "select * from rows", "does not say how to read it"),
        (lambda folder: [f"{folder}/a.csv", f"{folder}/a.parquet"], "files of several kinds"),
        (lambda folder: folder / "empty", "the folder does not hold data files"),
    ],
)
def test_what_cannot_be_read_is_said(halves: Path, named: Callable[[Path], Any], what: str) -> None:
    (halves / "empty").mkdir()
    with pytest.raises(rn.DataError, match=what) as error:
        rn.lmm(FORMULA, named(halves))
    assert error.value.fix


def test_frames_in_memory_can_be_scanned_too() -> None:
    for frame in (SLEEP, pa.Table.from_pandas(SLEEP), dict(SLEEP.items())):
        fit = rn.lmm(FORMULA, rn.scan(frame))
        assert fit.criterion == pytest.approx(MEMORY.criterion, rel=1e-12)
    with pytest.raises(rn.DataError, match="not a source"):
        rn.scan(pd.Series([1.0]))


def test_a_scanner_of_arrow_is_read_once(halves: Path) -> None:
    import pyarrow.dataset as ds

    scanner = ds.dataset(halves, format="parquet", exclude_invalid_files=True).scanner()
    assert rn.lmm(FORMULA, scanner).nobs == 180
