"""Grouping factors: one column, or the observed combinations of several."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranef.design.levels import Levels, learn_levels
from ranef.frame.factors import crossed_names, level_name
from ranef.frame.table import Table
from ranef.types import Codes

__all__ = ["Grouping", "learn_grouping", "level_of_row"]


@dataclass(frozen=True, slots=True)
class Grouping:
    """What is remembered of a grouping factor.

    Attributes
    ----------
    columns : tuple of str
        Columns, the slowest one first.
    parts : tuple of Levels
        Levels of each column.
    crossings : tuple of ndarray
        For each further column, the observed pairs (code so far, code of the column) as sorted
        keys ``code * n_levels + code_of_column``.
    """

    columns: tuple[str, ...]
    parts: tuple[Levels, ...] = field(repr=False)
    crossings: tuple[NDArray[np.int64], ...] = field(repr=False)

    def __len__(self) -> int:
        return self.crossings[-1].size if self.crossings else len(self.parts[0])

    @property
    def names(self) -> tuple[str, ...]:
        """Level names; combinations are joined with ``:``."""
        names = self.parts[0].names
        for levels, keys in zip(self.parts[1:], self.crossings, strict=True):
            names = crossed_names(names, levels.names, *np.divmod(keys, len(levels)))
        return names

    def encode(self, table: Table) -> Codes:
        """Level of each row of a table; -1 where it is new or missing."""
        codes = self.parts[0].encode(table[self.columns[0]])
        for column, levels, keys in zip(
            self.columns[1:], self.parts[1:], self.crossings, strict=True
        ):
            other = levels.encode(table[column])
            wanted = codes.astype(np.int64) * len(levels) + other
            at = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
            known = (codes >= 0) & (other >= 0) & (keys[at] == wanted)
            codes = np.where(known, at, -1).astype(np.int32)
        return codes


def learn_grouping(columns: tuple[str, ...], table: Table) -> tuple[Grouping, Codes]:
    """Levels that occur and the level of each row.

    Combinations are ordered by the first column, then the second, as R's ``a:b`` does.

    Returns
    -------
    grouping : Grouping
    codes : ndarray of int32, shape (n,)
    """
    first, codes = learn_levels(table[columns[0]], table.threads)
    parts, crossings, n_levels = [first], [], len(first)
    for column in columns[1:]:
        levels, other = learn_levels(table[column], table.threads)
        keys, codes = _cross(codes, other, n_levels, len(levels))
        n_levels = keys.size
        parts.append(levels)
        crossings.append(keys)
    return Grouping(columns, tuple(parts), tuple(crossings)), codes


def level_of_row(columns: tuple[str, ...], table: Table, row: int) -> tuple[str, ...]:
    """What stands in the grouping columns of one row, as text; nothing may be missing there."""
    values = []
    for column in (table[name] for name in columns):
        value = column.values[row]
        values.append(
            column.levels[int(value)] if column.kind == "factor" else level_name(float(value))
        )
    return tuple(values)


def _cross(a: Codes, b: Codes, n_a: int, n_b: int) -> tuple[NDArray[np.int64], Codes]:
    """Pairs that occur, as sorted keys ``a * n_b + b``, and the pair of each row (-1: missing)."""
    known = (a >= 0) & (b >= 0)
    if not known.all():
        keys, of_known = _cross(a[known], b[known], n_a, n_b)
        codes = np.full(a.size, -1, dtype=np.int32)
        codes[known] = of_known
        return keys, codes
    key = a.astype(np.int64) * n_b + b
    if n_a * n_b <= 4 * a.size + 10_000:
        used = np.bincount(key, minlength=1) > 0
        return np.flatnonzero(used), (np.cumsum(used, dtype=np.int32) - np.int32(1))[key]
    return _cross_sparse(key, *((a, n_a) if n_a > n_b else (b, n_b)))


def _cross_sparse(
    key: NDArray[np.int64], finer: Codes, n_finer: int
) -> tuple[NDArray[np.int64], Codes]:
    """The same for few of the possible pairs.

    Nested factors have one pair for each level of the finer one: it is found without sorting rows.
    Only rows of other pairs are sorted.
    """
    one = np.full(n_finer, -1, dtype=np.int64)  # some pair of each level
    one[finer] = key
    others = one[finer] != key
    rest = key[others]
    keys = np.unique(np.concatenate([one[one >= 0], np.unique(rest)]))
    codes = np.searchsorted(keys, one).astype(np.int32)[finer]
    codes[others] = np.searchsorted(keys, rest)
    return keys, codes
