"""Columns of dates, times and other values that have equality and order: levels of a factor.

Such values can name groups. They are not numbers, and whether a predictor means a trend along them
or one coefficient for each is for the user to say, so a formula takes them as they are only behind
a bar or inside of ``factor()``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.frame.factors import level_names
from ranef.frame.table import Column

__all__ = ["BEYOND", "MERGED", "arrow_labels", "pandas_labels", "polars_labels"]

BEYOND = "whole numbers beyond 2**53"
MERGED = "numbers that differ after their sixteenth digit"

_HOLDS = (
    ("datetime", "time stamps"),
    ("Timestamp", "time stamps"),
    ("date", "dates"),
    ("time", "times of day"),
    ("timedelta", "durations"),
    ("Timedelta", "durations"),
    ("Period", "periods"),
    ("Interval", "intervals"),
    ("int", BEYOND),
    ("Decimal", MERGED),
    ("UUID", "text"),
    ("bytes", "text"),
)
"""What values of a Python type are called. Identifiers and bytes are labels like any text."""


def pandas_labels(name: str, native: Any, source_type: str) -> Column | None:
    """A pandas series as a factor, or None where its values have no hash or no order."""
    try:
        codes, uniques = native.factorize()
        order = uniques.argsort()
    except TypeError:
        return None
    return _column(name, codes, uniques.tolist(), np.asarray(order), source_type)


def polars_labels(name: str, native: Any, source_type: str) -> Column | None:
    """A Polars series as a factor, or None where its values have no order."""
    import pandas as pd

    kind = type(native.dtype).__name__
    if kind == "Object":
        return pandas_labels(name, pd.Series(native.to_list(), dtype=object), source_type)
    if kind in ("Int128", "UInt128"):  # Arrow has no such type
        import polars as pl

        whole = [None if text is None else int(text) for text in native.cast(pl.String)]
        return pandas_labels(name, pd.Series(whole, dtype=object), source_type)
    import pyarrow as pa

    return arrow_labels(name, pa.chunked_array([native.to_arrow()]), source_type)


def arrow_labels(name: str, chunks: Any, source_type: str) -> Column | None:
    """An Arrow column as a factor, or None where its values have no equality or no order."""
    import pyarrow as pa

    kind = chunks.type
    if isinstance(kind, pa.BaseExtensionType):
        chunks = pa.chunked_array([chunk.storage for chunk in chunks.chunks], kind.storage_type)
    try:
        dictionary = chunks.combine_chunks().dictionary_encode()
    except pa.ArrowNotImplementedError:
        return None
    distinct = dictionary.dictionary
    if isinstance(kind, pa.BaseExtensionType):
        distinct = pa.ExtensionArray.from_storage(kind, distinct)
    codes = dictionary.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    if pa.types.is_time(kind):  # Python's times hold no nanoseconds
        texts = [_trimmed(text) for text in distinct.cast(pa.string()).to_pylist()]
        return _column(name, codes, texts, None, source_type, "times of day")
    try:
        return _column(name, codes, distinct.to_pylist(), None, source_type)
    except (TypeError, ValueError, OverflowError):  # no order, or a date that Python cannot hold
        return None


def _trimmed(text: str) -> str:
    """``06:30:00.500000000`` without the zeros at its end."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _column(
    name: str,
    codes: NDArray[Any],
    values: Sequence[Any],
    order: NDArray[Any] | None,
    source_type: str,
    holds: str | None = None,
) -> Column | None:
    """A factor from codes in the order of appearance, -1 where missing, and the distinct values."""
    kinds = {type(value).__name__ for value in values}
    named = next((text for kind, text in _HOLDS if kind in kinds), "labels")
    if order is None:
        order = np.array(sorted(range(len(values)), key=values.__getitem__), dtype=np.int64)
    rank = np.empty(len(values) + 1, dtype=np.int32)
    rank[order] = np.arange(len(values), dtype=np.int32)
    rank[-1] = -1  # code -1 reads the last entry
    sorted_codes = rank[codes]
    sorted_codes.flags.writeable = False
    levels = level_names(name, [values[i] for i in order.tolist()])
    return Column(
        name,
        "factor",
        sorted_codes,
        levels,
        source_type=source_type,
        private=True,
        holds=holds or named,
    )
