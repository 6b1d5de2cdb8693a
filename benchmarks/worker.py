"""The harness's end of a worker process."""

from __future__ import annotations

import json
import select
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks import memory
from benchmarks.environment import ROOT, single_threaded
from benchmarks.model import Model

__all__ = ["Sample", "Worker", "WorkerError"]


class WorkerError(Exception):
    """The tool reported an error, ran out of time or ended."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer to a fit request; `seconds` and `cpu_seconds` are per fit."""

    seconds: float
    cpu_seconds: float
    objective: float
    evaluations: int | None
    note: str


class Worker:
    """A process that fits one model again and again; ended on leaving the ``with`` block.

    Parameters
    ----------
    command : sequence of str
    limit : float
        Seconds that one answer may take.
    """

    def __init__(self, command: Sequence[str], limit: float = 600.0) -> None:
        self._limit = limit
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=single_threaded(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        return self._process.pid

    def version(self) -> str:
        return str(self._ask({"op": "describe"})["version"])

    def load(self, model: Model, data: Path) -> None:
        self._ask({"op": "load", "model": model.to_json(), "data": str(data)})

    def fit(self, count: int = 1) -> Sample:
        return Sample(**self._ask({"op": "fit", "count": count}))

    def fit_with_peak(self) -> tuple[Sample, int | None]:
        """One fit, and the most memory that it held beyond what was there before it, bytes."""
        before = memory.resident(self.pid)
        counted = memory.reset_peak(self.pid)
        sample = self.fit()
        most = memory.peak(self.pid)
        if not counted or before is None or most is None:
            return sample, None
        return sample, max(0, most - before)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        try:
            pipe_in.write(json.dumps(request).encode() + b"\n")
            pipe_in.flush()
        except BrokenPipeError:
            raise WorkerError("the process ended") from None
        ready, _, _ = select.select([pipe_out], [], [], self._limit)
        if not ready:
            self._process.kill()
            raise WorkerError(f"stopped after {self._limit:.0f} s")
        line = pipe_out.readline()
        if not line:
            raise WorkerError(f"the process ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(str(answer["error"]).splitlines()[0])
        return answer
