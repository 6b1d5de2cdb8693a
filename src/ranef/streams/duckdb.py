"""Parquet and CSV files, DuckDB relations and SQL, through DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ranef.errors import DataError, MissingLibraryError
from ranef.streams.dialect import DUCKDB
from ranef.streams.failures import failed
from ranef.streams.parquet_clashes import parquet_clashes
from ranef.streams.parquet_orders import parquet_orders
from ranef.streams.schema import ColumnType
from ranef.streams.source import Share, unwatched
from ranef.streams.sql import Queries, Run
from ranef.streams.text_files import TextFiles, text_table
from ranef.sums.sums import COUNT, sum_name

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["from_files", "from_relation"]

_FLOATS = ("FLOAT", "DOUBLE", "REAL")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT")
_MORE_NUMBERS = ("UINTEGER", "UBIGINT", "UHUGEINT", "DECIMAL", "BOOLEAN")
_ROWS = "ranef_rows"
_LOOK = 0.25  # seconds between two looks at how far a query is
_NAMES = ("VARCHAR", "ENUM", "DATE", "TIME", "INTERVAL", "UUID", "BLOB")


def from_files(
    paths: Sequence[str],
    reader: str,
    path: str,
    threads: int | None = None,
    text: TextFiles | None = None,
) -> Queries:
    """Files named by paths or patterns, read by a connection of their own.

    Parameters
    ----------
    paths : sequence of str
    reader : str
        DuckDB's function that reads them.
    path : str
        What they are called in messages.
    threads : int, optional
    text : TextFiles, optional
        How text files are to be read.

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
    connection = duckdb.connect()
    # DuckDB measures how far a query is only with its own bar, which would go to standard output.
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    if threads is not None:
        connection.execute(f"SET threads = {int(threads)}")
    listed = _listed(paths)

    def run(query: str, share: Share = unwatched) -> pa.Table:
        return _run(connection, query, share, path)

    try:
        if reader == "read_csv":
            table, types = _of_text(connection, listed, run, text or TextFiles())
        else:
            table, types = _of_parquet(connection, listed, run)
    except duckdb.Error as error:
        raise _cannot_read(path, error) from error

    if reader == "read_parquet" and {COUNT, sum_name(0, 0), "table"} <= types.keys():
        raise DataError(
            "these files hold moments, which are sums of rows",
            where=path,
            fix="rn.load_moments(path) reads one of them, and + adds several; on the command line: "
            "ranef merge",
        )
    orders = parquet_orders(paths) if reader == "read_parquet" else {}
    types |= {
        name: replace(types[name], order=order) for name, order in orders.items() if name in types
    }

    def stream(text: str, batch: int) -> Iterator[pa.RecordBatch]:
        with _said(path):
            yield from connection.sql(text).to_arrow_reader(batch)

    def statistics(names: Sequence[str]) -> Mapping[str, tuple[float, float]] | None:
        return _ends(run, listed, names)

    known = statistics if reader == "read_parquet" else None
    return Queries(f"{path}, through DuckDB", table, run, DUCKDB, types, stream, known)


def _listed(paths: Sequence[str]) -> str:
    """A list of texts in SQL."""
    quoted = (path.replace("'", "''") for path in paths)
    return "[" + ", ".join(f"'{each}'" for each in quoted) + "]"


def _of_text(
    connection: Any, listed: str, run: Run, text: TextFiles
) -> tuple[str, dict[str, ColumnType]]:
    first = connection.sql(f"SELECT * FROM read_csv({listed}, {text.arguments()})")
    sniffed = {name: str(kind) for name, kind in zip(first.columns, first.types, strict=True)}

    if len(sniffed) == 1 and any(mark in name for name in sniffed for mark in ",;|\t"):
        raise _not_cells(next(iter(sniffed)))

    def ask(query: str) -> Mapping[str, Any]:
        return dict(run(query).to_pylist()[0])

    table, mostly = text_table(listed, ask, sniffed, text)
    types = _types(connection.sql(f"SELECT * FROM {table}"))
    return table, types | {name: replace(types[name], mostly_numbers=True) for name in mostly}


def _not_cells(first: str) -> DataError:
    return DataError(
        "the lines of the text files do not have as many cells as the first line has names",
        found=f"a first line that reads {first[:60]!r}",
        fix="look for lines that are longer or shorter than the others; names of rows need a name "
        "of their own in the first line; --separator says what separates the cells",
    )


def _of_parquet(connection: Any, listed: str, run: Run) -> tuple[str, dict[str, ColumnType]]:
    """Numbers of several types are read as the widest: DuckDB would round those of later files."""
    table = f"read_parquet({listed})"
    types = _types(connection.sql(f"SELECT * FROM {table}"))
    clashes, differ = parquet_clashes(run, listed)
    if differ:
        table = f"read_parquet({listed}, union_by_name = true)"
        types = _types(connection.sql(f"SELECT * FROM {table}"))
    for name, clash in clashes.items():
        if name in types:
            types[name] = replace(types[name], kind="other", clash=clash)
    return table, types


def _ends(run: Run, listed: str, names: Sequence[str]) -> Mapping[str, tuple[float, float]] | None:
    """Ends of columns as Parquet files state them; values that are not numbers are not counted."""
    low, high = (f"TRY_CAST({each} AS DOUBLE)" for each in ("stats_min_value", "stats_max_value"))
    found = run(
        f"SELECT path_in_schema AS name, min({low}) AS low, max({high}) AS high, "
        f"count(*) AS groups, count({low}) AS lows, count({high}) AS highs "
        f"FROM parquet_metadata({listed}) GROUP BY path_in_schema"
    )
    known = {
        row["name"]: (row["low"], row["high"])
        for row in found.to_pylist()
        if row["groups"] == row["lows"] == row["highs"]
    }
    return known if all(name in known for name in names) else None


def from_relation(relation: Any) -> Queries:
    """A DuckDB relation, in the connection that it belongs to."""
    name = "a DuckDB relation"

    def run(text: str, share: Share = unwatched) -> pa.Table:
        with _said(name):
            return relation.query(_ROWS, text).to_arrow_table()

    def stream(text: str, batch: int) -> Iterator[pa.RecordBatch]:
        with _said(name):
            yield from relation.query(_ROWS, text).to_arrow_reader(batch)

    return Queries(name, _ROWS, run, DUCKDB, _types(relation), stream)


def _run(connection: Any, text: str, share: Share, path: str) -> pa.Table:
    """Run a query on another thread: Ctrl-C ends it at once, and its progress can be seen."""
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(lambda: connection.sql(text).to_arrow_table())
        try:
            while not wait([made], _LOOK).done:
                share(max(0.0, float(connection.query_progress()) / 100.0))
        except BaseException:
            connection.interrupt()
            raise
        with _said(path):
            return made.result()


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Errors of DuckDB in the words of ranef; a query that was interrupted is Ctrl-C."""
    import duckdb

    try:
        yield
    except (duckdb.Error, RuntimeError) as error:
        if isinstance(error, duckdb.InterruptException) or "interrupted" in str(error).lower():
            raise KeyboardInterrupt from None
        raise failed(what, error) from error


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
    if "No files found" in str(error):
        return DataError(
            "there are no such files",
            found=path,
            fix="check the path; * stands for any part of a name, ** for any folders",
        )
    return DataError(
        "the files cannot be read",
        where=path,
        found=str(error).splitlines()[0],
        fix="check that the file is complete and that its name ends in its format",
    )
