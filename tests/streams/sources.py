"""The sources, each made from the same rows: a line here and every test of a source runs on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import ranef as rn

__all__ = ["SOURCES"]

Make = Callable[[pd.DataFrame, Path], Any]


def _parquet(rows: pd.DataFrame, folder: Path) -> Any:
    third = max(1, len(rows) // 3)
    for k in range(0, len(rows), third):
        rows.iloc[k : k + third].to_parquet(folder / f"part_{k:07d}.parquet")
    return str(folder / "part_*.parquet")


def _csv(rows: pd.DataFrame, folder: Path) -> Any:
    rows.to_csv(folder / "rows.csv", index=False)
    return folder / "rows.csv"


def _relation(rows: pd.DataFrame, folder: Path) -> Any:
    import duckdb

    rows.to_parquet(folder / "rows.parquet")
    return rn.scan(duckdb.sql(f"FROM '{folder / 'rows.parquet'}'"))


def _lazy(rows: pd.DataFrame, folder: Path) -> Any:
    import polars as pl

    rows.to_parquet(folder / "rows.parquet")
    return rn.scan(pl.scan_parquet(folder / "rows.parquet"))


def _data_set(rows: pd.DataFrame, folder: Path) -> Any:
    import pyarrow.dataset as ds

    rows.to_parquet(folder / "rows.parquet")
    return ds.dataset(folder / "rows.parquet")


def _reader(rows: pd.DataFrame, folder: Path) -> Any:
    import pyarrow as pa

    table = pa.Table.from_pandas(rows, preserve_index=False)
    return table.to_reader(max_chunksize=1 + len(rows) // 4)


def _frames(rows: pd.DataFrame, folder: Path) -> Any:
    return rn.scan([rows.iloc[::2], rows.iloc[1::2]])


def _generator(rows: pd.DataFrame, folder: Path) -> Any:
    return rn.scan(rows.iloc[k::3] for k in range(3))


def _moments(formula: str) -> Make:
    def make(rows: pd.DataFrame, folder: Path) -> Any:
        half = len(rows) // 2
        parts = rn.moments(formula, rows.iloc[:half]), rn.moments(formula, rows.iloc[half:])
        for k, part in enumerate(parts):
            part.save(folder / f"site_{k}.parquet")
        return rn.load_moments(folder / "site_*.parquet")

    return make


SOURCES: dict[str, Make] = {
    "Parquet files": _parquet,
    "CSV file": _csv,
    "DuckDB relation": _relation,
    "lazy Polars frame": _lazy,
    "Arrow data set": _data_set,
    "Arrow reader": _reader,
    "frames": _frames,
    "generator of frames": _generator,
}
