"""Ibis tables: the sums are made by the engine behind them, in its own SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ranef.errors import DataError
from ranef.streams.dialect import DUCKDB
from ranef.streams.failures import failed
from ranef.streams.schema import ColumnType
from ranef.streams.source import Share, unwatched
from ranef.streams.sql import Queries
from ranef.sums.sums import COUNT, key_column

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["from_ibis"]

_ROWS = "ranef_rows"


def from_ibis(table: Any) -> Queries:
    """An Ibis table, in the engine that it belongs to.

    Raises
    ------
    DataError
        The engine does not answer SQL.
    """
    from ibis.backends.sql import SQLBackend

    engine = table.get_backend()
    name = f"an Ibis table, through {engine.name}"
    if not isinstance(engine, SQLBackend):
        raise DataError(
            "this Ibis table belongs to an engine that does not answer SQL",
            found=engine.name,
            fix="give the frame itself, or write the rows to Parquet files and scan these",
        )

    def run(text: str, share: Share = unwatched) -> pa.Table:
        try:
            return _answer(table, engine, text).to_pyarrow()
        except Exception as error:
            raise failed(name, error) from error

    def stream(text: str, batch: int) -> Iterator[pa.RecordBatch]:
        try:
            yield from _batches(table, engine, text, batch)
        except Exception as error:
            raise failed(name, error) from error

    # Queries are written for DuckDB; sqlglot, which Ibis is built on, translates them.
    dialect = DUCKDB if engine.name == "duckdb" else replace(DUCKDB, whole=None)
    types = {column: _type(kind) for column, kind in table.schema().items()}
    return Queries(name, _ROWS, run, dialect, types, stream)


def _answer(table: Any, engine: Any, text: str) -> Any:
    """A query over the rows of a table, as a table of Ibis."""
    import ibis
    import ibis.expr.operations as ops
    import sqlglot

    query: Any = sqlglot.parse_one(text, read="duckdb")
    held = table.schema()
    # The types are said here, so that the engine is not asked for them.
    types = {name: _type_of_answer(name, held) for name in query.named_selects}
    return ops.SQLStringView(
        parent=table.alias(_ROWS).op(),
        query=query.sql(dialect=engine.dialect),
        schema=ibis.schema(types),
    ).to_expr()


def _type_of_answer(name: str, held: Any) -> Any:
    if name == COUNT:
        return "int64"
    column = key_column(name)
    if column is not None:
        return held[column]
    return held.get(name, "float64")


def _batches(table: Any, engine: Any, text: str, rows: int) -> Iterator[pa.RecordBatch]:
    answer = _answer(table, engine, text)
    if engine.name != "duckdb":
        yield from answer.to_pyarrow_batches(chunk_size=rows)
        return
    import ibis

    table.limit(0).to_pyarrow()  # makes tables in memory known to the engine
    yield from engine.raw_sql(str(ibis.to_sql(answer))).to_arrow_reader(rows)


def _type(kind: Any) -> ColumnType:
    text = str(kind).removeprefix("!")
    if kind.is_floating():
        return ColumnType("number", text, floating=True)
    if kind.is_integer() or kind.is_boolean() or kind.is_decimal():
        return ColumnType("number", text)
    if kind.is_nested() or kind.is_json():
        return ColumnType("other", text)
    return ColumnType("factor", text, instants=kind.is_temporal())
