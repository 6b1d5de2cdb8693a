"""The groups that averages over rows are taken in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranef.design.levels import learn_levels
from ranef.errors import OptionError, UnknownColumnError, suggestion
from ranef.frame import Column, Table
from ranef.inference.means.variables import plain
from ranef.options import name_list, shown
from ranef.page import phrases
from ranef.types import Codes

__all__ = ["Cells", "cells_of", "check_names"]

_MOST = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The combinations of values that occur.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        The combination of each row.
    count : int
    labels : mapping of str to list
        The values of each variable, one a combination; the first variable varies slowest.
    """

    codes: Codes
    count: int
    labels: Mapping[str, list[Any]]


def cells_of(by: Any, table: Table) -> Cells:
    """The cells that variables of the model form in its rows; one cell if `by` is None.

    Raises
    ------
    UnknownColumnError
        A name that is not a variable of the model.
    OptionError
        More than 100,000 cells.
    """
    check_names(by)
    if by is None:
        return Cells(np.zeros(table.n_rows, dtype=np.int32), 1, {})
    names = name_list("by", by, "variable")
    if len(set(names)) < len(names):
        raise OptionError("by names a variable twice", found=f"by={shown(by)}", fix="name it once")
    codes, labels = [], []
    for name in names:
        if name not in table:
            raise UnknownColumnError(
                f"{shown(name)} is not a variable of the model",
                found="variables " + ", ".join(table.names),
                fix=suggestion(name, table.names) or "use one of these variables",
            )
        own, values = _coded(table[name])
        codes.append(own)
        labels.append(values)
    occurring, joint = np.unique(np.column_stack(codes), axis=0, return_inverse=True)
    count = occurring.shape[0]
    if count > _MOST:
        raise OptionError(
            "by: its variables form too many groups",
            found=phrases.count(count, "group"),
            fix="name variables with fewer values",
        )
    shown_as = {
        name: [values[k] for k in occurring[:, j]]
        for j, (name, values) in enumerate(zip(names, labels, strict=True))
    }
    return Cells(joint.reshape(-1).astype(np.int32), count, shown_as)


def check_names(by: Any) -> None:
    """Refuse rows in place of names: who gives them wants predictions for these rows.

    Raises
    ------
    OptionError
    """
    if hasattr(by, "columns") or isinstance(by, Mapping):
        raise OptionError(
            "by takes names of variables, and not rows of data",
            found=f"by of type {type(by).__name__}",
            fix="fit.predict(data) predicts the rows of data; averages are of the rows of the fit",
        )


def _coded(column: Column) -> tuple[Codes, list[Any]]:
    levels, codes = learn_levels(column)
    if levels.numbers is None:
        return codes, list(levels.names)
    numbers = np.asarray(levels.numbers, dtype=np.float64)
    if column.holds_truth:
        return codes, [bool(v) for v in numbers]
    return codes, plain(numbers)
