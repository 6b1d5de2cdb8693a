"""How ranef's time and memory grow with the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.cases.case import Session
from benchmarks.cases.one_factor import MODEL, simulate
from benchmarks.cases.sleepstudy import SLEEPSTUDY
from benchmarks.dataset import write
from benchmarks.model import Model
from benchmarks.result import Goal, Result, Row
from benchmarks.runner import interleave
from benchmarks.statistics import exponent

__all__ = ["GROWTH_NESTED", "GROWTH_ONE_FACTOR", "GrowthCase"]


@dataclass(frozen=True, slots=True)
class GrowthCase:
    """One model at five sizes over two decades; exponents of time and of memory."""

    name: str
    title: str
    model: Model
    data: Callable[[int], pd.DataFrame]
    smallest: int = 100_000
    time_exponent: float = 1.05
    memory_exponent: float = 1.0
    large: bool = False

    def measure(self, session: Session) -> Result:
        smallest = self.smallest // 10 if session.quick else self.smallest
        sizes = [round(smallest * 10 ** (step / 2)) for step in range(5)]
        warm = (SLEEPSTUDY.model, write(SLEEPSTUDY.data(), session.folder / SLEEPSTUDY.name))
        rows = []
        for size in sizes:
            session.log(f"  {size:,} rows")
            data = write(self.data(size), session.folder / self.name)
            (row,) = interleave(
                [session.tools["ranef"]], self.model, data, session.plan, warm=warm, log=session.log
            )
            rows.append(replace(row, label=f"ranef, {size:,} rows"))
        goals = (
            Goal("exponent of time", self.time_exponent, _growth(sizes, rows, "seconds"), False),
            Goal("exponent of memory", self.memory_exponent, _growth(sizes, rows, "memory"), False),
        )
        return Result(self.name, self.title, tuple(rows), goals)


def _growth(sizes: list[int], rows: list[Row], what: str) -> float | None:
    values = [getattr(row, what) for row in rows]
    return exponent(sizes, values) if all(values) else None


def _nested(rows: int, seed: int = 2) -> pd.DataFrame:
    """Rows in classes of 25, four classes to a school, integer keys."""
    rng = np.random.default_rng(seed)
    classes = max(8, rows // 25)
    b = rng.permutation(np.resize(np.arange(classes), rows))
    a = b // 4
    x = rng.normal(size=rows)
    mean = 0.5 * x + 0.6 * rng.normal(size=a.max() + 1)[a] + 0.4 * rng.normal(size=classes)[b]
    return pd.DataFrame({"y": mean + rng.normal(size=rows), "x": x, "a": a, "b": b})


GROWTH_ONE_FACTOR = GrowthCase(
    name="growth-one-factor",
    title="Growth with the rows, one factor, `y ~ x + (x | g)`, 50 rows a group",
    model=MODEL,
    data=simulate,
)

GROWTH_NESTED = GrowthCase(
    name="growth-nested",
    title="Growth with the rows, nested factors, `y ~ x + (1 | a / b)`, 25 rows a group",
    model=Model("y ~ x + (1 | a / b)"),
    data=_nested,
)
