"""One native column to one plain :class:`~ranef.frame.table.Column`."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.errors import DataError
from ranef.frame.factors import level_names, sorted_levels
from ranef.frame.labels import arrow_labels, pandas_labels, polars_labels
from ranef.frame.native import is_pandas_series, is_polars_series, is_pyarrow_chunked_array
from ranef.frame.table import Column, WholeNumbers
from ranef.types import Codes

__all__ = ["to_column"]

_EXACT_WHOLE = 2**53
"""Whole numbers up to here have a float64 of their own."""


def to_column(name: str, native: Any, source_type: str, threads: int | None = None) -> Column:
    """Read a series of any supported library.

    Parameters
    ----------
    name : str
    native : object
        A pandas or Polars series or a PyArrow chunked array.
    source_type : str
        Its type in the words of the library.
    threads : int, optional
        Threads that pass over the rows (see :func:`~ranef.core.columns.row_threads`).

    Raises
    ------
    DataError
        The column is neither numbers nor labels.
    """
    if is_pandas_series(native):
        dtype = native.dtype
        if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
            keeps = native if _copies_on_write() else None
            values = native.to_numpy()
            column = _number(name, values, source_type, private=keeps is not None, keeps=keeps)
            if _beyond(column, threads):
                return _labels(name, native, source_type)
            return column
        if dtype == np.dtype(object):
            return _objects(name, native, source_type)
        if isinstance(dtype, np.dtype) and dtype.kind in "mM":
            return _labels(name, native, source_type)
        if type(dtype).__name__ in ("DatetimeTZDtype", "PeriodDtype", "IntervalDtype"):
            return _labels(name, native, source_type)
        if type(dtype).__name__ == "ArrowDtype":
            native = native.array.__arrow_array__()
        elif type(dtype).__name__ == "StringDtype":
            return _strings(name, native, source_type)
        elif type(dtype).__name__ == "CategoricalDtype":
            return _categories(name, native, source_type)
    elif is_polars_series(native):
        return _polars(name, native, source_type)
    if is_pyarrow_chunked_array(native):
        native = _plain_arrow(native)
    import narwhals as nw

    series = nw.from_native(native, series_only=True)
    kind = series.dtype
    whole = kind in (nw.Int64, nw.UInt64, nw.Int128, nw.UInt128)
    if whole and _merging(series.min(), series.max()):
        return _labels(name, native, source_type)
    if kind.is_numeric() or kind == nw.Boolean:
        floats, private = _floats(native)
        if kind == nw.Decimal and _merged(floats, native):
            return _labels(name, native, source_type)
        return _number(name, floats, source_type, private=private)
    if kind == nw.String:
        return _strings(name, native, source_type)
    if kind in (nw.Categorical, nw.Enum):
        return _categories(name, native, source_type)
    if source_type.lower().strip('"') == "null":
        return _number(name, np.full(len(series), np.nan), source_type)
    if is_pyarrow_chunked_array(native):
        return _labels(name, native, source_type)
    if source_type.startswith("Sparse"):
        return to_column(name, native.sparse.to_dense(), source_type, threads)
    raise _unusable(name, source_type)


def _polars(name: str, native: Any, source_type: str) -> Column:
    dtype = native.dtype
    kind = type(dtype).__name__
    whole = kind in ("Int64", "UInt64", "Int128", "UInt128")
    if whole and _merging(native.min(), native.max()):
        return _labels(name, native, source_type)
    if dtype.is_numeric() or kind == "Boolean":
        floats, private = _floats(native)
        if kind == "Decimal" and _merged(floats, native):
            return _labels(name, native, source_type)
        return _number(name, floats, source_type, private=private)
    if kind == "String":
        return _strings(name, native, source_type)
    if kind in ("Categorical", "Enum"):
        return _categories(name, native, source_type)
    if kind == "Null":
        return _number(name, np.full(len(native), np.nan), source_type)
    return _labels(name, native, source_type)


def _labels(name: str, native: Any, source_type: str) -> Column:
    """Dates, times, periods, identifiers, bytes and whole numbers that float64 would merge."""
    if is_pandas_series(native):
        column = pandas_labels(name, native, source_type)
    elif is_polars_series(native):
        column = polars_labels(name, native, source_type)
    else:
        column = arrow_labels(name, native, source_type)
    if column is None:
        raise _unusable(name, source_type)
    return column


def _unusable(name: str, source_type: str, found: str = "") -> DataError:
    return DataError(
        f"column '{name}' is neither numbers nor labels",
        found=found or f"type {source_type}",
        fix=f"turn '{name}' into a number or a category",
    )


def _number(
    name: str,
    values: NDArray[Any],
    source_type: str,
    private: bool = False,
    keeps: Any = None,
) -> Column:
    """Numbers as a read-only view of `values` where these are contiguous and in a type of ours.

    Parameters
    ----------
    private : bool
        Whether nobody else can write into the memory of `values`.
    keeps : object
        What has to live as long as the column for that.
    """
    kept = values if values.dtype.kind in "iu" else values.astype(np.float64, copy=False)
    kept = np.ascontiguousarray(kept).view()
    kept.flags.writeable = False
    if not np.may_share_memory(kept, values):
        private, keeps = True, None
    kind = WholeNumbers if kept.dtype.kind in "iu" else Column
    return kind(name, "number", kept, source_type=source_type, private=private, keeps=keeps)


@cache
def _copies_on_write() -> bool:
    """Whether pandas copies a column before it is changed while another series looks at it.

    It always does from pandas 3 on, and its own constructors copy what they are given.
    """
    import pandas as pd

    return int(pd.__version__.partition(".")[0]) >= 3


def _floats(native: Any) -> tuple[NDArray[Any], bool]:
    """Any number type, nullable or not, as ``float64`` by its own library.

    Second, whether the memory is out of everybody's reach. Arrow and Polars change no value in
    place, but both look into the NumPy arrays that a column was made from. Arrow knows of its
    buffers whether they can be written into, Polars does not.
    """
    if is_polars_series(native):
        import polars as pl

        floats: NDArray[Any] = native.cast(pl.Float64).to_numpy()
        return floats, native.dtype != pl.Float64
    if is_pyarrow_chunked_array(native):
        import pyarrow as pa

        cast = native.cast(pa.float64())
        mutable = any(
            buffer is not None and buffer.is_mutable
            for chunk in native.chunks
            for buffer in chunk.buffers()
        )
        return cast.to_numpy(), not mutable or native.type != pa.float64()
    return native.to_numpy(dtype=np.float64, na_value=np.nan), False


def _factor(
    name: str,
    codes: NDArray[Any],
    levels: tuple[str, ...],
    ordered: bool,
    source_type: str,
    private: bool = False,
    holds: str = "",
) -> Column:
    small: Codes = codes.astype(np.int32, copy=False).view()
    small.flags.writeable = False
    private = private or not np.may_share_memory(small, codes)
    return Column(name, "factor", small, levels, ordered, source_type, private, holds=holds)


def _beyond(column: Column, threads: int | None) -> bool:
    """Whether some number of a column of integers has no float64 of its own."""
    stored = column.stored
    if stored.dtype.kind not in "iu" or stored.dtype.itemsize < 8 or not len(column):
        return False
    return _merging(*column.ends(threads))


def _merging(low: Any, high: Any) -> bool:
    """Whether whole numbers reach beyond 2**53, where several share a float64."""
    return low is not None and high is not None and max(-int(low), int(high)) > _EXACT_WHOLE


def _merged(floats: NDArray[Any], native: Any) -> bool:
    """Whether decimals of a Polars or Arrow column that differ have become the same float64."""
    distinct = (
        native.drop_nulls().n_unique()
        if is_polars_series(native)
        else len(native.drop_null().unique())
    )
    return bool(np.unique(floats[~np.isnan(floats)]).size < distinct)


def _plain_arrow(chunks: Any) -> Any:
    """An Arrow column with string views as strings and run-end encoding undone."""
    import pyarrow as pa

    if pa.types.is_string_view(chunks.type):
        return chunks.cast(pa.large_string())
    if pa.types.is_run_end_encoded(chunks.type):
        import pyarrow.compute as pc

        return pa.chunked_array([pc.run_end_decode(chunk) for chunk in chunks.chunks])
    return chunks


def _strings(name: str, native: Any, source_type: str) -> Column:
    """Plain strings: levels that occur, sorted by code point."""
    if is_pandas_series(native) and hasattr(native.array, "__arrow_array__"):
        import pyarrow as pa

        array = native.array.__arrow_array__()
        native = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    if is_pandas_series(native):
        codes, uniques = native.factorize()
        codes, levels = sorted_levels(codes, [str(value) for value in uniques])
    elif is_polars_series(native):
        import polars as pl

        occurring = native.drop_nulls().unique().sort()
        codes = _polars_codes(native.cast(pl.Enum(occurring)))
        levels = tuple(occurring.to_list())
    else:
        dictionary = native.combine_chunks().dictionary_encode()
        codes = _arrow_codes(dictionary.indices)
        codes, levels = sorted_levels(codes, dictionary.dictionary.to_pylist())
    return _factor(name, codes, levels, False, source_type, private=True, holds="text")


def _categories(name: str, native: Any, source_type: str) -> Column:
    """Categories: the user's order, levels that do not occur included."""
    if is_pandas_series(native):
        values = native.array
        levels = level_names(name, values.categories.tolist())
        return _factor(name, values.codes, levels, bool(values.ordered), source_type)
    if is_polars_series(native):
        import polars as pl

        if isinstance(native.dtype, pl.Enum):
            levels = tuple(native.dtype.categories.to_list())
            return _factor(name, _polars_codes(native), levels, False, source_type)
        return replace(_strings(name, native.cast(pl.String), source_type), holds="")
    dictionary = native.combine_chunks()
    values = dictionary.dictionary.to_pylist()
    codes = _arrow_codes(dictionary.indices)
    if None in values:
        gap = values.index(None)
        values.pop(gap)
        codes = np.where(codes == gap, -1, codes - (codes > gap))
    levels = level_names(name, values)
    return _factor(name, codes, levels, bool(native.type.ordered), source_type)


