"""Which rows of the data a condition chooses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ranef.design.evaluate import evaluate
from ranef.design.state import State
from ranef.errors import DataError
from ranef.formula.condition import Condition, Joined, columns
from ranef.frame.table import Table
from ranef.types import Array

__all__ = ["rows_where"]


def rows_where(condition: Condition, text: str, table: Table) -> NDArray[np.bool_]:
    """True in the rows where a condition holds, shape (n,).

    Where a value that it needs is missing, a comparison is neither true nor false; such a row is
    chosen only if the rest of the condition decides, as in R's ``subset``.

    Parameters
    ----------
    condition : Condition
    text : str
        As the user wrote it, for messages.
    table : Table

    Raises
    ------
    DataError
        A category where a number is needed, or no row for which the condition holds.
    """
    kinds = {name: table[name].kind for name in columns(condition)}
    chosen = _truth(condition, table, State(text, kinds)) == 1.0
    if not chosen.any():
        raise DataError(
            "the condition holds in no row",
            where=f"subset={text!r}",
            found=f"{table.n_rows} rows, none of them chosen",
            fix="check the values of its columns",
        )
    return np.asarray(chosen)


def _truth(condition: Condition, table: Table, state: State) -> Array:
    """1 for true, 0 for false, NaN for unknown (Kleene's three values)."""
    if not isinstance(condition, Joined):
        values = evaluate(condition, table, state)
        return np.where(np.isnan(values), np.nan, (values != 0.0).astype(np.float64))
    parts = [_truth(part, table, state) for part in condition.parts]
    if condition.word == "not":
        return 1.0 - parts[0]
    decides = 0.0 if condition.word == "and" else 1.0
    unknown = np.any([np.isnan(part) for part in parts], axis=0)
    decided = np.any([part == decides for part in parts], axis=0)
    return np.where(decided, decides, np.where(unknown, np.nan, 1.0 - decides))
