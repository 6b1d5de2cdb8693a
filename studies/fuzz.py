"""Does the compiled core answer or raise, whatever it is handed?

Each round draws a problem and calls the core several times on the same objects. Arguments are the
right ones, changed in one to three places: other shapes, types and lengths, numbers that are none
or too large, parts that are missing, swapped or of another problem. A process of its own does the
work; *ended* counts the calls that it did not survive. ``--only K`` runs round K alone in this
process, and names each call before it is made.

``make fuzz`` does the same with a core compiled under the address and undefined-behaviour
sanitizers. The variable ``RANEF_CORE`` holds its path; the sanitizer's library has to be loaded
before Python: ``ASAN_OPTIONS=detect_leaks=0`` and ``LD_PRELOAD`` with the paths that
``g++ -print-file-name=libasan.so`` and ``g++ -print-file-name=libstdc++.so`` print.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

__all__ = ["replay", "run"]

SECONDS = 5
"""For one call, before it is interrupted as by Ctrl-C."""
HANGS = 120
"""Seconds without a new round: the call does not look for Ctrl-C."""
MEMORY = 4 << 30
"""Bytes that the process may take; more is a MemoryError. A sanitizer has its own limit."""

OUT_OF_MEMORY = ("allocation-size-too-big", "out-of-memory")


def run(n: int | None, seed: int, write: bool) -> None:
    """Runs `n` rounds and prints what did not survive; ends with an error if anything did not."""
    del write
    n = n or 500
    ended: list[str] = []
    counts: Counter[str] = Counter()  # by first word of what the workers print
    first = 0
    while first < n:
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as told:
            worker = subprocess.Popen(
                [sys.executable, "-c", _WORKER, str(seed), str(first), str(n)],
                stdout=told,
                stderr=said,
                cwd=Path(__file__).parents[1],
            )
            code = _wait(worker, told)
            told.seek(0)
            lines = told.read().splitlines()
            said.seek(0)
            report = said.read()
        counts.update(line.split()[0] for line in lines)
        rounds = [line for line in lines if line.startswith("round")]
        if code == 0:
            break
        if not rounds:
            raise SystemExit(f"the rounds could not begin:\n{report}")
        first = int(rounds[-1].split()[1]) + 1
        if any(word in report for word in OUT_OF_MEMORY):
            counts["memory"] += 1
            continue
        ended.append(f"round {first - 1}: {lines[-1]} (exit {code})\n{_essence(report)}")
        print(ended[-1], flush=True)
    print(
        f"{counts['call']} calls in {counts['round']} rounds: {counts['answered']} answered, "
        f"{counts['raised']} raised, {counts['stopped']} were stopped after {SECONDS} s, "
        f"{counts['memory']} asked for too much memory, {len(ended)} ended the process"
    )
    if ended:
        raise SystemExit(1)


def replay(seed: int, number: int) -> None:
    """Round `number` alone, in this process."""
    _use_core()
    _rounds(seed, number, number + 1, loud=True)


_WORKER = "import sys; from studies.fuzz import work; work(*map(int, sys.argv[1:]))"


def work(seed: int, first: int, n: int) -> None:
    """Rounds `first` to `n`, one line for each call before it is made and after it."""
    if "RANEF_CORE" not in os.environ:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    faulthandler.enable()
    _use_core()
    _rounds(seed, first, n, loud=False)


def _use_core() -> None:
    """Puts the core that RANEF_CORE names in the place of the installed one."""
    path = os.environ.get("RANEF_CORE")
    if path is None:
        return
    spec = spec_from_file_location("ranef._core", path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["ranef._core"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["ranef._core"])


def _wait(worker: subprocess.Popen[bytes], told: Any) -> int:
    size = -1
    while True:
        try:
            return worker.wait(HANGS)
        except subprocess.TimeoutExpired:
            before, size = size, os.fstat(told.fileno()).st_size
            if size == before:
                worker.send_signal(signal.SIGABRT)


def _essence(report: str) -> str:
    """The error of a sanitizer and where in the project's own lines it arose."""
    lines = report.splitlines()
    kept = [
        line.strip()
        for line in lines
        if "ERROR" in line or "runtime error" in line or "/cpp/" in line or "Assertion" in line
    ]
    return "\n".join(f"  {line[:300]}" for line in (kept or lines)[:8])


def _rounds(seed: int, first: int, n: int, loud: bool) -> None:
    from studies.core_calls import calls, problem
    from studies.wrong import wrong

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    warnings.simplefilter("ignore")  # nanobind's about objects that were never made
    signal.signal(signal.SIGALRM, interrupt)
    for number in range(first, n):
        print(f"round {number}", flush=True)
        rng = np.random.default_rng([seed, number])
        right = calls(problem(rng), rng)
        stock = [a for call in right for a in call.arguments]
        for k in rng.integers(0, len(right), 8):
            name, function, arguments = right[k]
            if rng.random() < 0.9:
                for _ in range(rng.integers(1, 4)):
                    arguments = wrong(arguments, stock, rng)
            if not isinstance(arguments, tuple):
                arguments = (arguments,)
            print(f"call {name} {arguments if loud else ''}", flush=True)
            print(_outcome(function, arguments, loud), flush=True)


def _outcome(function: Any, arguments: tuple[Any, ...], loud: bool) -> str:
    try:
        signal.alarm(SECONDS)
        try:
            function(*arguments)
        finally:
            with suppress(KeyboardInterrupt):
                signal.alarm(0)
    except KeyboardInterrupt:
        return "stopped"
    except Exception as error:
        return f"raised {error!r}" if loud else "raised"
    return "answered"
