"""The user's data behind one face: its column names, and one column at a time."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ranef.errors import DataError, UnknownColumnError, suggestion
from ranef.frame.native import (
    is_dask_dataframe,
    is_duckdb_relation,
    is_ibis_table,
    is_pandas_dataframe,
    is_pandas_series,
    is_polars_dataframe,
    is_polars_lazyframe,
    is_pyarrow_table,
    is_spark_dataframe,
)

__all__ = ["OpenFrame", "collect", "in_row_order", "native_series", "open_frame"]

Library = Literal["pandas", "polars", "polars-lazy", "pyarrow", "duckdb", "mapping", "other"]


@dataclass(frozen=True, slots=True)
class OpenFrame:
    """A data frame whose names are known and whose values have not been touched.

    Attributes
    ----------
    data : object
        The frame as given.
    library : str
        Which reader is used.
    names : tuple of str
        Column names in order; a name may stand there twice.
    """

    data: Any
    library: Library
    names: tuple[str, ...]

    @property
    def index(self) -> Any:
        """The labels of the rows, a pandas index; None in frames without labels."""
        return self.data.index if self.library == "pandas" else None

    @property
    def labels(self) -> dict[str, str]:
        """Words for columns that came with the data: ``data.attrs["labels"]`` of pandas."""
        found = self.data.attrs.get("labels") if self.library == "pandas" else None
        if not isinstance(found, Mapping):
            return {}
        return {str(name): str(words) for name, words in found.items()}

    def require(self, names: tuple[str, ...], where: str = "") -> None:
        """Check that every name is a column and stands there once.

        Raises
        ------
        UnknownColumnError
            A name is not a column.
        DataError
            A name belongs to several columns.
        """
        counts = Counter(self.names)
        for name in names:
            if name not in counts:
                hint = suggestion(name, counts)
                raise UnknownColumnError(
                    f"unknown column '{name}'",
                    where=where,
                    found=f"columns {_listed(tuple(counts))}",
                    fix=hint or "name a column of the data",
                )
        repeated = [name for name in dict.fromkeys(names) if counts[name] > 1]
        if repeated:
            raise DataError(
                f"several columns share the name {_quoted(repeated)}",
                where=where,
                found=", ".join(f"'{name}' {counts[name]} times" for name in repeated),
                fix="rename or drop all but one of them",
            )


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _listed(names: tuple[str, ...], most: int = 12) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def open_frame(data: Any) -> OpenFrame:
    """Recognise a data frame and read its column names.

    Parameters
    ----------
    data : pandas, Polars (eager or lazy), PyArrow, DuckDB relation, or mapping of columns
        Whatever else narwhals or the Arrow PyCapsule interface supports works too.

    Raises
    ------
    DataError
        `data` is not a data frame, or its rows stand in another engine (Ibis, Dask, PySpark).
    """
    if is_pandas_dataframe(data):
        return OpenFrame(data, "pandas", tuple(str(label) for label in data.columns))
    if is_polars_dataframe(data):
        return OpenFrame(data, "polars", tuple(data.columns))
    if is_polars_lazyframe(data):
        return OpenFrame(data, "polars-lazy", tuple(data.collect_schema().names()))
    if is_pyarrow_table(data):
        return OpenFrame(data, "pyarrow", tuple(data.column_names))
    if is_duckdb_relation(data):
        return OpenFrame(data, "duckdb", tuple(data.columns))
    if isinstance(data, Mapping):
        return OpenFrame(data, "mapping", tuple(str(key) for key in data))
    if is_ibis_table(data) or is_dask_dataframe(data) or is_spark_dataframe(data):
        raise _elsewhere(data)
    if getattr(type(data), "holds_no_rows", False):
        raise DataError(
            "this needs rows in memory, and these data are summed where they are",
            found=f"an object of type {type(data).__name__}",
            fix=_IN_MEMORY.format("pandas.read_parquet(path)"),
        )
    import narwhals as nw
    from narwhals import dependencies

    frame = nw.from_native(data, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        return OpenFrame(frame, "other", tuple(frame.columns))
    if isinstance(frame, nw.LazyFrame):
        native = frame.to_native()
        if is_polars_lazyframe(native) or is_duckdb_relation(native):
            return open_frame(native)
        raise _elsewhere(native)
    is_series = dependencies.is_into_series(data)
    if not is_series and (
        hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")
    ):
        import pyarrow as pa

        try:
            table = pa.table(data)
        except (TypeError, ValueError):
            raise _no_frame(data, is_series) from None
        return OpenFrame(table, "pyarrow", tuple(table.column_names))
    raise _no_frame(data, is_series)


def in_row_order(values: Any, index: Any) -> Any:
    """A pandas series in the order of the rows that a pandas index labels.

    A series with the same labels in another order is put in order. Anything else comes back as it
    is, and counts by position.

    Parameters
    ----------
    values : object
    index : pandas Index or None
    """
    if index is None or not is_pandas_series(values) or values.index.equals(index):
        return values
    same = len(values) == len(index) and values.index.is_unique and index.is_unique
    return values.reindex(index) if same and index.isin(values.index).all() else values


def _elsewhere(data: Any) -> DataError:
    """What is said of rows that stand in another engine: to read them all takes the user's word."""
    library = type(data).__module__.partition(".")[0]
    collect = _COLLECT.get(library, "collect the rows")
    return DataError(
        f"these data are a query of {library}, and its rows would all be read into memory here",
        found=f"an object of type {type(data).__module__}.{type(data).__name__}",
        fix="rn.lmm(formula, data) sums the rows where they are. For anything else, read the rows "
        f"into memory: {collect}",
    )


