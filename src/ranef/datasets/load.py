"""A bundled data set as a frame of the library that the user likes."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, overload

from ranef.answers import refuse_unknown_options
from ranef.datasets.catalogue import canonical_name
from ranef.errors import MissingLibraryError
from ranef.options import one_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load"]


@overload
def load(name: str, as_: Literal["pandas"] = "pandas") -> pd.DataFrame: ...
@overload
def load(name: str, as_: Literal["polars", "pyarrow"]) -> Any: ...
@refuse_unknown_options("rn.datasets.load")
def load(name: str, as_: Literal["pandas", "polars", "pyarrow"] = "pandas") -> Any:
    """Load a bundled data set.

    Factors keep the order of their levels: they are ordered or unordered categories in pandas,
    ``Enum`` in Polars (which does not record whether an order has a meaning), dictionary columns
    in PyArrow.

    Parameters
    ----------
    name : str
        See :func:`ranef.datasets.names`; in any case.
    as_ : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        A new frame at each call.

    Raises
    ------
    OptionError
        No data set has this name, or `as_` is none of the three.
    MissingLibraryError
        Polars is asked for and not installed.

    Examples
    --------
    >>> load("Dyestuff").groupby("Batch", observed=True)["Yield"].mean().loc["A"]
    np.float64(1505.0)
    """
    key = canonical_name(name)
    one_of("as_", as_, ("pandas", "polars", "pyarrow"), what="unknown kind of frame")
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = files("ranef.datasets").joinpath("data", f"{key}.parquet").read_bytes()
    # The threads of read_table may still hold `content` when Python ends, and end the process then.
    table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
    if as_ == "pyarrow":
        return table.combine_chunks()
    if as_ == "pandas":
        return table.to_pandas()
    return _polars(table)


def _polars(table: Any) -> Any:
    try:
        import polars as pl
    except ImportError:
        raise MissingLibraryError(
            'as_="polars" needs Polars', fix="pip install 'ranef[polars]'"
        ) from None
    import pyarrow as pa

    series = []
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            levels = column.chunk(0).dictionary.to_pylist()
            text = pl.Series(name, column.cast(pa.large_string()))
            series.append(text.cast(pl.Enum(levels)))
        else:
            series.append(pl.Series(name, column))
    return pl.DataFrame(series)
