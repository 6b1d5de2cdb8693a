"""Dask DataFrames: each partition is summed by the worker that has it, and the sums are added."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ranef.errors import RanefError
from ranef.frame import Table
from ranef.frame.read import read_table
from ranef.streams.arrow import types_of_frame
from ranef.streams.ends import Ends
from ranef.streams.failures import failed
from ranef.streams.fixed_point import Bounds
from ranef.streams.passes import Pass
from ranef.streams.schema import Schema
from ranef.streams.source import RawSums, Watch, silent
from ranef.streams.values import complete, values_of
from ranef.sums.plan import Plan
from ranef.types import Array

__all__ = ["Partitions", "from_dask"]

_AT_ONCE = 8
"""Sums that are added by one task."""


@dataclass(frozen=True, eq=False)
class Partitions:
    """A frame in partitions, on the threads, processes or machines that Dask uses.

    Attributes
    ----------
    frame : dask.dataframe.DataFrame
    types : Schema
    exact : bool
        Whether sums have the same bits in any order of the rows.
    """

    frame: Any = field(repr=False)
    types: Schema = field(repr=False)
    exact: bool = False
    name: str = "a Dask DataFrame"
    repeatable: bool = True

    def schema(self) -> Schema:
        return self.types

    def exactly(self) -> Partitions:
        """The same rows, summed in fixed point."""
        return replace(self, exact=True)

    def frames(self, columns: Sequence[str], batch: int = 0) -> Iterator[Any]:
        """The partitions, one by one."""
        for part in self.frame[list(columns)].to_delayed():
            yield self._computed(part)

    def incomplete(self, plan: Plan) -> tuple[int, Mapping[str, int]]:
        return 0, {}  # a pass tells

    def middle(self, plan: Plan) -> tuple[Array, Array]:
        for frame in self.frames(plan.reads()):
            if len(frame):
                used, _ = complete(read_table(frame, plan.reads()), plan.reads())
                if used.n_rows:
                    values = values_of(plan, used)
                    return np.array([v.mean() for v in values]), np.array([v.std() for v in values])
        nothing = np.full(len(plan.columns), np.nan)
        return nothing, nothing

    def bounds(self, plan: Plan, watch: Watch = silent) -> Bounds:
        made: Ends = self._gathered(plan, lambda: Ends(plan))
        return made.found()

    def sums(
        self,
        plan: Plan,
        shifts: Array,
        scales: Array,
        bounds: Bounds | None = None,
        watch: Watch = silent,
    ) -> RawSums:
        made: Pass = self._gathered(plan, lambda: Pass(plan, shifts, scales, bounds))
        watch(made.n_total)
        return made.finished()

    def _gathered(self, plan: Plan, begin: Callable[[], Any]) -> Any:
        """What all partitions make together: a tree of sums, so that few are held at a time."""
        from dask.delayed import delayed

        names = plan.reads()
        parts = [
            delayed(_taken)(begin(), part, names, pure=False)
            for part in self.frame[list(names)].to_delayed()
        ]
        while len(parts) > 1:
            parts = [
                delayed(_merged)(parts[k : k + _AT_ONCE], pure=False)
                for k in range(0, len(parts), _AT_ONCE)
            ]
        return self._computed(parts[0])

    def _computed(self, task: Any) -> Any:
        try:
            return task.compute()
        except RanefError:
            raise
        except Exception as error:
            raise failed(self.name, error) from error


def from_dask(frame: Any) -> Partitions:
    """A Dask DataFrame."""
    return Partitions(frame, types_of_frame(frame._meta_nonempty))


def _taken(made: Any, frame: Any, names: Sequence[str]) -> Any:
    """The sums of a partition."""
    if len(frame):
        table: Table = read_table(frame, names)
        made.add(replace(table, threads=1))
    return made


def _merged(parts: Sequence[Any]) -> Any:
    first, *others = parts
    for other in others:
        first.merge(other)
    return first
