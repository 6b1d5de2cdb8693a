"""A maximal crossed model of a factorial experiment whose covariances have not full rank."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.cases.fit_case import FitCase
from benchmarks.model import Model

__all__ = ["MAXIMAL", "simulate"]

EFFECTS = ("S", "T", "U", "ST", "SU", "TU", "STU")


def simulate(subjects: int = 56, items: int = 32, rank: int = 3, seed: int = 3) -> pd.DataFrame:
    """Reaction times of subjects to items in a 2 x 2 x 2 design, all effects varying by both.

    The eight random effects of a subject, and of an item, span `rank` dimensions only.
    """
    rng = np.random.default_rng(seed)
    subject, item = (a.ravel() for a in np.indices((subjects, items)))
    cells = np.array(list(product((-1.0, 1.0), repeat=3)))
    n = subject.size
    s, t, u = np.array([rng.permutation(np.resize(column, n)) for column in cells.T])
    x = np.column_stack([np.ones(n), s, t, u, s * t, s * u, t * u, s * t * u])

    def effects(levels: int) -> NDArray[np.float64]:
        sizes = np.array([300.0] + [80.0] * 7)
        factor = rng.normal(size=(8, rank)) * sizes[:, None] / np.sqrt(rank)
        drawn: NDArray[np.float64] = rng.normal(size=(levels, rank)) @ factor.T
        return drawn

    beta = np.array([2200.0, 70.0, -330.0, 80.0, 30.0, 20.0, -10.0, 5.0])
    mean = (x * (beta + effects(subjects)[subject] + effects(items)[item])).sum(axis=1)
    data = pd.DataFrame(x[:, 1:], columns=list(EFFECTS))
    data.insert(0, "y", mean + rng.normal(scale=600.0, size=n))
    for name, codes, letter in (("G", subject, "g"), ("H", item, "h")):
        labels = [f"{letter}{k:02d}" for k in range(codes.max() + 1)]
        data[name] = pd.Categorical.from_codes(codes, pd.Index(labels))
    return data


RIGHT = " + ".join(EFFECTS)

MAXIMAL = FitCase(
    name="maximal",
    title="Maximal crossed model, two 8 x 8 covariances (72 parameters) without full rank, ML",
    model=Model(
        f"y ~ {RIGHT} + ({RIGHT} | G) + ({RIGHT} | H)",
        reml=False,
        derivatives=False,
    ),
    data=simulate,
    tools=("lme4", "glmm", "mixedlm"),
    ratios={"lme4": 100.0, "glmm": 100.0, "mixedlm": 100.0},
    evaluations=25,
    never_higher=True,
)
