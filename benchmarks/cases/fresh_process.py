"""What a script costs: start Python, import, read a CSV file, fit, print, end."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import ranef as rn
from benchmarks.cases.case import Session
from benchmarks.peers.install import PYTHON, install_ranef
from benchmarks.processes import measure
from benchmarks.result import Goal, Result, Row
from benchmarks.runner import judge

__all__ = ["FRESH_PROCESS", "FreshProcess"]

FORMULA = "Reaction ~ Days + (Days | Subject)"
ALONE = "Polars and NumPy, nothing fitted"
LIBRARIES = "import sys, polars as frames, numpy; frames.read_csv(sys.argv[1])"
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

    ranef and the Python peers are installed side by side, from wheels. What importing Polars and
    NumPy and reading the file take is a row of its own: no fit from Polars can take less.
    """

    name: str = "fresh-process"
    title: str = "sleepstudy from a CSV file in a fresh process (memory is the whole process's)"
    large: bool = False

    def measure(self, session: Session) -> Result:
        install_ranef()
        path = session.folder / "sleepstudy.csv"
        rn.datasets.load("sleepstudy").to_csv(path, index=False)
        rows = judge(measure(_commands(session.tools, path), session.plan), "ranef, pandas")
        return Result(self.name, self.title, rows, self.goals(rows))

    def goals(self, rows: Sequence[Row]) -> tuple[Goal, ...]:
        seconds = {row.label: row.seconds or math.nan for row in rows}
        names = ("glmm, pandas", "ranef, pandas", "ranef, Polars", ALONE)
        glmm, with_pandas, with_polars, alone = (seconds.get(name, math.nan) for name in names)
        own = "ranef, Polars less Polars and NumPy alone / glmm, pandas"
        return (
            _goal("glmm, pandas / ranef, pandas", 1.0, glmm / with_pandas),
            _goal("glmm, pandas / ranef, Polars", 2.0, glmm / with_polars),
            _goal(own, 0.1, (with_polars - alone) / glmm, at_least=False),
        )


def _goal(what: str, bound: float, value: float, at_least: bool = True) -> Goal:
    return Goal(what, bound, None if math.isnan(value) else value, at_least, unit="x")


def _commands(tools: Container[str], path: Path) -> dict[str, Sequence[str]]:
    commands: dict[str, Sequence[str]] = {}
    for title, library in (("pandas", "pandas"), ("Polars", "polars")):
        script = RANEF.format(library=library)
        commands[f"ranef, {title}"] = (str(PYTHON), "-c", script, str(path))
    commands[ALONE] = (str(PYTHON), "-c", LIBRARIES, str(path))
    if "glmm" in tools:
        for title, library in (("pandas", "pandas"), ("Polars", "polars")):
            script = GLMM.format(library=library)
            commands[f"glmm, {title}"] = (str(PYTHON), "-c", script, str(path))
    if "lme4" in tools:
        commands["lme4"] = ("Rscript", "-e", LME4, str(path))
    return commands


FRESH_PROCESS = FreshProcess()
