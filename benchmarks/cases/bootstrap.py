"""Parametric bootstrap: thousands of refits, and what they cost where there are more rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import ranef as rn
from benchmarks.cases.case import Session
from benchmarks.cases.generalised import CBPP
from benchmarks.cases.one_factor import MODEL, simulate
from benchmarks.cases.sleepstudy import SLEEPSTUDY
from benchmarks.dataset import write
from benchmarks.model import Model
from benchmarks.result import Goal, Result, Row
from benchmarks.runner import interleave, judge

__all__ = [
    "BOOTSTRAP",
    "BOOTSTRAP_GENERALISED",
    "BOOTSTRAP_ROWS",
    "BootstrapCase",
    "GeneralisedCase",
    "RowsCase",
]

GROUPS = 1000


@dataclass(frozen=True, slots=True)
class BootstrapCase:
    """Refits of sleepstudy; times are of one."""

    model: Model
    name: str = "bootstrap"
    title: str = "Parametric bootstrap of sleepstudy, time of one refit"
    ratios: Mapping[str, float] = field(default_factory=lambda: {"lme4": 500.0, "glmm": 8.0})
    large: bool = False

    def measure(self, session: Session) -> Result:
        data = write(SLEEPSTUDY.data(), session.folder / self.name)
        peers = [session.tools[t] for t in ("ranef", *self.ratios) if t in session.tools]
        rows = interleave(peers, self.model, data, session.plan, log=session.log)
        rows = judge(tuple(replace(row, memory=None) for row in rows))
        seconds = {row.label: row.seconds for row in rows}
        ours = seconds["ranef"]
        goals = [
            Goal(f"{tool} / ranef", bound, theirs / ours if theirs and ours else None, unit="x")
            for tool, bound in self.ratios.items()
            for theirs in [seconds.get(tool)]
        ]
        goals.append(Goal("replicates that differ on two threads", 0, _differences(), False))
        return Result(self.name, self.title, rows, tuple(goals))


def _differences() -> int:
    """Of 1,000 replicates, how many are not the same bit by bit on one thread and on two."""
    fit = rn.lmm(SLEEPSTUDY.model.formula, SLEEPSTUDY.data())
    one, two = (fit.bootstrap(1000, seed=1, threads=t).replicates for t in (1, 2))
    same = (one == two) | (one.isna() & two.isna())
    return int((~same.all(axis=1)).sum())


@dataclass(frozen=True, slots=True)
class RowsCase:
    """Refits of one model at two sizes, as many groups in both."""

    name: str = "bootstrap-rows"
    title: str = "Parametric bootstrap of `y ~ x + (x | g)`, 1,000 groups, time of one refit"
    sizes: tuple[int, int] = (100_000, 10_000_000)
    large: bool = False

    def measure(self, session: Session) -> Result:
        model = replace(MODEL, entry="refits", refits=1000)
        rows: list[Row] = []
        for size in self.sizes:
            size = size // 10 if session.quick else size
            session.log(f"  {size:,} rows")
            data = write(simulate(size, size // GROUPS), session.folder / self.name)
            (row,) = interleave(
                [session.tools["ranef"]], model, data, session.plan, log=session.log
            )
            rows.append(replace(row, label=f"ranef, {size:,} rows", memory=None))
        few, many = rows[0].seconds, rows[1].seconds
        ratio = many / few if few and many else None
        goal = Goal("many rows / few rows", 1.2, ratio, False, unit="x")
        return Result(self.name, self.title, tuple(rows), (goal,))


@dataclass(frozen=True, slots=True)
class GeneralisedCase:
    """Refits of cbpp by ranef; times are of one, the goal is of all."""

    name: str = "bootstrap-cbpp"
    title: str = "Parametric bootstrap of cbpp, binomial, time of one refit"
    seconds: float = 3.0
    large: bool = False

    def measure(self, session: Session) -> Result:
        model = replace(CBPP.model, entry="refits")
        data = write(CBPP.data(), session.folder / self.name)
        rows = interleave([session.tools["ranef"]], model, data, session.plan, log=session.log)
        rows = tuple(replace(row, memory=None) for row in rows)
        each = rows[0].cpu_seconds
        total = None if each is None else each * model.refits
        what = f"processor time of {model.refits:,} refits"
        goal = Goal(what, self.seconds, total, at_least=False, unit=" s")
        return Result(self.name, self.title, rows, (goal,))


BOOTSTRAP = BootstrapCase(replace(SLEEPSTUDY.model, entry="refits", statsmodels=None))
BOOTSTRAP_ROWS = RowsCase()
BOOTSTRAP_GENERALISED = GeneralisedCase()
