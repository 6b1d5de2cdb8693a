"""The loop of a worker: load a model and its data, fit it as often as asked, report times.

Requests and answers are JSON, one a line::

    {"op": "describe"}                                -> {"version": "1.2.3"}
    {"op": "load", "model": {...}, "data": "folder"}  -> {}
    {"op": "fit", "count": 5}        -> {"seconds": 0.1, "cpu_seconds": 0.1, and the Outcome}

``seconds`` and ``cpu_seconds``, those of all threads, are per fit. Only the fit itself is on the
clock. A failure answers ``{"error": ...}``.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.model import Model

__all__ = ["Outcome", "Task", "Tool", "serve"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fit reached: -2 log-likelihood (REML or ML), evaluations if known, a remark."""

    objective: float
    evaluations: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """`run` is timed, `outcome` reads its result afterwards. One run makes `fits` fits."""

    run: Callable[[], Any]
    outcome: Callable[[Any], Outcome]
    fits: int = 1


class Tool(Protocol):
    """What a worker program provides."""

    def version(self) -> str: ...

    def prepare(self, model: Model, frame: Any) -> Task: ...


def _fit(task: Task, count: int) -> dict[str, Any]:
    gc.collect()
    fits = count * task.fits
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        result = task.run()
    cpu_seconds = (time.process_time() - cpu) / fits
    seconds = (time.perf_counter() - start) / fits
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, **asdict(task.outcome(result))}


def _give_back() -> None:
    """Leave no free memory in the process: a fit that takes it would seem to need less."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)


def _private_output() -> int:
    """The real standard output; whatever else prints goes to standard error."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


def serve(tool: Tool) -> None:
    """Answer requests until the input ends."""
    warnings.simplefilter("ignore")
    answers = os.fdopen(_private_output(), "w", buffering=1)
    task: Task | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            match request["op"]:
                case "describe":
                    answer: dict[str, Any] = {"version": tool.version()}
                case "load":
                    import pandas as pd

                    frame = pd.read_feather(Path(request["data"]) / "data.feather")
                    task = tool.prepare(Model.from_json(request["model"]), frame)
                    _give_back()
                    answer = {}
                case "fit":
                    if task is None:
                        raise RuntimeError("fit before load")
                    answer = _fit(task, request["count"])
                case other:
                    raise ValueError(f"unknown request {other!r}")
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
