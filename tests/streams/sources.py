"""The sources, each made from the same rows: a line here and the tests of sources run on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ranef as rn

__all__ = ["SOURCES"]

Make = Callable[[pd.DataFrame, Path], Any]


def _parquet(rows: pd.DataFrame, folder: Path) -> Any:
    third = max(1, len(rows) // 3)
    for k in range(0, len(rows), third):
        rows.iloc[k : k + third].to_parquet(folder / f"part_{k:07d}.parquet")
    return str(folder / "part_*.parquet")


def _file(rows: pd.DataFrame, folder: Path) -> str:
    rows.to_parquet(folder / "rows.parquet")
    return str(folder / "rows.parquet")


def _csv(rows: pd.DataFrame, folder: Path) -> Any:
    rows.to_csv(folder / "rows.csv", index=False)
    return folder / "rows.csv"


def _relation(rows: pd.DataFrame, folder: Path) -> Any:
    import duckdb

    return rn.scan(duckdb.sql(f"FROM '{_file(rows, folder)}'"))


def _exact_relation(rows: pd.DataFrame, folder: Path) -> Any:
    import duckdb

    return rn.scan(duckdb.sql(f"FROM '{_file(rows, folder)}'"), exact=True)


def _lazy(rows: pd.DataFrame, folder: Path) -> Any:
    import polars as pl

    return rn.scan(pl.scan_parquet(_file(rows, folder)))


def _data_set(rows: pd.DataFrame, folder: Path) -> Any:
    import pyarrow.dataset as ds

    return ds.dataset(_file(rows, folder))


def _filtered(rows: pd.DataFrame, folder: Path) -> Any:
    import pyarrow.dataset as ds

    twice = pd.concat([rows.assign(own=1), rows.assign(own=0)])
    return ds.dataset(_file(twice, folder)).filter(ds.field("own") == 1)


def _reader(rows: pd.DataFrame, folder: Path) -> Any:
    import pyarrow as pa

    table = pa.Table.from_pandas(rows, preserve_index=False)
    return table.to_reader(max_chunksize=1 + len(rows) // 4)


def _frames(rows: pd.DataFrame, folder: Path) -> Any:
    return rn.scan([rows.iloc[::2], rows.iloc[1::2]])


def _exact_frames(rows: pd.DataFrame, folder: Path) -> Any:
    return rn.scan([rows.iloc[k::5] for k in range(5)], exact=True)


def _generator(rows: pd.DataFrame, folder: Path) -> Any:
    return rn.scan(rows.iloc[k::3] for k in range(3))


def _ibis(rows: pd.DataFrame, folder: Path) -> Any:
    ibis = pytest.importorskip("ibis")
    return ibis.duckdb.connect().read_parquet(_file(rows, folder))


def _ibis_memory(rows: pd.DataFrame, folder: Path) -> Any:
    return pytest.importorskip("ibis").memtable(rows)


def _dask(rows: pd.DataFrame, folder: Path) -> Any:
    return pytest.importorskip("dask.dataframe").from_pandas(rows, npartitions=11)


def _exact_dask(rows: pd.DataFrame, folder: Path) -> Any:
    return rn.scan(_dask(rows, folder), exact=True)


SOURCES: dict[str, Make] = {
    "Parquet files": _parquet,
    "Arrow data set": _data_set,
    "CSV file": _csv,
    "DuckDB relation": _relation,
    "DuckDB relation, exact": _exact_relation,
    "lazy Polars frame": _lazy,
    "filtered Arrow data set": _filtered,
    "Arrow reader": _reader,
    "frames": _frames,
    "frames, exact": _exact_frames,
    "generator of frames": _generator,
    "Ibis table": _ibis,
    "Ibis table of rows in memory": _ibis_memory,
    "Dask frame": _dask,
    "Dask frame, exact": _exact_dask,
}
