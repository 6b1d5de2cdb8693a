"""Levels of one column: learned once, found again in new data by name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ranef.frame.factors import as_factor, number_codes, number_names
from ranef.frame.table import Column
from ranef.types import Array, Codes

__all__ = ["Levels", "learn_levels"]


class Levels:
    """The levels of a column in order.

    Parameters
    ----------
    names : tuple of str, optional
        Their names, where they are not numbers.
    numbers : ndarray, optional
        The sorted values behind the names where the column is numeric.
    """

    __slots__ = ("_names", "numbers")

    def __init__(self, names: tuple[str, ...] | None = None, numbers: Array | None = None) -> None:
        self._names = names
        self.numbers = numbers

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order; those of numbers are made when they are first read."""
        if self._names is None:
            assert self.numbers is not None
            self._names = number_names(self.numbers)
        return self._names

    def __len__(self) -> int:
        return (
            self.numbers.size
            if self._names is None and self.numbers is not None
            else len(self.names)
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Levels) and self.names == other.names

    def __hash__(self) -> int:
        return hash(self.names)

    def __repr__(self) -> str:
        return f"Levels({self.names!r})"

    def encode(self, column: Column) -> Codes:
        """Codes of the rows of another column; -1 for a missing value or an unknown level."""
        if column.kind == "factor":
            if column.levels == self.names:
                return np.asarray(column.values, dtype=np.int32)
            position = {name: i for i, name in enumerate(self.names)}
            table = [position.get(name, -1) for name in column.levels]
            codes: Codes = np.array([*table, -1], dtype=np.int32)[column.values]
            return codes
        if self.numbers is not None:
            return _search(self.numbers, column.values)
        return self.encode(as_factor(column))


def learn_levels(column: Column, threads: int | None = None) -> tuple[Levels, Codes]:
    """Levels that occur in a column, and the code of each row.

    Levels of a factor keep the user's order; numbers are sorted and named ``"1"``, ``"2.5"``.

    Parameters
    ----------
    column : Column
    threads : int, optional
        Threads that pass over the rows (see :func:`~ranef.core.columns.row_threads`).

    Returns
    -------
    levels : Levels
    codes : ndarray of int32, shape (n,)
        -1 where the value is missing.
    """
    if column.kind == "number":
        found = column.ends(threads) if len(column) else None
        numbers, codes = number_codes(column.stored, found, threads)
        return Levels(numbers=numbers), codes
    codes = np.asarray(column.values, dtype=np.int32)
    known = codes[codes >= 0] if len(column) and column.ends(threads)[0] < 0 else codes
    used = np.bincount(known, minlength=len(column.levels)) > 0
    if used.all():
        return Levels(column.levels), codes
    renumber = np.full(used.size + 1, -1, dtype=np.int32)
    renumber[:-1][used] = np.arange(used.sum(), dtype=np.int32)
    names = tuple(name for name, is_used in zip(column.levels, used, strict=True) if is_used)
    return Levels(names), renumber[codes]


def _search(numbers: Array, values: NDArray[np.float64]) -> Codes:
    at = np.searchsorted(numbers, values)
    at[at == numbers.size] = 0
    known = numbers[at] == values if numbers.size else np.zeros(values.shape, dtype=bool)
    return np.where(known, at, -1).astype(np.int32)