_COLLECT = {
    "dask": "data.compute()",
    "ibis": "data.to_pandas()",
    "pyspark": "data.toPandas()",
    "sqlframe": "data.toPandas()",
}


def _no_frame(data: Any, is_series: bool) -> DataError:
    from narwhals import dependencies

    kind = type(data)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    fix = "give a pandas, Polars or PyArrow table, a DuckDB relation or a dict of columns"
    if isinstance(data, (str, bytes)) or hasattr(data, "__fspath__"):
        return _path(data)
    elif is_series:
        fix = "give the whole frame, with every variable of the model as a column"
    elif dependencies.is_numpy_array(data):
        fix = "name its columns: pandas.DataFrame(array, columns=[...])"
    elif isinstance(data, (list, tuple)):
        fix = "make a frame of it first: pandas.DataFrame(rows)"
    return DataError(
        "the data argument is not a data frame", found=f"an object of type {name}", fix=fix
    )


def _path(data: Any) -> DataError:
    """What is said of the path of a file where rows are needed."""
    path = os.fsdecode(data)
    ends = [end.lower().lstrip(".") for end in os.path.basename(path).split(".")[1:]]
    reader = next((_READERS[end] for end in reversed(ends) if end in _READERS), "read_csv")
    several = any(mark in path for mark in "*?[")
    call = f"duckdb.{_DUCKDB[reader]}(path).df()" if several else f"pandas.{reader}(path)"
    shown = path if len(path) <= _LONGEST else f"{path[:_LONGEST]}..."
    return DataError(
        "the data argument is not a data frame, and this needs rows in memory",
        found=f"an object of type {type(data).__name__}: {shown!r}",
        fix=_IN_MEMORY.format(call),
    )


_IN_MEMORY = (
    "read the rows that you need into memory, for instance with {}. Only linear models, "
    "rn.lmm(formula, data), are fitted from files and sums; generalised models and tables are made "
    "from rows in memory"
)

_READERS = {
    "parquet": "read_parquet",
    "pq": "read_parquet",
    "arrow": "read_feather",
    "feather": "read_feather",
    "csv": "read_csv",
    "tsv": "read_csv",
    "txt": "read_csv",
    "xlsx": "read_excel",
    "xls": "read_excel",
    "dta": "read_stata",
    "sav": "read_spss",
}

