"""Whole processes on the clock, with what the system says they used."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.environment import ROOT, single_threaded
from benchmarks.result import Row
from benchmarks.statistics import Plan, median, spread

__all__ = ["Usage", "measure", "run_process"]


LAUNCHER = ROOT / "benchmarks" / "launch.py"


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process, from start to end."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def run_process(command: Sequence[str]) -> Usage:
    """Run a command to its end.

    Raises
    ------
    RuntimeError
        Its exit status is not 0.
    """
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCHER), *command],
        capture_output=True,
        cwd=ROOT,
        env=single_threaded(),
        check=True,
    )
    used = json.loads(run.stdout)
    status, complaints = used.pop("status"), used.pop("complaints")
    if status != 0:
        raise RuntimeError((complaints.strip().splitlines() or ["no message"])[-1])
    return Usage(**used)


def measure(commands: Mapping[str, Sequence[str]], plan: Plan) -> tuple[Row, ...]:
    """Run the commands in turn; each prints its objective last, or nothing if it has none."""
    first: dict[str, Usage] = {}
    failed: dict[str, str] = {}
    for label, command in commands.items():
        try:
            first[label] = run_process(command)
        except (RuntimeError, OSError) as error:
            failed[label] = str(error)
    runs: dict[str, list[Usage]] = {label: [] for label in first}
    for _ in range(plan.repeats):
        for label in first:
            runs[label].append(run_process(commands[label]))
    return tuple(
        Row(label, note=failed[label])
        if label in failed
        else _row(label, first[label], runs[label])
        for label in commands
    )


def _row(label: str, first: Usage, runs: Sequence[Usage]) -> Row:
    times = [run.seconds for run in runs]
    words = first.output.split()
    return Row(
        label=label,
        first=first.seconds,
        seconds=median(times),
        runs=len(times),
        spread=spread(times),
        objective=float(words[-1]) if words else None,
        memory=int(median(run.peak_bytes for run in runs)),
        note=f"{median(run.cpu_seconds for run in runs):.2f} s of CPU",
    )
