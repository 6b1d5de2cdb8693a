"""The labels of the rows that were used, so that a value finds its own row again.

A pandas index names the rows of the data, if no label repeats: then what belongs to the rows is a
Series, and ``data["r"] = fit.residuals()`` puts each value on its own row. Data without an index,
or with repeated labels, get arrays in the order of the rows used: these fit a frame of as many rows
and no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ranef.errors import DataError
from ranef.options import one_of
from ranef.page.phrases import count
from ranef.types import Array, MissingRows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ROW", "check_rows", "frame_index", "on_all_rows", "on_rows"]

ROW = ".row"
"""Name of zero-based positions in data whose rows have no labels."""


def on_rows(values: Array, index: pd.Index[Any] | None, missing: MissingRows) -> Any:
    """One value for each row used: a Series by label, or the array.

    Parameters
    ----------
    values : ndarray, shape (rows used,)
        The caller's to change.
    index : Index or None
        Labels of all rows of the data.
    missing : MissingRows
    """
    if index is None or not index.is_unique:
        return values
    import pandas as pd

    return pd.Series(values, index=index.delete(missing.rows) if len(missing) else index)


def on_all_rows(values: Array, index: pd.Index[Any] | None, missing: MissingRows) -> Any:
    """One value for each row of the data, NaN in rows that were left out."""
    whole = np.full(missing.n_total, np.nan)
    whole[_positions(missing)] = values
    if index is None:
        return whole
    import pandas as pd

    return pd.Series(whole, index=index)


def frame_index(index: pd.Index[Any] | None, missing: MissingRows) -> pd.Index[Any]:
    """The index of a frame with the rows used: their labels, or their positions in the data.

    Raises
    ------
    DataError
        The labels are unique among the rows used but not in the data: pandas would put values on
        rows that they do not belong to.
    """
    import pandas as pd

    if index is None:
        if not len(missing):
            return pd.RangeIndex(missing.n_total, name=ROW)
        return pd.Index(_positions(missing), name=ROW)
    if not len(missing):
        return index
    used: pd.Index[Any] = index.delete(missing.rows)
    if used.is_unique and not index.is_unique:
        label = index[index.duplicated()][0]
        raise DataError(
            "the labels of the rows repeat, and do not say which rows were left out",
            found=f"label '{label}' on several rows, {_count(len(missing))} left out",
            fix="fit to data.reset_index(drop=True)",
        )
    return used


def check_rows(rows: str) -> bool:
    """Whether all rows are asked for.

    Raises
    ------
    OptionError
    """
    return bool(one_of("rows", rows, ("used", "all")) == "all")


def _count(rows: int) -> str:
    return count(rows, "row")


def _positions(missing: MissingRows) -> NDArray[np.int64]:
    return np.delete(np.arange(missing.n_total, dtype=np.int64), missing.rows)
