"""Averages over the observed rows, and the rows that a comparison is between."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ranef.frame import Column, Table
from ranef.inference.means.rows import MeanRows
from ranef.inference.means.variables import Variable
from ranef.types import Array, Codes

__all__ = ["average", "compared_ends", "comparisons_of"]

_AT_ONCE = 100_000
"""Rows of the data that are coded together."""


def _taken(table: Table, start: int, stop: int) -> Table:
    """Some consecutive rows of a table."""
    if start == 0 and stop >= table.n_rows:
        return table
    places = np.arange(start, min(stop, table.n_rows))
    columns = {name: column.taken(places) for name, column in table.columns.items()}
    return Table(columns, places.size, table.threads)


def average(
    table: Table,
    groups: Codes,
    n_groups: int,
    make: Callable[[Table, slice], tuple[Array, Array]],
    total: float,
) -> MeanRows:
    """The average of rows in each group.

    Parameters
    ----------
    table : Table
    groups : ndarray of int, shape (n,)
    n_groups : int
    make : callable
        From some rows, and where they stand, to a matrix and a vector with an entry for each of
        them: rows of the whole X and what is added to them, or gradients and values.
    total : float
        What the weights of each of its rows add up to: 1 for means, 0 for differences.
    """
    sums, shifts = None, np.zeros(n_groups)
    for start in range(0, table.n_rows, _AT_ONCE):
        place = slice(start, min(start + _AT_ONCE, table.n_rows))
        x, shift = make(_taken(table, place.start, place.stop), place)
        own = groups[place]
        part = np.zeros((n_groups, x.shape[1]))
        for k, column in enumerate(x.T):
            part[:, k] = np.bincount(own, weights=column, minlength=n_groups)
        sums = part if sums is None else sums + part
        shifts += np.bincount(own, weights=shift, minlength=n_groups)
    assert sums is not None
    count = np.bincount(groups, minlength=n_groups).astype(float)
    return MeanRows(sums / count[:, None], shifts / count, np.full(n_groups, total))


def comparisons_of(variable: Variable) -> tuple[str, ...]:
    """What a variable is compared with: its first level, False, or itself less one."""
    if variable.kind in ("number", "pair"):
        return ("+1",)
    if variable.kind == "truth":
        return ("True - False",)
    first, *others = (str(label) for label in variable.labels)
    return tuple(f"{label} - {first}" for label in others)


def compared_ends(table: Table, variable: Variable, which: int) -> tuple[Table, Table]:
    """The rows after the change that a comparison makes, and before it."""
    if variable.kind in ("number", "pair"):
        return table.with_numbers(variable.name, table[variable.name].values + 1.0), table
    if variable.kind == "truth":
        true, false = (
            table.with_numbers(variable.name, np.full(table.n_rows, v)) for v in (1.0, 0.0)
        )
        return true, false
    return _all_at(table, variable, which + 1), _all_at(table, variable, 0)


def _all_at(table: Table, variable: Variable, k: int) -> Table:
    name = variable.name
    if not variable.is_factor:
        return table.with_numbers(name, np.full(table.n_rows, float(variable.values[k])))
    codes = np.full(table.n_rows, variable.values[k], dtype=np.int32)
    column = Column(name, "factor", codes, table[name].levels)
    return Table({**table.columns, name: column}, table.n_rows, table.threads)
