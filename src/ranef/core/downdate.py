"""Cross-products without the rows of one unit after another.

[Z X y]'W[Z X y] is a sum over rows, so leaving rows out takes off a sum over these rows. The sums
of all units are made in one pass: each grouping factor is split at the units into cells, and the
columns [X y] are summed by unit as if they were random effects.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ranef.core.protocol import Rows, RowsGroup
from ranef.core.sums import CrossProducts, cross_products
from ranef.types import Array, Codes

__all__ = ["Downdate"]

Whole = NDArray[np.int64]


class Downdate:
    """Sums by unit, ready to be taken off.

    Parameters
    ----------
    products : CrossProducts
        Of all rows.
    rows : Rows
        The rows that they are of.
    units : ndarray of int, shape (n,)
        The unit of each row, from 0.
    n_units : int

    Attributes
    ----------
    rows_of_unit : ndarray of int, shape (n_units,)
        How many rows each has.
    unit_fixed : ndarray, shape (n_units, p + 1, p + 1)
        [X y]'W[X y] of each.
    """

    def __init__(self, products: CrossProducts, rows: Rows, units: Codes, n_units: int) -> None:
        state = products.__getstate__()
        self.n, self.p, self._log_weights, self._fixed, groups, pairs = state
        self._groups = [(levels, q, np.asarray(a), np.asarray(c)) for levels, q, a, c in groups]
        self._pairs = [_Pairs(*pair) for pair in pairs]
        self.rows_of_unit = np.bincount(units, minlength=n_units)
        logs = np.zeros(units.size) if rows.weights is None else np.log(rows.weights)
        self._unit_logs = np.bincount(units, weights=logs, minlength=n_units)
        self._cells = [_Cells(g.codes, units, g.n_levels, n_units) for g in rows.groups]
        self._left = [np.bincount(g.codes, minlength=g.n_levels) for g in rows.groups]
        split = [
            RowsGroup(cells.codes, cells.level.size, g.columns, g.shifts, g.scales)
            for cells, g in zip(self._cells, rows.groups, strict=True)
        ]
        beside = RowsGroup(
            np.ascontiguousarray(units, dtype=np.int32),
            n_units,
            (*rows.x, rows.y),
            (*rows.x_shifts, rows.y_shift),
            (*rows.x_scales, rows.y_scale),
        )
        parts = cross_products(
            rows.replace(groups=[*split, beside], x=[], x_shifts=None, x_scales=None)
        ).__getstate__()
        m = self.p + 1
        last = len(split)
        self.unit_fixed = np.asarray(parts[4][last][2]).reshape(n_units, m, m)
        self._random = [
            np.asarray(parts[4][g][2]).reshape(cells.level.size, -1)
            for g, cells in enumerate(self._cells)
        ]
        met = {(pair[0], pair[1]): _Pairs(*pair) for pair in parts[5]}
        # A cell lies in one unit, so its pairs with the units are one block each, in its order.
        self._beside = [
            met[g, last].values.reshape(cells.level.size, -1) for g, cells in enumerate(self._cells)
        ]
        self._taken = [
            self._places(pair, met[pair.first, pair.second], n_units) for pair in self._pairs
        ]

    def _places(self, pair: _Pairs, cells: _Pairs, n_units: int) -> tuple[Whole, Array, Whole]:
        """Where the blocks of pairs of cells stand among those of pairs of levels, unit by unit."""
        first, second = self._cells[pair.first], self._cells[pair.second]
        width = np.int64(second.n_levels)
        wanted = first.level[cells.row].astype(np.int64) * width + second.level[cells.column]
        there = pair.row * width + pair.column
        order = np.argsort(there, kind="stable")
        place = order[np.searchsorted(there[order], wanted)]
        unit = first.unit[cells.row]  # ascends: cells are in the order of their units
        return place, cells.values, np.searchsorted(unit, np.arange(n_units + 1))

    def levels_left(self, unit: int) -> list[int]:
        """Levels of each grouping factor that keep a row without the unit."""
        out = []
        for cells, rows in zip(self._cells, self._left, strict=True):
            level, count = cells.of(unit)
            out.append(int(np.count_nonzero(rows)) - int(np.sum(rows[level] == count)))
        return out

    def without(self, unit: int) -> CrossProducts:
        """The cross-products of the rows of all other units; levels keep their numbers."""
        m, groups, pairs = self.p + 1, [], []
        for g, (levels, q, random, fixed) in enumerate(self._groups):
            cells, rows = self._cells[g], self._left[g]
            level, count = cells.of(unit)
            part = cells.slice(unit)
            random = random.copy().reshape(levels, q * q)
            fixed = fixed.copy().reshape(levels, q * m)
            random[level] -= self._random[g][part]
            fixed[level] -= self._beside[g][part]
            gone = level[rows[level] == count]  # nothing but rounding is left of these
            random[gone] = 0.0
            fixed[gone] = 0.0
            groups.append((levels, q, random.ravel(), fixed.ravel()))
        for pair, (place, values, start) in zip(self._pairs, self._taken, strict=True):
            part = slice(start[unit], start[unit + 1])
            kept = pair.values.copy()
            kept[place[part]] -= values[part]
            pairs.append((pair.first, pair.second, *pair.pattern, kept.ravel()))
        out = CrossProducts.__new__(CrossProducts)
        out.__setstate__(
            (
                int(self.n - self.rows_of_unit[unit]),
                self.p,
                float(self._log_weights - self._unit_logs[unit]),
                self._fixed - self.unit_fixed[unit],
                groups,
                pairs,
            )
        )
        return out


class _Cells:
    """Where the levels of a factor meet the units; cells in the order of the units."""

    def __init__(self, codes: Codes, units: Codes, n_levels: int, n_units: int) -> None:
        key = units.astype(np.int64) * n_levels + codes
        found, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
        self.codes = np.ascontiguousarray(inverse.reshape(-1), dtype=np.int32)
        self.n_levels = n_levels
        self.unit, self.level = found // n_levels, found % n_levels
        self.count = count
        self._start = np.searchsorted(self.unit, np.arange(n_units + 1))

    def slice(self, unit: int) -> slice:
        return slice(int(self._start[unit]), int(self._start[unit + 1]))

    def of(self, unit: int) -> tuple[Whole, Whole]:
        """The levels in a unit, and how many of its rows each has."""
        part = self.slice(unit)
        return self.level[part], self.count[part]


class _Pairs:
    """Blocks of two grouping factors as the core keeps them, row and column of each."""

    def __init__(self, first: int, second: int, start: bytes, level: bytes, values: Array) -> None:
        self.first, self.second, self.pattern = first, second, (start, level)
        starts = np.frombuffer(start, dtype=np.int64)
        self.row = np.repeat(np.arange(starts.size - 1, dtype=np.int64), np.diff(starts))
        self.column = np.frombuffer(level, dtype=np.int32).astype(np.int64)
        self.values = np.asarray(values).reshape(self.column.size, -1)
