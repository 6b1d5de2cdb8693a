"""What fails midway says so; nothing is lost, and nothing is left half-written."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import ranef as rn
from ranef.errors import DataError, OptionError
from ranef.sums.file import fingerprint

FORMULA = "y ~ x + (1 | g)"


def rows(n: int = 600, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g = rng.integers(0, 30, n)
    x = rng.normal(size=n)
    return pd.DataFrame({"y": x + rng.normal(size=30)[g] + rng.normal(size=n), "x": x, "g": g})


def files(folder: Path) -> list[Path]:
    paths = []
    for k in range(3):
        paths.append(folder / f"part_{k}.parquet")
        rows(seed=k).to_parquet(paths[-1])
    return paths


def cut(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def test_a_query_that_fails_midway_says_what_and_where() -> None:
    there = duckdb.sql(
        "SELECT random() AS y, CASE WHEN i = 190000 THEN error('the shelf is empty') ELSE random()"
        " END AS x, i % 7 AS g FROM range(200000) AS t(i)"
    )
    with pytest.raises(DataError, match="could not be read to the end") as error:
        rn.lmm(FORMULA, rn.scan(there))
    assert "the shelf is empty" in str(error.value)
    assert "a DuckDB relation" in str(error.value)


def test_a_connection_that_is_closed_says_so() -> None:
    connection = duckdb.connect()
    connection.register("rows", rows())
    source = rn.scan(connection.sql("FROM rows"))
    connection.close()
    with pytest.raises(DataError, match="could not be read to the end"):
        rn.lmm(FORMULA, source)


def test_a_file_that_is_cut_is_named(tmp_path: Path) -> None:
    paths = files(tmp_path)
    cut(paths[1])
    with pytest.raises(DataError) as error:
        rn.lmm(FORMULA, str(tmp_path / "part_*.parquet"))
    assert "part_1.parquet" in str(error.value)


@pytest.mark.parametrize("read", ["data set", "lazy Polars"])
def test_a_file_that_is_cut_later_is_said(read: str, tmp_path: Path) -> None:
    paths = files(tmp_path)
    if read == "data set":
        source: Any = ds.dataset([str(path) for path in paths])
    else:
        pl = pytest.importorskip("polars")
        source = rn.scan(pl.scan_parquet(paths))
    cut(paths[2])
    with pytest.raises(DataError, match="could not be read to the end"):
        rn.lmm(FORMULA, source)


def test_files_with_other_columns_are_refused(tmp_path: Path) -> None:
    paths = files(tmp_path)
    rows().rename(columns={"x": "z"}).to_parquet(paths[1])
    with pytest.raises(DataError) as error:
        rn.lmm(FORMULA, str(tmp_path / "part_*.parquet"))
    assert '"x"' in str(error.value) or "x" in str(error.value)


def test_frames_with_other_columns_are_refused() -> None:
    with pytest.raises(rn.errors.UnknownColumnError, match="'x'"):
        rn.lmm(FORMULA, rn.scan([rows(), rows().rename(columns={"x": "z"})]))


def test_a_key_that_turns_into_text_is_refused() -> None:
    with pytest.raises(DataError, match="'g' is of another kind in a later batch"):
        rn.lmm(FORMULA, rn.scan([rows(), rows().astype({"g": str})]))


def test_whole_numbers_that_turn_into_floats_are_the_same_levels() -> None:
    other = rows(seed=1)
    other["g"] = other["g"].astype(float)
    other.loc[5, "g"] = np.nan
    fit = rn.lmm(FORMULA, rn.scan([rows(), other]))
    memory = rn.lmm(FORMULA, pd.concat([rows(), other]))
    assert fit.criterion == pytest.approx(memory.criterion, rel=1e-11)


def test_a_worker_that_dies_says_so() -> None:
    dask = pytest.importorskip("dask.dataframe")

    def broken(part: pd.DataFrame) -> pd.DataFrame:
        if part["x"].max() == rows()["x"].max():
            raise MemoryError("the worker was killed")
        return part

    there = dask.from_pandas(rows(), npartitions=5).map_partitions(broken, meta=rows().iloc[:0])
    with pytest.raises(DataError, match="could not be read to the end") as error:
        rn.lmm(FORMULA, there)
    assert "the worker was killed" in str(error.value)


def test_a_disk_that_is_full_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "site.parquet"
    rn.moments(FORMULA, rows()).save(path)
    before = path.read_bytes()

    def full(table: pa.Table, where: Path, **options: Any) -> None:
        Path(where).write_bytes(before[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OptionError, match="cannot be written") as error:
        rn.moments(FORMULA, rows(seed=1)).save(path)
    assert "No space left" in str(error.value)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_ctrl_c_while_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "site.parquet"

    def interrupted(table: pa.Table, where: Path, **options: Any) -> None:
        Path(where).write_bytes(b"PAR1")
        raise KeyboardInterrupt

    monkeypatch.setattr(pq, "write_table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rn.moments(FORMULA, rows()).save(path)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_in_a_pass_is_ctrl_c() -> None:
    def frames() -> Iterator[pd.DataFrame]:
        yield rows()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rn.moments(FORMULA, rn.scan(frames()))


def test_ctrl_c_ends_a_query(tmp_path: Path) -> None:
    """A query that would run for minutes ends, and the command leaves nothing behind."""
    code = """
