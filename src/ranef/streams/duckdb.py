"""Parquet and CSV files, DuckDB relations and SQL, through DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ranef.errors import DataError, MissingLibraryError
from ranef.streams.dialect import DUCKDB
from ranef.streams.failures import failed
from ranef.streams.parquet_orders import parquet_orders
from ranef.streams.schema import ColumnType
from ranef.streams.sql import Queries

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["from_files", "from_relation"]

_READERS = {
    ".parquet": "read_parquet",
    ".pq": "read_parquet",
    ".csv": "read_csv",
    ".tsv": "read_csv",
}
_FLOATS = ("FLOAT", "DOUBLE", "REAL")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT")
_MORE_NUMBERS = ("UINTEGER", "UBIGINT", "UHUGEINT", "DECIMAL", "BOOLEAN")
_NAMES = ("VARCHAR", "ENUM", "DATE", "TIME", "INTERVAL", "UUID", "BLOB")


def from_files(path: str, threads: int | None = None) -> Queries:
    """Files named by a path or a pattern, read by a connection of their own.

    Raises
    ------
    MissingLibraryError
        DuckDB is not installed.
    DataError
        There is no such file, or DuckDB cannot read it.
    """
    try:
        import duckdb
    except ImportError as error:
        raise MissingLibraryError(
            "data in files need the library duckdb", fix="pip install 'ranef[duckdb]'"
        ) from error
    reader = _READERS.get(Path(path).suffix.lower())
    if reader is None:
        raise DataError(
            "the ending of the file does not say how to read it",
            found=path,
            fix=f"name files that end in {', '.join(_READERS)}, or give a DuckDB relation",
        )
    connection = duckdb.connect()
    if threads is not None:
        connection.execute(f"SET threads = {int(threads)}")
    table = f"{reader}('{path.replace(chr(39), 2 * chr(39))}')"
    made = _queries(connection, f"{path}, through DuckDB", f"SELECT * FROM {table}", table, path)
    orders = parquet_orders(path) if reader == "read_parquet" else {}
    types = {
        name: replace(kind, order=orders[name]) if name in orders and kind.order is None else kind
        for name, kind in made.types.items()
    }
    return replace(made, types=types)


def from_relation(relation: Any) -> Queries:
    """A DuckDB relation, in the connection that it belongs to."""
    return _of(relation, "a DuckDB relation")


def _queries(connection: Any, name: str, query: str, table: str, path: str) -> Queries:
    import duckdb

    try:
        relation = connection.sql(query)
    except duckdb.Error as error:
        raise _cannot_read(path, error) from error

    def run(text: str) -> pa.Table:
        try:
            return connection.sql(text).to_arrow_table()
        except duckdb.Error as error:
            raise failed(path, error) from error

    def stream(text: str, batch: int) -> Iterator[pa.RecordBatch]:
        yield from connection.sql(text).to_arrow_reader(batch)

    return Queries(name, table, run, DUCKDB, _types(relation), stream)


def _of(relation: Any, name: str) -> Queries:
    import duckdb

    def run(text: str) -> pa.Table:
        try:
            return relation.query("ranef_rows", text).to_arrow_table()
        except duckdb.Error as error:
            raise failed(name, error) from error

    def stream(text: str, batch: int) -> Iterator[pa.RecordBatch]:
        yield from relation.query("ranef_rows", text).to_arrow_reader(batch)

    return Queries(name, "ranef_rows", run, DUCKDB, _types(relation), stream)


def _types(relation: Any) -> dict[str, ColumnType]:
    return {name: _type(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}


def _type(kind: Any) -> ColumnType:
    text = str(kind)
    word = text.partition("(")[0].partition(" ")[0].upper()
    if word in _FLOATS:
        return ColumnType("number", text, floating=True)
    if word in (*_NUMBERS, *_MORE_NUMBERS) and not text.endswith("]"):
        return ColumnType("number", text)
    if word.startswith(_NAMES) and not text.endswith("]"):
        order = tuple(kind.children[0][1]) if word == "ENUM" else None
        instants = word.startswith(("DATE", "TIME", "INTERVAL"))
        return ColumnType("factor", text, order=order, instants=instants)
    return ColumnType("other", text)


def _cannot_read(path: str, error: Exception) -> DataError:
    return DataError(
        "the files cannot be read",
        where=path,
        found=str(error).splitlines()[0],
        fix="check the path; * stands for any part of a name, ** for any folders",
    )
