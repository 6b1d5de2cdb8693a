"""The record of moments: sums over rows that add up across batches, months and sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ranef.page.phrases import count
from ranef.page.shown import Sentence
from ranef.sums.numbers import NumberSums
from ranef.sums.plan import Plan
from ranef.sums.sums import COUNT
from ranef.types import Array, MissingRows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MomentsRecord"]


@dataclass(frozen=True, eq=False, repr=False)
class MomentsRecord(Sentence):
    """What :class:`~ranef.sums.moments.Moments` hold, without what they do."""

    plan: Plan
    shifts: Array
    scales: Array
    cells: tuple[pa.Table, ...]
    pairs: tuple[pa.Table, ...]
    means: tuple[pa.Table, ...]
    orders: Mapping[str, tuple[str, ...]]
    missing: MissingRows
    sum_log_weights: float = field(default=0.0)
    numbers: Mapping[str, NumberSums] = field(default_factory=dict)
    settled: Mapping[str, frozenset[object]] = field(default_factory=dict)

    @property
    def formula(self) -> str:
        """The formula whose columns are summed."""
        return self.plan.formula.text

    @property
    def n(self) -> int:
        """Rows that were summed."""
        import pyarrow.compute as pc

        return int(pc.sum(self.cells[0].column(COUNT)).as_py() or 0)

    @property
    def nbytes(self) -> int:
        """Memory of the sums."""
        return int(sum(table.nbytes for table in (*self.cells, *self.pairs, *self.means)))

    @property
    def holds_no_rows(self) -> bool:
        """Says to readers of frames that these are sums."""
        return True

    def __str__(self) -> str:
        keys = [" and ".join(self.plan.cell_keys(k)) or "all rows" for k in range(len(self.cells))]
        tables = [
            f"{count(table.num_rows, 'cell')} of {own}"
            for table, own in zip(self.cells, keys, strict=True)
        ]
        return (
            f"moments of {self.formula}: {count(self.n, 'row')}, "
            f"{count(len(self.plan.columns), 'column')}, {'; '.join(tables)}; "
            f"{self.nbytes / 1e6:.1f} MB"
        )
