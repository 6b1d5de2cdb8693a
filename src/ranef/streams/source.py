"""What a source of rows is: rows that are summed where they are, and never collected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ranef.streams.fixed_point import Bounds
from ranef.streams.schema import Schema
from ranef.sums.numbers import NumberSums
from ranef.sums.plan import Plan
from ranef.types import Array

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RawSums", "Share", "Source", "Watch", "silent", "unwatched"]

Watch = Callable[[int], None]
"""Is told how many rows have been read."""


Share = Callable[[float], None]
"""Is told which part of a query is done."""


def silent(rows: int) -> None:
    """Tells nobody."""


def unwatched(share: float) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class RawSums:
    """What one pass over the rows gives.

    Attributes
    ----------
    cells, pairs, means : tuple of pyarrow.Table
        As in :class:`~ranef.sums.Moments`.
    n_total : int
        All rows.
    missing : mapping of str to int
        Missing values by column, if rows were left out.
    sum_log_weights : float
    orders : mapping of str to tuple of str
    numbers : mapping of str to NumberSums
    """

    cells: tuple[pa.Table, ...]
    pairs: tuple[pa.Table, ...]
    means: tuple[pa.Table, ...]
    n_total: int
    missing: Mapping[str, int] = field(default_factory=dict)
    sum_log_weights: float = 0.0
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, NumberSums] = field(default_factory=dict)


class Source(Protocol):
    """Rows that can be summed."""

    @property
    def name(self) -> str:
        """In words: ``"Parquet files d/*.parquet, through DuckDB"``."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether the rows can be read more than once."""
        ...

    @property
    def exact(self) -> bool:
        """Whether sums have the same bits in any order of the rows."""
        ...

    def schema(self) -> Schema: ...

    def exactly(self) -> Source:
        """The same rows, with sums of the same bits in any order of the rows.

        Raises
        ------
        OptionError
            The engine cannot do this.
        """
        ...

    def incomplete(self, plan: Plan) -> tuple[int, Mapping[str, int]]:
        """All rows, and missing values by column; nothing where it takes the pass itself to know.

        Asked before the sums if missing values are not allowed.
        """
        ...

    def middle(self, plan: Plan) -> tuple[Array, Array]:
        """Means and standard deviations of the summed columns in some rows, shape (c,)."""
        ...

    def bounds(self, plan: Plan, watch: Watch = silent) -> Bounds:
        """The ends of the summed columns; only asked for if the source is exact.

        Raises
        ------
        DataError
            Values that are infinite, weights that are not positive.
        """
        ...

    def sums(
        self,
        plan: Plan,
        shifts: Array,
        scales: Array,
        bounds: Bounds | None = None,
        watch: Watch = silent,
    ) -> RawSums:
        """All sums of a plan, in one pass over the rows or in one query for each table.

        They are in fixed point if bounds are given.
        """
        ...

    def frames(self, columns: Sequence[str], batch: int) -> Iterator[Any]:
        """The rows, some at a time, as frames of the library that they come from."""
        ...
