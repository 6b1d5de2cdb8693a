"""Questions to one fitted model: tests of its coefficients and terms, and its groups left out.

A thousand rows in a hundred groups, which pbkrtest can do. The time is of the question alone: the
fit is made before, and nothing that an earlier question has computed is kept.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.cases.fit_case import FitCase
from benchmarks.model import Model

__all__ = ["ANOVA", "KENWARD_ROGER", "LEAVE_ONE_OUT"]

FORMULA = "y ~ x * f + (x | g)"
GROUPS, ROWS = 100, 10


def _answers() -> pd.DataFrame:
    rng = np.random.default_rng(20)
    g = np.repeat(np.arange(GROUPS), ROWS)
    x, f = rng.normal(size=g.size), rng.integers(0, 3, g.size)
    u = rng.normal(size=(GROUPS, 2)) @ np.array([[0.8, 0.2], [0.0, 0.4]])
    y = 0.5 * x + 0.2 * f + u[g, 0] + u[g, 1] * x + rng.normal(size=g.size)
    data = pd.DataFrame({"y": y, "x": x, "f": pd.Categorical(np.array(list("abc"))[f])})
    data["g"] = pd.Categorical([f"g{level:03}" for level in g])
    return data


KENWARD_ROGER = FitCase(
    name="kenward-roger",
    title=f"Kenward-Roger tests of all coefficients, `{FORMULA}`, 1,000 rows, 100 groups",
    model=Model(FORMULA, entry="kenward-roger"),
    data=_answers,
    tools=("lme4",),
    ratios={"lme4": 50.0},
)

ANOVA = FitCase(
    name="anova",
    title="F tests of the terms by Satterthwaite, type III, the same model",
    model=Model(FORMULA, entry="anova"),
    data=_answers,
    tools=("lme4",),
    ratios={"lme4": 20.0},
)

LEAVE_ONE_OUT = FitCase(
    name="leave-one-out",
    title="Each of the 100 groups left out in turn, the same model",
    model=Model(FORMULA, entry="leave-one-out"),
    data=_answers,
    tools=("lme4",),
    ratios={"lme4": 100.0},
)
