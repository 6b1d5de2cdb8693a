"""Whose object this is, without importing a library that the user has not."""

from __future__ import annotations

import sys
from typing import Any

__all__ = [
    "is_dask_dataframe",
    "is_duckdb_relation",
    "is_ibis_table",
    "is_pandas_dataframe",
    "is_pandas_series",
    "is_polars_dataframe",
    "is_polars_lazyframe",
    "is_polars_series",
    "is_pyarrow_chunked_array",
    "is_pyarrow_table",
    "is_spark_dataframe",
    "unwrapped",
]


def _is(data: Any, library: str, name: str) -> bool:
    kind = getattr(sys.modules.get(library), name, None)
    return kind is not None and isinstance(data, kind)


def is_pandas_dataframe(data: Any) -> bool:
    return _is(data, "pandas", "DataFrame")


def is_pandas_series(data: Any) -> bool:
    return _is(data, "pandas", "Series")


def is_polars_dataframe(data: Any) -> bool:
    return _is(data, "polars", "DataFrame")


def is_polars_lazyframe(data: Any) -> bool:
    return _is(data, "polars", "LazyFrame")


def is_polars_series(data: Any) -> bool:
    return _is(data, "polars", "Series")


def is_pyarrow_table(data: Any) -> bool:
    return _is(data, "pyarrow", "Table")


def is_pyarrow_chunked_array(data: Any) -> bool:
    return _is(data, "pyarrow", "ChunkedArray")


def is_duckdb_relation(data: Any) -> bool:
    return _is(data, "duckdb", "DuckDBPyRelation")


def is_ibis_table(data: Any) -> bool:
    return _is(data, "ibis.expr.types", "Table")


def is_dask_dataframe(data: Any) -> bool:
    return _is(data, "dask.dataframe", "DataFrame")


def is_spark_dataframe(data: Any) -> bool:
    return _is(data, "pyspark.sql", "DataFrame") or _is(
        data, "pyspark.sql.connect.dataframe", "DataFrame"
    )


def unwrapped(data: Any) -> Any:
    """What stands behind a lazy frame of narwhals; anything else as it is."""
    return data.to_native() if _is(data, "narwhals", "LazyFrame") else data
