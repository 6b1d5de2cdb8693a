"""The missing-row rule: which rows are left out, and the record of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.errors import DataError
from ranef.frame.table import Column, Table
from ranef.page import phrases
from ranef.types import MissingRows

__all__ = ["append_rows", "complete_rows", "refuse_missing", "take_rows"]

Extra = Mapping[str, NDArray[Any]]


def take_rows(table: Table, index: NDArray[Any]) -> Table:
    """The rows of a table at `index`, a boolean mask or positions; levels stay as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from ranef.frame import read_table
    >>> take_rows(read_table({"x": [1.0, 2.0, 3.0]}), np.array([2, 0]))["x"].values
    array([3., 1.])
    """
    index = np.asarray(index)
    n_rows = int(index.sum()) if index.dtype == np.bool_ else int(index.size)
    columns = {name: column.taken(index) for name, column in table.columns.items()}
    return Table(columns, n_rows, table.threads)


def append_rows(table: Table, other: Table, names: Iterable[str]) -> Table:
    """Named columns of a table with the rows of another part of the same data after them."""
    columns = {name: table[name].followed_by(other[name]) for name in names}
    return Table(columns, table.n_rows + other.n_rows, table.threads)


def missing_in(column: Column) -> NDArray[np.bool_]:
    """True where a column is missing, shape (n,)."""
    if column.kind == "factor":
        return np.asarray(column.values < 0)
    return np.asarray(np.isnan(column.stored))


def _any_missing(table: Table, name: str) -> bool:
    """Whether anything is missing, without an array of all rows."""
    column = table[name]
    if not len(column) or column.stored.dtype.kind == "u":
        return False
    low, _ = table.ends(name)
    return low < 0 if column.kind == "factor" else low != low


def complete_rows(
    table: Table, names: Iterable[str], extra: Extra | None = None
) -> tuple[Table, MissingRows]:
    """Leave out the rows where any named variable is missing, and say which.

    Parameters
    ----------
    table : Table
    names : iterable of str
        Variables of the model; other columns may be missing and are carried along.
    extra : mapping of str to ndarray of shape (n,), optional
        Arrays that belong to the rows, such as weights; NaN counts as missing. The caller drops
        ``missing.rows`` from them.

    Returns
    -------
    table : Table
        The same object where nothing is missing.
    missing : MissingRows

    Raises
    ------
    DataError
        No row is complete, or an extra array has another length.

    Examples
    --------
    >>> from ranef.frame import read_table
    >>> table, missing = complete_rows(read_table({"y": [1.0, None], "x": [1.0, 2.0]}), ["y", "x"])
    >>> table.n_rows, missing.by_column, missing.rows.tolist()
    (1, {'y': 1}, [1])
    """
    by_column, missing = _missing(table, names, extra or {})
    rows = np.flatnonzero(missing) if by_column else np.empty(0, dtype=np.int64)
    record = MissingRows(rows, by_column, table.n_rows)
    if rows.size == 0:
        return table, record
    if rows.size == table.n_rows:
        whole = [name for name, count in by_column.items() if count == table.n_rows]
        culprits = ", ".join(f"'{name}'" for name in whole or by_column)
        verb = "is" if len(whole) == 1 else "are"
        reason = (
            f"{culprits} {verb} missing in every row"
            if whole
            else f"every row misses one or more of {culprits}"
        )
        raise DataError(
            f"no row is complete: {reason}",
            found=_counts(by_column, table.n_rows),
            fix="check how the file was read, or leave the variable out of the model",
        )
    return take_rows(table, ~missing), record


def refuse_missing(table: Table, names: Iterable[str], extra: Extra | None = None) -> None:
    """The rule of ``missing="raise"``: every named variable is complete.

    Raises
    ------
    DataError
        Names the columns, how many values are missing in each, and the first rows.
    """
    by_column, missing = _missing(table, names, extra or {})
    if not by_column:
        return
    rows = np.flatnonzero(missing)
    first = ", ".join(str(row) for row in rows[:5].tolist())
    raise DataError(
        f"{phrases.share(rows.size, table.n_rows, 'row')} "
        f"{phrases.one_of_them(rows.size, 'has', 'have')} missing values",
        where=f"rows (from 0) {first}{', ...' if rows.size > 5 else ''}",
        found=_counts(by_column, table.n_rows),
        fix='missing="drop" leaves these rows out and records them',
    )


def _missing(
    table: Table, names: Iterable[str], extra: Extra
) -> tuple[dict[str, int], NDArray[np.bool_]]:
    by_column: dict[str, int] = {}
    names = list(names)
    masks = {name: missing_in(table[name]) for name in names if _any_missing(table, name)}
    for name, values in extra.items():
        if np.shape(values) != (table.n_rows,):
            raise DataError(
                f"'{name}' does not have one value per row",
                found=f"shape {np.shape(values)} for {phrases.count(table.n_rows, 'row')}",
                fix="give a vector as long as the data",
            )
        # An argument and a column of the model may have one name.
        masks[f"{name}=" if name in names else name] = np.isnan(
            np.asarray(values, dtype=np.float64)
        )
    missing = np.zeros(table.n_rows if masks else 0, dtype=np.bool_)
    for name, mask in masks.items():
        count = int(np.count_nonzero(mask))
        if count:
            by_column[name] = count
            missing |= mask
    return by_column, missing


def _counts(by_column: Mapping[str, int], n_rows: int) -> str:
    return ", ".join(f"{name} missing in {count} of {n_rows}" for name, count in by_column.items())