def _polars_codes(enum: Any) -> NDArray[Any]:
    import polars as pl

    codes: NDArray[Any] = enum.to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    return codes


def _arrow_codes(indices: Any) -> NDArray[Any]:
    import pyarrow as pa

    codes: NDArray[Any] = indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
    return codes


def _objects(name: str, native: Any, source_type: str) -> Column:
    """A pandas column of Python objects, judged by what the objects are."""
    import pandas as pd

    content = pd.api.types.infer_dtype(native, skipna=True)
    if content == "string":
        return _strings(name, native, source_type)
    if content in ("boolean", "integer", "floating", "mixed-integer-float", "decimal", "empty"):
        present = native.notna().to_numpy()
        values = np.full(len(native), np.nan)
        whole = native[present]
        if content == "integer" and present.any() and _merging(whole.min(), whole.max()):
            return _labels(name, native, source_type)
        values[present] = native.to_numpy()[present].astype(np.float64)
        if content == "decimal" and np.unique(values[present]).size < whole.nunique():
            return _labels(name, native, source_type)
        return _number(name, values, source_type)
    kinds = {type(value).__name__: value for value in native[native.notna()]}
    if len(kinds) == 1 and content != "complex":
        column = pandas_labels(name, native, source_type)
        if column is not None:
            return column
    seen = ", ".join(f"{kind} ({value!r:.40})" for kind, value in list(kinds.items())[:3])
    raise _unusable(name, source_type, f"Python objects of type {seen}")
