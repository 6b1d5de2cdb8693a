"""A model that several tools fit in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from benchmarks.cases.case import Session
from benchmarks.dataset import write
from benchmarks.model import Model
from benchmarks.result import Goal, Result, Row, ratio
from benchmarks.runner import interleave, judge

__all__ = ["FitCase"]

TWO_THREADS = "ranef, 2 threads"


@dataclass(frozen=True, slots=True)
class FitCase:
    """A model, its data, who fits it, and the ratios to reach.

    Attributes
    ----------
    tools : tuple of str
        Peers that have this model.
    ratios : mapping of str to float
        Time of the peer over ranef's, to be reached.
    evaluations : int, optional
        Most evaluations ranef should need.
    never_higher : bool
        Whether ranef's objective is held against the lowest of all.
    second_core : float, optional
        What two threads should gain over one.
    warm : FitCase, optional
        A small case to fit first, where memory counts.
    bytes_per_row : float, optional
        Most memory beyond the data that ranef should need.
    """

    name: str
    title: str
    model: Model
    data: Callable[[], pd.DataFrame]
    tools: tuple[str, ...]
    ratios: Mapping[str, float] = field(default_factory=dict)
    evaluations: int | None = None
    never_higher: bool = False
    second_core: float | None = None
    warm: FitCase | None = None
    bytes_per_row: float | None = None
    large: bool = False

    def measure(self, session: Session) -> Result:
        frame = self.data()
        data = write(frame, session.folder / self.name)
        warm = None
        if self.warm is not None:
            warm = (self.warm.model, write(self.warm.data(), session.folder / self.warm.name))
        peers = [session.tools[t] for t in ("ranef", *self.tools) if t in session.tools]
        if self.second_core is not None:
            peers.insert(1, replace(peers[0], name=TWO_THREADS, threads=2))
        rows = interleave(peers, self.model, data, session.plan, warm=warm, log=session.log)
        if warm is None:
            rows = tuple(replace(row, memory=None) for row in rows)
        rows = judge(rows)
        return Result(self.name, self.title, rows, self.goals(rows, len(frame)))

    def goals(self, rows: Sequence[Row], n_rows: int | None = None) -> tuple[Goal, ...]:
        """How the rows stand to what is to be reached; `n_rows` of the data."""
        by_label = {row.label: row for row in rows}
        ours = by_label["ranef"]
        found = [
            Goal(f"{tool} / ranef", bound, ratio(by_label.get(tool), ours), unit="x")
            for tool, bound in self.ratios.items()
        ]
        if self.second_core is not None:
            gain = ratio(ours, by_label[TWO_THREADS]) if TWO_THREADS in by_label else None
            found.append(Goal(f"ranef / {TWO_THREADS}", self.second_core, gain, unit="x"))
        if self.evaluations is not None:
            found.append(Goal("evaluations", self.evaluations, ours.evaluations, at_least=False))
        if self.bytes_per_row is not None:
            each = ours.memory / n_rows if ours.memory and n_rows else None
            found.append(Goal("memory, bytes a row", self.bytes_per_row, each, at_least=False))
        if self.never_higher:
            values = [row.objective for row in rows if row.objective is not None]
            excess = None if ours.objective is None else ours.objective - min(values)
            found.append(Goal("objective above the lowest", 1e-6, excess, at_least=False))
        return tuple(found)
