"""Any data frame to a table of plain columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ranef.errors import DataError
from ranef.frame.convert import to_column
from ranef.frame.open import OpenFrame, native_series, open_frame
from ranef.frame.table import Table

__all__ = ["read_open_frame", "read_table"]


def read_table(data: Any, columns: Iterable[str] | None = None) -> Table:
    """Read named columns of a data frame into NumPy arrays.

    Numbers, booleans, nullable and decimal columns become ``float64`` with NaN where missing: a
    read-only view of the user's memory where that is ``float64`` already, a copy otherwise.
    Strings, categories and enums become factors with ``int32`` codes, -1 where missing. So do
    values that have an order and are not numbers (dates, times, periods, UUIDs, bytes), and numbers
    that float64 would merge: whole ones beyond 2**53, decimals that differ late. Their levels stand
    in that order, and ``holds`` says what they are.

    The order of levels is the one the user gave: pandas categories, Polars ``Enum`` categories,
    the dictionary of an Arrow dictionary column, a DuckDB ``ENUM``; levels that do not occur stay.
    Plain strings are sorted by code point (C locale). So is a Polars ``Categorical``: its order
    is the order of appearance in memory, not one that somebody chose. ``ordered`` is taken from
    pandas and Arrow, the libraries that record it; a Polars ``Enum`` is not called ordered.
    Categories that are numbers are named as text, ``3`` and ``3.0`` both as ``"3"``.

    Parameters
    ----------
    data : pandas, Polars (eager or lazy), PyArrow, DuckDB relation, or mapping of columns
    columns : iterable of str, optional
        The columns to read, each once, in this order; all by default. No other column is touched,
        and a query (lazy Polars, DuckDB) runs once, for these alone.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        `data` is not a data frame, has no rows, repeats a name that is asked for, or a column that
        is asked for has values without equality or order (lists, structs, complex numbers).
    UnknownColumnError
        A name is not a column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = read_table(pd.DataFrame({"y": [1, 2, 3], "g": ["b", "a", "b"]}))
    >>> table["y"].values
    array([1., 2., 3.])
    >>> table["g"].levels, table["g"].values.tolist()
    (('a', 'b'), [1, 0, 1])
    """
    return read_open_frame(open_frame(data), columns)


def read_open_frame(
    frame: OpenFrame, columns: Iterable[str] | None = None, threads: int | None = None
) -> Table:
    """:func:`read_table` for a frame that is open already; `threads` pass over its rows."""
    names = tuple(dict.fromkeys(frame.names if columns is None else columns))
    frame.require(names)
    series = native_series(frame, names)
    read = {name: to_column(name, *series[name], threads) for name in names}
    lengths = {name: len(column) for name, column in read.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            "the columns differ in length",
            found=", ".join(f"{name} {length}" for name, length in lengths.items()),
            fix="give one value per row in every column",
        )
    n_rows = next(iter(lengths.values())) if lengths else _n_rows(frame)
    if n_rows == 0:
        raise DataError(
            "the data have no rows",
            found=f"0 rows, columns {', '.join(frame.names) or '(none)'}",
            fix="check the filter or the file that the data come from",
        )
    return Table(read, n_rows, threads)


def _n_rows(frame: OpenFrame) -> int:
    """Rows of a frame of which no column is read."""
    if frame.library == "mapping" or not frame.names:
        return 0
    ((native, _),) = native_series(frame, frame.names[:1]).values()
    return len(native)
