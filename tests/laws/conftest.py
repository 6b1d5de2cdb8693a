"""Small random data with their model matrices built by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

KINDS = {
    "intercept": "(1 | g)",
    "slope": "(x | g)",
    "slope alone": "(0 + x | g)",
    "diagonal": "(x || g)",
    "two terms": "(1 | g) + (0 + x | g)",
    "two slopes": "(x + z | g)",
    "nested": "(1 | h/g)",
    "nested slope": "(x | h) + (1 | h:g)",
    "crossed": "(1 | g) + (1 | k)",
    "crossed slope": "(x | g) + (1 | k)",
}


@dataclass(frozen=True)
class Example:
    """Data, formula, and what the formula means.

    `terms` holds for each term, by the label that the fit prints, the level of each row and the
    columns that vary over levels.
    """

    formula: str
    data: pd.DataFrame
    X: np.ndarray
    terms: dict[str, tuple[np.ndarray, np.ndarray]]
    options: dict[str, Any] = field(default_factory=dict)

    def covariance(self, fit: Any) -> np.ndarray:
        """Marginal covariance of the response at the fit's variance components, shape (n, n)."""
        weights = self.options.get("weights", np.ones(len(self.data)))
        V = np.diag(fit.sigma**2 / weights)
        for label, (codes, Z) in self.terms.items():
            same = codes[:, None] == codes[None, :]
            V += same * (Z @ component(fit, label) @ Z.T)
        return V


def component(fit: Any, label: str) -> np.ndarray:
    """Covariance matrix of one term, from the rows of the table of variance components."""
    table = fit.varcorr()
    rows = table[table["group"] == label]
    names = list(rows.loc[rows["term2"].isna(), "term1"])
    out = np.zeros((len(names), len(names)))
    for row in rows.itertuples():
        i = names.index(row.term1)
        j = i if pd.isna(row.term2) else names.index(row.term2)
        out[i, j] = out[j, i] = row.variance
    return out


def make_example(
    kind: str,
    seed: int,
    weighted: bool = False,
    offset: bool = False,
    reml: bool = True,
    n: int = 72,
) -> Example:
    rng = np.random.default_rng(seed)
    g = rng.permutation(np.arange(n) % 9)
    h = g % 3
    k = rng.permutation(np.arange(n) % 6)
    x, z = rng.normal(size=(2, n))
    b = rng.normal(size=(9, 3)) * rng.choice([0.0, 0.5, 2.0], size=3)
    y = 1 + 2 * x + b[g, 0] + b[g, 1] * x + b[k, 2] + rng.normal(size=n)
    data = pd.DataFrame({"y": y, "x": x, "z": z, "g": g, "h": h, "k": k})
    one = np.ones((n, 1))
    slope = np.column_stack([np.ones(n), x])
    column = x[:, None]
    terms = {
        "intercept": {"g": (g, one)},
        "slope": {"g": (g, slope)},
        "slope alone": {"g": (g, column)},
        "diagonal": {"g": (g, one), "g.1": (g, column)},
        "two terms": {"g": (g, one), "g.1": (g, column)},
        "two slopes": {"g": (g, np.column_stack([slope, z]))},
        "nested": {"g:h": (g, one), "h": (h, one)},
        "nested slope": {"h:g": (g, one), "h": (h, slope)},
        "crossed": {"g": (g, one), "k": (k, one)},
        "crossed slope": {"g": (g, slope), "k": (k, one)},
    }[kind]
    options: dict[str, Any] = {"reml": reml}
    if weighted:
        options["weights"] = rng.uniform(0.2, 5.0, n)
    if offset:
        options["offset"] = rng.normal(size=n)
    formula = f"y ~ x + z + {KINDS[kind]}"
    return Example(formula, data, np.column_stack([slope, z]), terms, options)


@pytest.fixture(scope="session")
def make() -> Callable[..., Example]:
    return make_example


@pytest.fixture(scope="session")
def component_of() -> Callable[[Any, str], np.ndarray]:
    return component
