"""The worker of ranef on a small model, and what becomes of one that fails."""

import sys
from pathlib import Path

import pytest
from benchmarks.dataset import write
from benchmarks.model import Model
from benchmarks.peers import Peer
from benchmarks.peers.registry import ranef
from benchmarks.result import Row
from benchmarks.runner import interleave, judge
from benchmarks.statistics import Plan

from ranef import datasets


@pytest.fixture
def dyestuff(tmp_path: Path) -> Path:
    return write(datasets.load("dyestuff"), tmp_path / "dyestuff")


def quiet(line: str) -> None:
    """No progress on the terminal."""


def test_ranef_is_timed_beside_a_tool_that_ends(dyestuff: Path) -> None:
    broken = Peer("broken", (sys.executable, "-c", "raise SystemExit(3)"), "0")
    rows = interleave(
        [ranef(), broken],
        Model("Yield ~ 1 + (1 | Batch)"),
        dyestuff,
        Plan(repeats=2, sample_seconds=0.0),
        log=quiet,
    )
    ours, theirs = rows
    assert ours.objective == pytest.approx(319.6542768422576)
    assert ours.runs == 2
    assert ours.seconds is not None
    assert ours.seconds > 0.0
    assert ours.note == "interior optimum"
    assert theirs.seconds is None
    assert "ended" in theirs.note


HOARDER = """
import numpy as np
from benchmarks.workers.loop import Outcome, Task, serve

class Hoarder:
    def prepare(self, model, frame):
        blocks = [np.ones(8192) for _ in range(400)]
        self.last = blocks.pop()  # keeps the system from getting back those below it
        return Task(lambda: [np.ones(8192) for _ in range(300)], lambda result: Outcome(0.0))

serve(Hoarder())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_memory_that_the_process_holds_free_hides_nothing(dyestuff: Path) -> None:
    peer = Peer("hoarder", (sys.executable, "-c", HOARDER), "0")
    (row,) = interleave([peer], Model("y ~ 1 + (1 | g)"), dyestuff, Plan(repeats=1), log=quiet)
    assert row.memory is not None
    assert row.memory > 0.95 * 300 * 8192 * 8


def test_a_tool_that_ends_between_samples_has_no_time(tmp_path: Path) -> None:
    answers = [
        {},
        {"seconds": 2.0, "cpu_seconds": 1.0, "objective": 1.0, "evaluations": 3, "note": ""},
    ]
    code = f"import json\nfor a in {answers!r}: input(); print(json.dumps(a), flush=True)"
    peer = Peer("short", (sys.executable, "-c", code), "0")
    (row,) = interleave([peer], Model("y ~ 1 + (1 | g)"), tmp_path, Plan(), log=quiet)
    assert (row.first, row.seconds, row.runs) == (2.0, None, 0)
    assert "ended" in row.note


def test_an_error_of_the_tool_is_its_note(dyestuff: Path) -> None:
    (row,) = interleave([ranef()], Model("Yield ~ x + (1 | Batch)"), dyestuff, Plan(), log=quiet)
    assert row.seconds is None
    assert "unknown column 'x'" in row.note


def test_objectives_are_held_against_ours() -> None:
    rows = (Row("ranef", objective=100.0), Row("a", objective=100.00001), Row("b", objective=99.0))
    assert [row.off for row in judge(rows)] == [0.0, 0.0, -1.0]
