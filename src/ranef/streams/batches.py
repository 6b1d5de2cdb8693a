"""Sources that give their rows some at a time: the core sums each batch, and the sums are added."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ranef.errors import DataError, OptionError
from ranef.frame import Table
from ranef.frame.read import read_table
from ranef.streams.ends import Ends
from ranef.streams.fixed_point import Bounds
from ranef.streams.passes import Pass
from ranef.streams.schema import Schema
from ranef.streams.source import RawSums, Watch, silent
from ranef.streams.values import complete, values_of
from ranef.sums.plan import Plan
from ranef.types import Array

__all__ = ["Batches"]

ROWS = 400_000
"""Rows of a batch, if the source may choose."""


@dataclass(frozen=True, eq=False)
class Batches:
    """Rows that come in batches.

    Attributes
    ----------
    name : str
    batches : callable
        From the columns wanted and a number of rows to batches: frames of any kind.
    types : Schema
    repeatable : bool
        Whether `batches` may be called again.
    exact : bool
        Whether sums have the same bits in any order of the rows.
    """

    name: str
    batches: Callable[[Sequence[str], int], Iterable[Any]] = field(repr=False)
    types: Schema = field(repr=False)
    repeatable: bool = True
    exact: bool = False
    _begun: list[Any] = field(default_factory=list, repr=False)

    def schema(self) -> Schema:
        return self.types

    def exactly(self) -> Batches:
        """The same rows, summed in fixed point.

        Raises
        ------
        OptionError
            The rows are read once, and two passes are needed.
        """
        if not self.repeatable:
            raise OptionError(
                "exact=True needs two passes over the rows, and these can be read only once",
                found=self.name,
                fix="give a list of frames, a data set or files, or leave out exact=True",
            )
        return replace(self, exact=True)

    def frames(self, columns: Sequence[str], batch: int = ROWS) -> Iterator[Any]:
        yield from self._open(columns, batch)

    def rows(self, columns: Sequence[str], batch: int = ROWS) -> Iterator[Table]:
        """The rows as tables of plain columns."""
        for frame in self._open(columns, batch):
            table = _table(frame, columns)
            if table is not None:
                yield table

    def incomplete(self, plan: Plan) -> tuple[int, Mapping[str, int]]:
        return 0, {}  # a pass tells

    def middle(self, plan: Plan) -> tuple[Array, Array]:
        for table in self._first(plan.reads()):
            used, _ = complete(table, plan.reads())
            if used.n_rows:
                values = values_of(plan, used)
                return np.array([v.mean() for v in values]), np.array([v.std() for v in values])
        nothing = np.full(len(plan.columns), np.nan)
        return nothing, nothing

    def bounds(self, plan: Plan, watch: Watch = silent) -> Bounds:
        ends, n = Ends(plan), 0
        for table in self.rows(plan.reads()):
            ends.add(table)
            n += table.n_rows
            watch(n)
        return ends.found()

    def sums(
        self,
        plan: Plan,
        shifts: Array,
        scales: Array,
        bounds: Bounds | None = None,
        watch: Watch = silent,
    ) -> RawSums:
        made = Pass(plan, shifts, scales, bounds)
        for table in self.rows(plan.reads()):
            made.add(table)
            watch(made.n_total)
        return made.finished()

    def _first(self, columns: Sequence[str]) -> Iterator[Table]:
        """The first batches; those of a stream that is read once are kept for the pass."""
        if self.repeatable:
            yield from self.rows(columns)
            return
        begun, rest = self._unread(columns)
        for frame in rest:
            begun.append(frame)
            table = _table(frame, columns)
            if table is not None:
                yield table

    def _open(self, columns: Sequence[str], batch: int) -> Iterator[Any]:
        if self.repeatable:
            yield from self.batches(columns, batch)
            return
        begun, rest = self._unread(columns)
        self._begun[1] = None
        while begun:
            yield begun.pop(0)
        yield from rest

    def _unread(self, columns: Sequence[str]) -> tuple[list[Any], Iterator[Any]]:
        """What has been read for a look ahead, and what has not been read.

        Raises
        ------
        DataError
            The rows are gone.
        """
        if not self._begun:
            self._begun[:] = [[], iter(self.batches(columns, ROWS))]
        begun, rest = self._begun
        if rest is None:
            raise DataError(
                "these rows have been read already, and can be read only once",
                found=self.name,
                fix="give a list of frames, a data set or files, or make the stream again",
            )
        return begun, rest


def _table(frame: Any, columns: Sequence[str]) -> Table | None:
    """A batch as plain columns, None without rows."""
    if not (frame.num_rows if hasattr(frame, "num_rows") else len(_any(frame))):
        return None
    return read_table(frame, columns)


def _any(frame: Any) -> Any:
    """Something as long as a frame."""
    return next(iter(frame.values()), ()) if isinstance(frame, dict) else frame
