"""Which source serves the data that a user gives: one line for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ranef.errors import DataError
from ranef.frame.native import (
    is_dask_dataframe,
    is_duckdb_relation,
    is_ibis_table,
    is_polars_lazyframe,
    is_spark_dataframe,
    unwrapped,
)
from ranef.frame.open import open_frame
from ranef.page.phrases import count
from ranef.page.shown import Sentence
from ranef.streams.batches import Batches
from ranef.streams.dask import Partitions
from ranef.streams.files import from_paths, is_path, is_paths
from ranef.streams.source import Source
from ranef.streams.sql import Queries
from ranef.sums.moments import Moments

__all__ = ["KINDS", "Scan", "is_streamed", "open_source"]


class Kind(NamedTuple):
    """A kind of data that is summed where it is.

    ``always``: whether ``rn.lmm`` takes it as a source without ``rn.scan``.
    """

    words: str
    is_it: Callable[[Any], bool]
    open: Callable[[Any], Source]
    always: bool


@dataclass(frozen=True, slots=True, repr=False)
class Scan(Sentence):
    """Rows that are summed where they are: what ``rn.scan`` returns.

    Attributes
    ----------
    source : Source
    exact : bool
        Whether sums are to have the same bits in any order of the rows.

    Examples
    --------
    >>> import ranef as rn
    >>> rn.scan([rn.datasets.load("sleepstudy")])
    <frames one by one: 3 columns: Reaction (float64), Days (int64), Subject (category)>
    """

    source: Source
    exact: bool = False

    @property
    def holds_no_rows(self) -> bool:
        """Tells readers of frames that this is not one."""
        return True

    def __str__(self) -> str:
        columns = self.source.schema()
        shown = ", ".join(f"{name} ({kind.text})" for name, kind in list(columns.items())[:8])
        more = f" and {len(columns) - 8} more" if len(columns) > 8 else ""
        return f"<{self.source.name}: {count(len(columns), 'column')}: {shown}{more}>"


def _relation(data: Any) -> Source:
    from ranef.streams.duckdb import from_relation

    return from_relation(data)


def _lazy(data: Any) -> Source:
    from ranef.streams.arrow import from_lazy_polars

    return from_lazy_polars(data)


def _ibis(data: Any) -> Source:
    from ranef.streams.ibis import from_ibis

    return from_ibis(data)


def _spark(data: Any) -> Source:
    from ranef.streams.spark import from_spark

    return from_spark(data)


def _dask(data: Any) -> Source:
    from ranef.streams.dask import from_dask

    return from_dask(data)


def _is_dataset(data: Any) -> bool:
    return hasattr(data, "get_fragments") and hasattr(data, "schema")


def _dataset(data: Any) -> Source:
    from ranef.streams.arrow import from_dataset

    return from_dataset(data)


def _is_reader(data: Any) -> bool:
    return type(data).__name__ == "RecordBatchReader" and type(data).__module__ == "pyarrow.lib"


def _reader(data: Any) -> Source:
    from ranef.streams.arrow import from_reader

    return from_reader(data)


def _is_scanner(data: Any) -> bool:
    return type(data).__name__ == "Scanner" and hasattr(data, "to_reader")


def _scanner(data: Any) -> Source:
    return _reader(data.to_reader())


def _is_frames(data: Any) -> bool:
    return isinstance(data, list | tuple | Iterator)


def _frames(data: Any) -> Source:
    from ranef.streams.arrow import from_frames

    return from_frames(data)


def _is_frame(data: Any) -> bool:
    try:
        open_frame(data)
    except DataError:
        return False
    return True


def _frame(data: Any) -> Source:
    return _frames([data])


KINDS = (
    Kind("a path, a folder or a pattern of Parquet, CSV or Arrow files", is_path, from_paths, True),
    Kind("a list of paths", is_paths, from_paths, True),
    Kind("a DuckDB relation", is_duckdb_relation, _relation, False),
    Kind("a lazy Polars frame", is_polars_lazyframe, _lazy, False),
    Kind("an Ibis table", is_ibis_table, _ibis, True),
    Kind("a PySpark DataFrame", is_spark_dataframe, _spark, True),
    Kind("a Dask DataFrame", is_dask_dataframe, _dask, True),
    Kind("an Arrow data set", _is_dataset, _dataset, True),
    Kind("an Arrow reader", _is_reader, _reader, True),
    Kind("an Arrow scanner", _is_scanner, _scanner, True),
    Kind("frames one by one", _is_frames, _frames, False),
    Kind("a frame in memory", _is_frame, _frame, False),
)


def is_streamed(data: Any) -> bool:
    """Whether ``rn.lmm`` is to sum these data where they are."""
    data = unwrapped(data)
    return isinstance(data, Scan | Moments) or any(k.always and k.is_it(data) for k in KINDS)


def open_source(data: Any) -> Source:
    """The source behind data that a user gives.

    Raises
    ------
    DataError
        Nothing that can be summed where it is.
    """
    if isinstance(data, Scan):
        return data.source
    if isinstance(data, Queries | Batches | Partitions):
        return data
    data = unwrapped(data)
    for kind in KINDS:
        if kind.is_it(data):
            return kind.open(data)
    raise DataError(
        "these data are not a source that can be scanned",
        found=f"an object of type {type(data).__name__}",
        fix="give " + ", ".join(kind.words for kind in KINDS),
    )
