"""What a script costs: start Python, import, read a CSV file, fit, print, end."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import ranef as rn
from benchmarks.cases.case import Session
from benchmarks.peers.install import PYTHON, install_ranef
from benchmarks.processes import measure
from benchmarks.result import Goal, Result
from benchmarks.runner import judge

__all__ = ["FRESH_PROCESS", "FreshProcess"]

FORMULA = "Reaction ~ Days + (Days | Subject)"
RANEF = (
    "import sys, {library} as frames, ranef as rn; "
    f"print(rn.lmm('{FORMULA}', frames.read_csv(sys.argv[1])).criterion)"
)
GLMM = (
    "import sys, {library} as frames, glmm; "
    f"print(-2 * glmm.fit(frames.read_csv(sys.argv[1]), '{FORMULA}', satterthwaite=False).loglik)"
)
LME4 = (
    "suppressMessages(library(lme4)); d <- read.csv(commandArgs(TRUE)[1]); "
    f"cat(format(-2 * as.numeric(logLik(lmer({FORMULA}, d))), digits = 15))"
)


@dataclass(frozen=True, slots=True)
class FreshProcess:
    """sleepstudy in a process of its own; time of the whole process, memory of all of it.

    ranef and the Python peers are installed side by side, from wheels.
    """

    name: str = "fresh-process"
    title: str = "sleepstudy from a CSV file in a fresh process (memory is the whole process's)"
    large: bool = False

    def measure(self, session: Session) -> Result:
        install_ranef()
        path = session.folder / "sleepstudy.csv"
        rn.datasets.load("sleepstudy").to_csv(path, index=False)
        rows = judge(measure(_commands(session.tools, path), session.plan), "ranef, pandas")
        seconds = {row.label: row.seconds for row in rows}

        def ratio(slow: str, fast: str) -> float | None:
            a, b = seconds.get(slow), seconds.get(fast)
            return None if a is None or b is None else a / b

        goals = (
            _goal("glmm, pandas", "ranef, pandas", 1.0, ratio("glmm, pandas", "ranef, pandas")),
            _goal("glmm, pandas", "ranef, Polars", 2.0, ratio("glmm, pandas", "ranef, Polars")),
        )
        return Result(self.name, self.title, rows, goals)


def _goal(slow: str, fast: str, bound: float, value: float | None) -> Goal:
    return Goal(f"{slow} / {fast}", bound, value, unit="x")


def _commands(tools: Container[str], path: Path) -> dict[str, Sequence[str]]:
    commands: dict[str, Sequence[str]] = {}
    for title, library in (("pandas", "pandas"), ("Polars", "polars")):
        script = RANEF.format(library=library)
        commands[f"ranef, {title}"] = (str(PYTHON), "-c", script, str(path))
    if "glmm" in tools:
        for title, library in (("pandas", "pandas"), ("Polars", "polars")):
            script = GLMM.format(library=library)
            commands[f"glmm, {title}"] = (str(PYTHON), "-c", script, str(path))
    if "lme4" in tools:
        commands["lme4"] = ("Rscript", "-e", LME4, str(path))
    return commands


FRESH_PROCESS = FreshProcess()
