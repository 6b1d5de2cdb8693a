"""Levels of one column: learned once, found again in new data by name."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranef.frame.factors import level_name
from ranef.frame.table import Column
from ranef.types import Array, Codes

__all__ = ["Levels", "learn_levels", "level_names"]

_DENSE = 4
"""Integers that span fewer than this many values a row are looked up, not sorted."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a column in order.

    Attributes
    ----------
    names : tuple of str
    numbers : ndarray or None
        The sorted values behind the names where the column is numeric.
    """

    names: tuple[str, ...]
    numbers: Array | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.names)

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
        found = np.unique(column.values[~np.isnan(column.values)])
        as_factor = Levels(level_names(found), found)
        numbered = as_factor.encode(column)
        return self.encode(Column(column.name, "factor", numbered, as_factor.names))


def learn_levels(column: Column) -> tuple[Levels, Codes]:
    """Levels that occur in a column, and the code of each row.

    Levels of a factor keep the user's order; numbers are sorted and named ``"1"``, ``"2.5"``.

    Returns
    -------
    levels : Levels
    codes : ndarray of int32, shape (n,)
        -1 where the value is missing.
    """
    if column.kind == "number":
        return _learn_numbers(column.values)
    codes = np.asarray(column.values, dtype=np.int32)
    known = codes[codes >= 0] if codes.min(initial=0) < 0 else codes
    used = np.bincount(known, minlength=len(column.levels)) > 0
    if used.all():
        return Levels(column.levels), codes
    renumber = np.full(used.size + 1, -1, dtype=np.int32)
    renumber[:-1][used] = np.arange(used.sum(), dtype=np.int32)
    names = tuple(name for name, is_used in zip(column.levels, used, strict=True) if is_used)
    return Levels(names), renumber[codes]


def level_names(values: Array) -> tuple[str, ...]:
    """``"1224"`` for whole numbers, the shortest exact decimal for others."""
    return tuple(map(level_name, values.tolist()))


def _learn_numbers(values: Array) -> tuple[Levels, Codes]:
    dense = _learn_dense_integers(values)
    if dense is not None:
        return dense
    known = values[~np.isnan(values)]
    numbers, inverse = np.unique(known, return_inverse=True)
    codes = np.full(values.size, -1, dtype=np.int32)
    codes[~np.isnan(values)] = inverse
    return Levels(level_names(numbers), numbers), codes


def _learn_dense_integers(values: Array) -> tuple[Levels, Codes] | None:
    """Identifiers such as 1001..1160 without sorting the rows."""
    if values.size == 0:
        return None
    low, high = float(values.min()), float(values.max())
    if not high - low < _DENSE * values.size + 10_000 or abs(low) > 1e15:
        return None
    shifted = values - low
    whole = shifted.astype(np.int64)
    if not low.is_integer() or not np.array_equal(whole, shifted):
        return None
    used = np.bincount(whole) > 0
    position = np.cumsum(used, dtype=np.int32) - np.int32(1)
    numbers: Array = (np.flatnonzero(used) + low).astype(np.float64)
    return Levels(level_names(numbers), numbers), position[whole]


def _search(numbers: Array, values: NDArray[np.float64]) -> Codes:
    at = np.searchsorted(numbers, values)
    at[at == numbers.size] = 0
    known = numbers[at] == values if numbers.size else np.zeros(values.shape, dtype=bool)
    return np.where(known, at, -1).astype(np.int32)