import sys
import ranef.streams.duckdb as source
from ranef.streams.source import unwatched
import duckdb
print("begun", flush=True)
try:
    source._run(duckdb.connect(), "SELECT sum(a.i * b.i) FROM range(3000000) AS a(i), "
                "range(3000000) AS b(i) WHERE a.i % 7 <> b.i % 5", unwatched, "here")
except KeyboardInterrupt:
    sys.exit(130)
"""
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    assert run.stdout.readline() == "begun\n"
    time.sleep(0.7)
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=30) == 130


def altered(path: Path, column: str, change: Any) -> None:
    """Change one value in a file of moments, and leave its description as it is."""
    table = pq.read_table(path)
    values = table.column(column).to_pylist()
    values[0] = change(values[0])
    place = table.column_names.index(column)
    made = table.set_column(place, column, pa.array(values, table.column(column).type))
    pq.write_table(made.replace_schema_metadata(table.schema.metadata), path)


@pytest.mark.parametrize(
    ("column", "change"), [("s 0 1", lambda v: v + 1e-9), ("key g", lambda v: v + 100)]
)
def test_a_file_of_moments_that_was_altered_is_refused(
    column: str, change: Any, tmp_path: Path
) -> None:
    path = tmp_path / "site.parquet"
    rn.moments(FORMULA, rows()).save(path)
    altered(path, column, lambda v: v)
    rn.load_moments(path)
    altered(path, column, change)
    with pytest.raises(DataError, match="damaged"):
        rn.load_moments(path)


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.98])
def test_a_file_of_moments_that_is_cut_is_refused(keep: float, tmp_path: Path) -> None:
    path = tmp_path / "site.parquet"
    rn.moments(FORMULA, rows()).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(DataError, match="damaged"):
        rn.load_moments(path)


def test_a_fingerprint_of_another_model_is_refused(tmp_path: Path) -> None:
    """A file that claims the fingerprint of another site and holds other columns."""
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    rn.moments(FORMULA, rows()).save(one)
    second = rn.moments("y ~ x + (x | g)", rows())
    second.save(other)
    table = pq.read_table(other)
    described = json.loads(table.schema.metadata[b"ranef moments"])
    described["fingerprint"] = fingerprint(rn.load_moments(one))
    told = {b"ranef moments": json.dumps(described).encode()}
    pq.write_table(table.replace_schema_metadata(told), other)
    with pytest.raises(DataError, match="damaged"):
        rn.load_moments(tmp_path / "o*.parquet")


def test_one_fingerprint_and_other_sums_do_not_add() -> None:
    first = rn.moments(FORMULA, rows())
    fewer = replace(first, cells=(first.cells[0].drop_columns(["s 1 2"]),))
    assert fingerprint(first) == fingerprint(fewer)
    with pytest.raises(DataError, match="hold other sums") as error:
        first + fewer
    assert "s 1 2" in str(error.value)


def test_sites_whose_columns_are_of_other_kinds_do_not_add() -> None:
    other = rows().assign(x=rows()["x"].round().astype(str))
    with pytest.raises(DataError, match="cannot be added"):
        rn.moments(FORMULA, rows()) + rn.moments(FORMULA, other)
