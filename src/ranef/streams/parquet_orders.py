"""The order of categories in Parquet files: SQL sees texts, and their writer chose an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from glob import glob
from typing import Any

__all__ = ["parquet_orders"]


def parquet_orders(paths: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The levels of the categories that pandas, Polars or Arrow has written, in their order.

    Parameters
    ----------
    paths : sequence of str
        Files or patterns. The first file decides.

    Returns
    -------
    mapping of str to tuple of str
        Empty for files that other programs have written, or that are elsewhere than on a disk.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted(glob(paths[0], recursive=True))
    if not files:
        return {}
    try:
        with pq.ParquetFile(files[0]) as file:
            schema = file.schema_arrow
            names = [field.name for field in schema if _has_order(field)]
            if not names or not file.num_row_groups:
                return {}
            table = file.read_row_group(0, columns=names)
    except (pa.ArrowException, OSError):  # DuckDB will say what is wrong with the file
        return {}
    return {name: _levels(table.column(name)) for name in names}


def _has_order(field: Any) -> bool:
    """Whether a column is a category of texts, other than one of Polars in order of appearance."""
    import pyarrow as pa

    kind = field.type
    if not pa.types.is_dictionary(kind):
        return False
    if any(key.startswith(b"_PL_CATEGORICAL") for key in field.metadata or {}):
        return False
    return bool(pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type))


def _levels(column: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for c in column.chunks for v in c.dictionary.to_pylist()))
