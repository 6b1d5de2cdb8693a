"""PySpark DataFrames: the cluster makes the sums, and the driver gets them as Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ranef.errors import MissingLibraryError
from ranef.streams.dialect import SPARK
from ranef.streams.failures import failed
from ranef.streams.schema import ColumnType
from ranef.streams.source import Share, unwatched
from ranef.streams.sql import Queries

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["from_spark"]

_NUMBERS = ("tinyint", "smallint", "int", "bigint", "decimal", "boolean")
_INSTANTS = ("date", "timestamp", "time", "interval")


def from_spark(frame: Any) -> Queries:
    """A PySpark DataFrame, in the session that it belongs to.

    Raises
    ------
    MissingLibraryError
        PySpark before version 4, which cannot give Arrow tables.
    """
    if not hasattr(frame, "toArrow"):
        raise MissingLibraryError(
            "sums by PySpark need version 4 of it", fix="pip install 'ranef[spark]'"
        )
    name = "a PySpark DataFrame"
    view = f"ranef_rows_{id(frame)}"

    def run(text: str, share: Share = unwatched) -> pa.Table:
        with _viewed(frame, view) as session:
            try:
                return session.sql(text).toArrow()
            except Exception as error:
                raise failed(name, error) from error

    def stream(text: str, batch: int) -> Iterator[pa.Table]:
        with _viewed(frame, view) as session:
            try:
                yield from _batches(session.sql(text), batch)
            except Exception as error:
                raise failed(name, error) from error

    return Queries(name, view, run, SPARK, _types(frame), stream)


@contextmanager
def _viewed(frame: Any, view: str) -> Iterator[Any]:
    """The session, with a temporary view of the rows that is gone afterwards."""
    frame.createOrReplaceTempView(view)
    try:
        yield frame.sparkSession
    finally:
        frame.sparkSession.catalog.dropTempView(view)


def _batches(answer: Any, rows: int) -> Iterator[pa.Table]:
    """The rows of an answer; no more than a partition of them is here at a time."""
    import pyarrow as pa

    names = answer.columns
    waiting: list[Any] = []

    def table() -> pa.Table:
        return pa.table(
            {name: [row[k] for row in waiting] for k, name in enumerate(names)},
        )

    for row in answer.toLocalIterator():
        waiting.append(row)
        if len(waiting) >= rows:
            yield table()
            waiting = []
    if waiting:
        yield table()


def _types(frame: Any) -> dict[str, ColumnType]:
    return {name: _type(text) for name, text in frame.dtypes}


def _type(text: str) -> ColumnType:
    word = text.partition("(")[0].partition(" ")[0].lower()
    if word in ("float", "double"):
        return ColumnType("number", text, floating=True)
    if word in _NUMBERS:
        return ColumnType("number", text)
    if word.startswith(("array", "map", "struct", "variant")):
        return ColumnType("other", text)
    return ColumnType("factor", text, instants=word.startswith(_INSTANTS))
