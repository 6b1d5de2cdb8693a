"""A table of sums to which batches are added, with levels that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ranef.errors import DataError
from ranef.sums.sums import key_name

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MOST_CELLS", "Growing"]

MOST_CELLS = 50_000_000
"""The most cells of a table of sums; more would not fit in the memory of most computers."""


class Growing:
    """Sums by the values of some keys.

    Each batch is added in place: its cells are looked up, and new ones are appended.

    Parameters
    ----------
    keys : tuple of str
        Columns of the data.
    """

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        self.parts = [_Lookup(key) for key in keys]
        self.pairs = [_Lookup(":".join(keys[: k + 2])) for k in range(len(keys) - 1)]
        self.n = 0
        self.room = 0
        self.sums: dict[str, NDArray[Any]] = {}

    def add(self, table: pa.Table) -> None:
        """Add the sums of a batch, each of whose rows is another cell.

        Raises
        ------
        DataError
            Too many cells, or keys of another kind than in earlier batches.
        """
        at = self._places([table.column(key_name(key)).combine_chunks() for key in self.keys])
        if not self.keys:
            at = np.zeros(table.num_rows, dtype=np.int64)
            self.n = 1
        if self.n > MOST_CELLS:
            raise DataError(
                f"there are too many cells of {' and '.join(self.keys)} to keep their sums",
                found=f"more than {MOST_CELLS:,}",
                fix="use a grouping factor or categories with fewer values, or read the rows into "
                "memory",
            )
        names = [name for name in table.column_names if not name.startswith(key_name(""))]
        for name in names:
            values = table.column(name).to_numpy()
            held = self._held(name, values.dtype)
            held[at] += values  # no cell stands in a batch twice

    def merge(self, other: Growing) -> None:
        """Add the sums of other rows."""
        if other.n:
            self.add(other.total())

    def total(self) -> pa.Table:
        """The sums, in the order of the keys."""
        import pyarrow as pa

        columns: dict[str, Any] = {}
        codes = np.arange(self.n)
        for k in reversed(range(len(self.keys))):
            if k:
                pair = np.asarray(self.pairs[k - 1].known)[codes]
                codes, own = np.divmod(pair, _RADIX)
            else:
                own = codes
            columns[key_name(self.keys[k])] = self.parts[k].known.take(pa.array(own))
        columns = dict(reversed(columns.items()))
        sums = {name: pa.array(held[: self.n]) for name, held in self.sums.items()}
        made = pa.table({**columns, **sums})
        return made.sort_by([(name, "ascending") for name in columns]) if columns else made

    def _places(self, keys: list[pa.Array]) -> NDArray[np.int64]:
        import pyarrow as pa

        at = np.zeros(0, dtype=np.int64)
        for k, values in enumerate(keys):
            own = self.parts[k].places(values)
            at = own if k == 0 else self.pairs[k - 1].places(pa.array(at * _RADIX + own))
        if keys:
            last = self.pairs[-1] if self.pairs else self.parts[0]
            self.n = len(last.known)
        return at

    def _held(self, name: str, kind: Any) -> NDArray[Any]:
        held = self.sums.get(name)
        if held is None:
            held = self.sums[name] = np.zeros(self.n, dtype=kind)
        elif held.size < self.n:
            larger = np.zeros(max(self.n, 5 * held.size // 4), dtype=held.dtype)
            larger[: held.size] = held
            held = self.sums[name] = larger
        return held


_RADIX = 2**31


class _Lookup:
    """Distinct values, each with a number by the order in which it came."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.known: Any = None

    def places(self, values: pa.Array) -> NDArray[np.int64]:
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.known is None:
            self.known = pc.unique(values)
        values = self._alike(values)
        at = pc.index_in(values, value_set=self.known)
        if at.null_count:
            new = pc.unique(values.filter(at.is_null()))
            self.known = pa.concat_arrays([self.known, new])
            at = pc.index_in(values, value_set=self.known)
        return np.asarray(at.to_numpy(zero_copy_only=False), dtype=np.int64)

    def _alike(self, values: pa.Array) -> pa.Array:
        """The values in the type of those that are known; whole numbers and others become floats.

        Raises
        ------
        DataError
            Text in one batch and numbers in another.
        """
        import pyarrow as pa

        if values.type == self.known.type:
            return values
        if all(pa.types.is_string(kind) for kind in (values.type, self.known.type)):
            return values
        types = (values.type, self.known.type)
        if any(pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in types):
            raise DataError(
                f"'{self.name}' is of another kind in a later batch",
                found=f"{types[1]}, and then {types[0]}",
                fix="give each batch the same types",
            )
        self.known = self.known.cast(pa.float64())
        return values.cast(pa.float64())
