"""Time several tools on one model, in turn, so that a busy moment hits all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.model import Model
from benchmarks.peers import Peer
from benchmarks.result import Row
from benchmarks.statistics import Plan, agrees, median, spread
from benchmarks.worker import Sample, Worker, WorkerError

__all__ = ["interleave", "judge"]

Log = Callable[[str], None]


@dataclass(slots=True)
class _Entry:
    """A worker on its way through the runs."""

    peer: Peer
    worker: Worker
    first: Sample
    memory: int | None
    repeats: int
    count: int
    times: list[float] = field(default_factory=list)
    cpu_times: list[float] = field(default_factory=list)
    last: Sample | None = None
    failure: str = ""


def interleave(
    peers: Sequence[Peer],
    model: Model,
    data: Path,
    plan: Plan,
    *,
    warm: tuple[Model, Path] | None = None,
    limit: float = 600.0,
    log: Log = print,
) -> tuple[Row, ...]:
    """Rows of the peers, in their order.

    Each peer has its own process. After a first call each, one sample each in turn, until every
    peer has as many as the plan asks.

    Parameters
    ----------
    warm : (Model, Path), optional
        A small model to fit before, so that what a tool loads at its first fit is not counted as
        memory of this one.
    limit : float
        Seconds for one answer; a tool that takes longer has no time.
    """
    rows: dict[str, Row] = {}
    with ExitStack() as stack:
        entries = []
        for peer in peers:
            worker = stack.enter_context(Worker(peer.command, limit))
            try:
                entry = _start(peer, worker, model, data, plan, warm)
            except WorkerError as error:
                rows[peer.name] = Row(peer.name, note=str(error))
                log(f"  {peer.name}: {error}")
                continue
            log(f"  {peer.name}: first call {entry.first.seconds:.4g} s")
            entries.append(entry)
        for i in range(max((entry.repeats for entry in entries), default=0)):
            for entry in entries:
                if i < entry.repeats:
                    _sample(entry, log)
        for entry in entries:
            rows[entry.peer.name] = _row(entry)
    return tuple(rows[peer.name] for peer in peers)


def _start(
    peer: Peer,
    worker: Worker,
    model: Model,
    data: Path,
    plan: Plan,
    warm: tuple[Model, Path] | None,
) -> _Entry:
    if warm is not None:
        worker.load(*warm)
        worker.fit()
    worker.load(replace(model, threads=peer.threads), data)
    first, memory = worker.fit_with_peak()
    repeats = plan.repeats_at(first.seconds)
    # The first call says little about the speed of a fast tool; the second one does.
    again = worker.fit() if first.seconds < 1.0 else first
    # Refits come by the hundred in one call, and their times are of one.
    count = 1 if model.entry == "refits" else plan.count_at(again.seconds)
    return _Entry(peer, worker, first, memory, repeats, count)


def _sample(entry: _Entry, log: Log) -> None:
    try:
        entry.last = entry.worker.fit(entry.count)
    except WorkerError as error:
        log(f"  {entry.peer.name}: {error}")
        entry.failure, entry.repeats = str(error), 0
    else:
        entry.times.append(entry.last.seconds)
        entry.cpu_times.append(entry.last.cpu_seconds)


def _row(entry: _Entry) -> Row:
    if entry.failure:
        return Row(entry.peer.name, first=entry.first.seconds, note=entry.failure)
    times = entry.times or [entry.first.seconds]
    sample = entry.last or entry.first
    return Row(
        label=entry.peer.name,
        first=entry.first.seconds,
        seconds=median(times),
        cpu_seconds=median(entry.cpu_times or [entry.first.cpu_seconds]),
        runs=len(times),
        spread=spread(times),
        objective=sample.objective,
        evaluations=sample.evaluations,
        memory=entry.memory,
        note=sample.note,
        threads=entry.peer.threads,
    )


def judge(rows: Sequence[Row], reference: str = "ranef") -> tuple[Row, ...]:
    """Say by how much each objective is off the reference's, where they do not agree."""
    expected = next((row.objective for row in rows if row.label == reference), None)
    if expected is None:
        return tuple(rows)
    return tuple(
        row
        if row.objective is None or agrees(row.objective, expected)
        else replace(row, off=row.objective - expected)
        for row in rows
    )
