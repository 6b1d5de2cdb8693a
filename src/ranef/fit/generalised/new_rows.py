"""New rows of a generalised model: their predictors, offset and weights."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranef.design.generalised_data import GeneralisedData
from ranef.errors import DataError, OptionError, UnknownColumnError
from ranef.family import Family
from ranef.fit.new_data import read_for_prediction
from ranef.frame import Table
from ranef.frame.open import in_row_order, open_frame
from ranef.options import numbers
from ranef.page.phrases import count
from ranef.types import Array

__all__ = ["NewRows", "read_new_rows"]


@dataclass(frozen=True, slots=True, eq=False)
class NewRows:
    """Rows to predict or to simulate.

    Attributes
    ----------
    table : Table
    shift : ndarray, shape (rows,), or float
        The part of the offset that no formula holds.
    weights : ndarray, shape (rows,), or None
        Trials, or what divides the variance; None if all are 1 or none are wanted.
    """

    table: Table = field(repr=False)
    shift: Array | float = field(repr=False)
    weights: Array | None = field(default=None, repr=False)


def read_new_rows(
    data: GeneralisedData,
    family: Family,
    newdata: Any,
    offset: Any,
    weights: Any,
    *,
    random: bool,
    groups: bool | Collection[int],
    parts: Collection[str],
    responses: bool,
) -> NewRows:
    """Read the rows that a question is about.

    Parameters
    ----------
    data : GeneralisedData
        Of the fit.
    family : Family
    newdata : data frame or None
        None for the rows of the fit.
    offset, weights : str, array-like, float, or None
        What the user gives in place of those of the fit.
    random, groups
        As in :func:`~ranef.fit.new_data.read_for_prediction`.
    parts : collection of str
        The parts of psi that are needed.
    responses : bool
        Whether it is about new observations, which need weights.

    Raises
    ------
    OptionError, DataError, UnknownColumnError
    """
    counted = responses and family.WEIGHTS != "density"
    name = weights if isinstance(weights, str) else None
    if counted and weights is None and family.WEIGHTS == "trials":
        name = data.weights_name
        if newdata is not None and name is None and data.weights is not None:
            raise OptionError(
                "new rows need their numbers of trials",
                found=f"a model of {data.design.response}, and new data without weights=",
                fix="weights= takes the name of their column, one number for each row, or one for "
                "all",
            )
    if newdata is not None and counted and name is not None:
        _require_weights(newdata, name)
    modelled = [name for p in parts if p in data.parts for name in data.parts[p].encoding.variables]
    besides = tuple(dict.fromkeys(modelled))
    table, shift = read_for_prediction(
        newdata,
        data.table,
        data.design.encoding,
        data.offset_name,
        offset,
        random,
        groups,
        besides if newdata is None or not (counted and name) else (*besides, name),
        "the other parts of the model",
    )
    if not counted:
        return NewRows(table, shift)
    if newdata is None and weights is None:
        return NewRows(table, shift, data.weights if family.WEIGHTS == "trials" else None)
    if name is None:
        if weights is None:
            return NewRows(table, shift)
        index = None if newdata is None else open_frame(newdata).index
        given = numbers("weights", in_row_order(weights, index))
        values = np.broadcast_to(given, (table.n_rows,)) if given.ndim == 0 else given
    else:
        values = _column(table, name)
    return NewRows(table, shift, _checked(values, table.n_rows, family))


def _require_weights(newdata: Any, name: str) -> None:
    names = open_frame(newdata).names
    if name not in names:
        raise UnknownColumnError(
            f"the new data have no column '{name}' for the weights of new observations",
            found="columns " + ", ".join(names),
            fix=f"add the column '{name}', or give weights=: another column, one number for each "
            "row, or one for all",
        )


def _column(table: Table, name: str) -> Array:
    if name not in table:
        raise DataError(
            f"the weights '{name}' are not a variable of the model",
            found="columns " + ", ".join(table.names),
            fix="give the numbers themselves, or new data with this column",
        )
    if table[name].kind != "number":
        raise DataError(
            "the weights are not numbers",
            where=f"column '{name}'",
            found=f"a column of type {table[name].source_type}",
            fix="name a column of numbers",
        )
    return table[name].values


def _checked(values: Array, n_rows: int, family: Family) -> Array:
    fix = "give a column's name, one number for each row, or a single number"
    if values.shape != (n_rows,):
        raise DataError(
            "there is not one weight for each row",
            found=f"shape {values.shape} for {count(n_rows, 'row')}",
            fix=fix,
        )
    known = values[~np.isnan(values)]
    if family.WEIGHTS == "trials":
        bad = (known < 1.0) | (known != np.rint(known)) | np.isinf(known)
        what = f"weights of the {family.name} family are numbers of trials"
        fix = "give whole numbers of at least 1"
    else:
        bad = (known <= 0.0) | np.isinf(known)
        what, fix = "weights are positive numbers", "give positive numbers"
    if bad.any():
        raise DataError(what, where="weights=", found=f"{known[bad][0]:.15g}", fix=fix)
    return np.asarray(values, dtype=np.float64)