_DUCKDB = dict.fromkeys(_READERS.values(), "read_parquet") | {"read_csv": "read_csv"}

_LONGEST = 80


def collect(frame: OpenFrame, names: tuple[str, ...] | None = None) -> OpenFrame:
    """Run a query once: lazy Polars becomes eager Polars, a DuckDB relation a PyArrow table.

    Parameters
    ----------
    frame : OpenFrame
    names : tuple of str, optional
        The columns that are needed, each once; all by default. A frame in memory keeps all.
    """
    data = frame.data
    if frame.library == "polars-lazy":
        chosen = data if names is None else data.select(names)
        return OpenFrame(chosen.collect(), "polars", names or frame.names)
    if frame.library == "duckdb":
        chosen = data if names is None else _selected(data, names)
        return OpenFrame(chosen.to_arrow_table(), "pyarrow", names or frame.names)
    return frame


def _selected(relation: Any, names: tuple[str, ...]) -> Any:
    """Some columns of a DuckDB relation, whatever their names are."""
    from duckdb import ColumnExpression

    return relation.select(*map(ColumnExpression, names))


def native_series(frame: OpenFrame, names: tuple[str, ...]) -> dict[str, tuple[Any, str]]:
    """The native column behind each name, with its type in the user's words.

    A query (lazy Polars, DuckDB) runs once, for these columns alone.

    Parameters
    ----------
    frame : OpenFrame
    names : tuple of str
        Columns that exist once each (see :meth:`OpenFrame.require`).

    Returns
    -------
    dict of str to (native series, str)
    """
    wanted = tuple(dict.fromkeys(names))
    if frame.library == "pandas":
        labels = dict(zip(frame.names, frame.data.columns, strict=True))
        columns = {name: frame.data[labels[name]] for name in wanted}
        return {name: (column, str(column.dtype)) for name, column in columns.items()}
    if frame.library == "polars-lazy":
        eager = frame.data.select(wanted).collect()
        return {name: (eager[name], str(eager[name].dtype)) for name in wanted}
    if frame.library == "duckdb":
        types = dict(zip(frame.names, map(str, frame.data.types), strict=True))
        table = _selected(frame.data, wanted).to_arrow_table()
        return {name: (table.column(i), types[name]) for i, name in enumerate(wanted)}
    if frame.library == "pyarrow":
        position = {name: i for i, name in enumerate(frame.names)}
        chunks = {name: frame.data.column(position[name]) for name in wanted}
        return {name: (chunk, str(chunk.type)) for name, chunk in chunks.items()}
    if frame.library == "polars":
        return {name: (frame.data[name], str(frame.data[name].dtype)) for name in wanted}
    if frame.library == "mapping":
        keys = {str(key): key for key in frame.data}
        return {name: _as_series(name, frame.data[keys[name]]) for name in wanted}
    arrow = frame.data.select(*wanted).to_arrow()
    schema = frame.data.schema
    return {name: (arrow.column(name), str(schema[name])) for name in wanted}


def _as_series(name: str, values: Any) -> tuple[Any, str]:
    """One value of a mapping as a series; a library's own series stays what it is."""
    import numpy as np
    from narwhals import dependencies

    if hasattr(values, "__arrow_c_array__") and not hasattr(values, "__arrow_c_stream__"):
        import pyarrow as pa

        values = pa.chunked_array([pa.array(values)])
    if dependencies.is_into_series(values):
        return values, str(getattr(values, "dtype", None) or values.type)
    import pandas as pd

    if isinstance(values, (str, bytes)) or np.ndim(values) == 0:
        raise DataError(
            f"column '{name}' of the mapping is not a sequence of values",
            found=f"an object of type {type(values).__name__}",
            fix="give an array or a list with one value per row",
        )
    if getattr(values, "ndim", 1) != 1:
        raise DataError(
            f"column '{name}' of the mapping is not one-dimensional",
            found=f"an array of shape {np.shape(values)}",
            fix="give one array of length n per column",
        )
    series = pd.Series(values)
    return series, str(series.dtype)
