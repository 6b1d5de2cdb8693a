"""New data for predictions: what is read from them, and the offset that goes with them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.design import Encoding
from ranef.errors import (
    DataError,
    NotEstimableWarning,
    OptionError,
    UnknownColumnError,
    warn,
)
from ranef.frame import Table
from ranef.frame.open import OpenFrame, in_row_order, open_frame
from ranef.frame.read import read_open_frame
from ranef.options import numbers
from ranef.page.phrases import count, one_of_them, share
from ranef.types import OFFSET, Array

__all__ = ["read_for_prediction", "warn_not_estimable"]

_SHOWN = 5  # rows that a warning lists


def read_for_prediction(
    newdata: Any,
    used: Table,
    encoding: Encoding,
    offset_name: str | None,
    offset: Any,
    random: bool,
    groups: bool | Collection[int],
    besides: Collection[str] = (),
    besides_for: str = "the residual variance of new observations",
) -> tuple[Table, Array | float]:
    """The variables of the rows to predict, and the part of the offset that no formula holds.

    Parameters
    ----------
    newdata : data frame or None
        None for the rows used in the fit.
    used : Table
        The model's variables in these.
    encoding : Encoding
    offset_name : str or None
        The column that held the offset of the fit, if there was one.
    offset : str, array-like, or None
        What the user gives in its place.
    random : bool
        Whether the variables of the random part are read too.
    groups : bool or collection of int
        Whether the grouping factors are, or those of which terms.
    besides : collection of str
        Further variables that are read, as those of the residual structure.
    besides_for : str
        What they are for, in an error.

    Returns
    -------
    table : Table
    shift : ndarray, shape (rows,), or float

    Raises
    ------
    OptionError
        The offset of the fit was an array, and the new data come without one.
    DataError
        An offset that is not one number for each row.
    UnknownColumnError
        A column that the model reads is not there.
    """
    name = offset if isinstance(offset, str) else offset_name if offset is None else None
    if newdata is None:
        table, index = used, None
    else:
        frame = open_frame(newdata)
        index = frame.index
        if name == OFFSET and OFFSET not in frame.names:
            raise OptionError(
                "the offset of the fit was an array, and the new data need their own",
                found="offset=None",
                fix="predict(newdata, offset=...) takes one number for each row of the new data "
                "or the name of a column; offset=0.0 predicts without an offset",
            )
        names = encoding.reads(frame.names, random=random, groups=groups)
        _require(names, frame, encoding)
        frame.require(tuple(besides), where=besides_for)
        more = [each for each in besides if each not in names]
        table = read_open_frame(frame, (*names, *more, *([name] if name else [])) or None)
    if name is not None:
        if name not in table:
            raise DataError(
                f"the offset '{name}' is not a variable of the model",
                found="columns " + ", ".join(table.names),
                fix="give the numbers themselves, or new data with this column",
            )
        if table[name].kind != "number":
            raise DataError(
                "the offset is not numbers",
                where=f"column '{name}'",
                found=f"a column of type {table[name].source_type}",
                fix="name a column of numbers",
            )
        return table, table[name].values
    if offset is None:
        return table, 0.0
    return table, _numbers(in_row_order(offset, index), table.n_rows)


def _require(names: Collection[str], frame: OpenFrame, encoding: Encoding) -> None:
    """Refuse new data without a column that is read; a group has a way round it."""
    absent = next((name for name in names if name not in frame.names), None)
    if absent is None:
        return
    add = f"add the column '{absent}'"
    if absent not in encoding.reads(frame.names, random=False):
        add += "; fit.predict(newdata, level='population') reads no groups"
    raise UnknownColumnError(
        f"the new data have no column '{absent}'",
        where=encoding.state.formula,
        found="columns " + ", ".join(frame.names),
        fix=add,
    )


def _numbers(offset: Any, n_rows: int) -> Array | float:
    fix = "give a column's name, one number for each row, or a single number"
    values = numbers("offset", offset, what="the offset is not numbers", fix=fix)
    if values.ndim == 0:
        return float(values)
    if values.shape != (n_rows,):
        raise DataError(
            "the offset does not have one value for each row to predict",
            found=f"shape {values.shape} for {count(n_rows, 'row')}",
            fix="give one number for each row, or a single number",
        )
    return values


def warn_not_estimable(broken: NDArray[np.bool_], encoding: Encoding) -> None:
    """Warn about rows that are not estimable.

    Parameters
    ----------
    broken : ndarray of bool, shape (rows, columns left out)
        In which rows a column is not the combination that it was in the data of the fit.
    encoding : Encoding
    """
    rows = np.flatnonzero(broken.any(axis=1))
    if not rows.size or encoding.aliases is None:
        return
    columns = np.flatnonzero(broken.any(axis=0))
    names = ", ".join(f"'{encoding.aliases.names[j]}'" for j in columns)
    shown = ", ".join(str(row) for row in rows[:_SHOWN].tolist())
    are = one_of_them(rows.size, "is", "are")
    warn(
        NotEstimableWarning,
        f"{share(rows.size, broken.shape[0], 'prediction')} {are} not estimable and {are} NaN",
        where=f"{one_of_them(rows.size, 'row', 'rows')} (from 0) {shown}"
        + (", ..." if rows.size > _SHOWN else ""),
        found=f"in all rows of the fit other columns determine {names}, which "
        f"{'were' if columns.size > 1 else 'was'} left out; in these rows they do not",
        fix="predict for values or combinations that the data of the fit hold, or leave the "
        "redundant terms out of the formula",
    )
