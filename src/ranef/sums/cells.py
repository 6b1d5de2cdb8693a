"""A table of sums as the design reads it: the keys as columns of data, the sums as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ranef.frame import Table
from ranef.frame.read import read_table
from ranef.frame.table import Column
from ranef.sums.sums import COUNT, column_of_sums, key_name
from ranef.types import Array

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Cells"]


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of the data, one row each.

    Attributes
    ----------
    sums : pyarrow.Table
    keys : tuple of str
        Columns of the data whose values are the keys.
    orders : mapping of str to tuple of str
        Levels of keys whose order somebody has chosen.
    """

    sums: pa.Table = field(repr=False)
    keys: tuple[str, ...]
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    @property
    def n_rows(self) -> int:
        return int(self.sums.num_rows)

    @cached_property
    def table(self) -> Table:
        """The keys, as columns of data are read."""
        if not self.keys:
            return Table({}, self.n_rows)
        chosen = self.sums.select([key_name(name) for name in self.keys])
        read = read_table(chosen.rename_columns(list(self.keys)), self.keys)
        columns = {name: self._in_order(column) for name, column in read.columns.items()}
        return Table(columns, read.n_rows)

    @cached_property
    def counts(self) -> Array:
        """Rows of each cell."""
        column = self.sums.column(COUNT).to_numpy(zero_copy_only=False)
        return np.asarray(column, dtype=np.float64)

    def sum(self, i: int, j: int) -> Array:
        """Sums of the product of two summed columns, shape (cells,)."""
        key = (min(i, j), max(i, j))
        if key not in self._sums:
            found = column_of_sums(self.sums, *key)
            assert found is not None, f"the sums of columns {key} were not asked for"
            self._sums[key] = found
        return self._sums[key]

    @cached_property
    def _sums(self) -> dict[tuple[int, int], Array]:
        return {}

    def _in_order(self, column: Column) -> Column:
        order = self.orders.get(column.name)
        if order is None or column.kind != "factor" or column.levels == order:
            return column
        more = sorted(set(column.levels) - set(order))  # of files that the order does not know
        order = (*order, *more)
        place = {level: k for k, level in enumerate(order)}
        codes = np.array([*(place[level] for level in column.levels), -1], dtype=np.int32)
        values = codes[column.values]
        return Column(column.name, "factor", values, order, True, column.source_type, True)
