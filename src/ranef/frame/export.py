"""New columns put back beside the user's own, in the user's kind of frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranef.frame.open import OpenFrame
from ranef.types import Array

__all__ = ["with_columns"]


def with_columns(frame: OpenFrame, new: Mapping[str, Array]) -> Any:
    """A copy of a frame with number columns added at its end, or put in place of a namesake.

    NaN becomes the library's own missing value. The frame that is given does not change.

    Parameters
    ----------
    frame : OpenFrame
        Already collected (see :func:`ranef.frame.open.collect`).
    new : mapping of str to ndarray of float64, shape (n,)

    Returns
    -------
    object
        A frame of the same library; a pandas index is kept. A mapping gives a dict.
    """
    if frame.library == "pandas":
        return frame.data.assign(**new)
    if frame.library == "polars":
        import polars as pl

        series = [pl.Series(name, values, nan_to_null=True) for name, values in new.items()]
        return frame.data.with_columns(series)
    if frame.library == "pyarrow":
        import pyarrow as pa

        table = frame.data
        for name, values in new.items():
            column = pa.array(values, from_pandas=True)
            if name in table.column_names:
                table = table.set_column(table.column_names.index(name), name, column)
            else:
                table = table.append_column(name, column)
        return table
    if frame.library == "mapping":
        return {**frame.data, **new}
    import narwhals as nw

    backend = nw.get_native_namespace(frame.data)
    columns = [nw.new_series(name, values, backend=backend) for name, values in new.items()]
    return frame.data.with_columns(*columns).to_native()
