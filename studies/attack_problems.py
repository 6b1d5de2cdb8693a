"""Small linear mixed models drawn to be hard: of every structure, on every scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["KINDS", "HardProblem", "hard_problem"]

Array = NDArray[np.float64]

KINDS = (
    "intercepts",
    "slopes",
    "independent slopes",
    "nested",
    "crossed",
    "partly crossed",
    "three factors",
    "few rows",
    "collinear",
    "several valleys",
)

NAMES = ("x", "z", "v")


@dataclass(frozen=True)
class HardProblem:
    """One model, and what an oracle needs of it.

    ``columns`` holds the columns of X and of every term by name, ``fixed`` the names of those of X,
    in order.
    """

    number: int
    kind: str
    formula: str
    data: pd.DataFrame
    columns: dict[str, Array]
    fixed: tuple[str, ...]
    reml: bool
    weighted: bool


def hard_problem(seed: int, number: int) -> HardProblem:
    """The problem of a seed and a number; its kind goes round."""
    rng = np.random.default_rng([seed, number])
    kind = KINDS[number % len(KINDS)]
    if kind == "several valleys":
        return _with_valleys(rng, number)
    p = int(rng.integers(1, 4))
    n = int(rng.integers(15, 81))
    if kind == "few rows":
        p = int(rng.integers(2, 5))
        n = p + int(rng.integers(2, 9))
    factors = _factors(kind, rng, n)
    columns = {"Intercept": np.ones(n)}
    for name in NAMES:
        columns[name] = rng.normal(size=n)
    if rng.random() < 0.2:
        columns["x"] = columns["x"] + 10.0 ** rng.uniform(0.0, 4.0)
    if kind == "collinear":
        p = 3
        columns["z"] = columns["x"] + 10.0 ** -rng.uniform(2.0, 7.0) * columns["z"]
    if rng.random() < 0.2:
        # A predictor of the groups, not of the rows.
        columns["v"] = rng.normal(size=n)[factors["a"] % n]
    weights = np.ones(n)
    if rng.random() < 0.3:
        half = rng.uniform(1.0, 8.0)
        weights = 10.0 ** rng.uniform(-half, half, n)
    bars, effects = _random_part(kind, rng, factors, columns, n)
    fixed = ("Intercept", *NAMES[: p - 1])
    y = sum(rng.normal() * columns[name] for name in fixed)
    y = y + effects + rng.normal(size=n) / np.sqrt(weights / np.median(weights))
    if rng.random() < 0.1:
        y = y + 10.0 ** rng.uniform(0.0, 6.0)
    if rng.random() < 0.5:
        for name in NAMES:
            columns[name] = 10.0 ** rng.uniform(-9.0, 9.0) * columns[name]
        y = 10.0 ** rng.uniform(-9.0, 9.0) * y
    formula = " + ".join(["y ~ 1", *fixed[1:], *bars])
    data = pd.DataFrame({"y": y, **{k: columns[k] for k in NAMES}, **factors, "w": weights})
    weighted = bool(np.ptp(weights) > 0.0)
    return HardProblem(number, kind, formula, data, columns, fixed, _reml(rng), weighted)


def _reml(rng: np.random.Generator) -> bool:
    return bool(rng.random() < 0.6)


def _codes(rng: np.random.Generator, n: int, most: int) -> NDArray[np.int64]:
    """Levels, each with a row at least, sizes even or not."""
    levels = int(rng.integers(3, max(4, min(most, n // 2)) + 1))
    share = rng.dirichlet(np.full(levels, rng.choice([0.5, 50.0])))
    codes = rng.choice(levels, n, p=share)
    codes[rng.permutation(n)[:levels]] = np.arange(levels)
    return codes.astype(np.int64)


def _factors(kind: str, rng: np.random.Generator, n: int) -> dict[str, NDArray[np.int64]]:
    """Codes of the grouping factors."""
    a = _codes(rng, n, 12)
    if kind == "nested":
        b = 3 * a + rng.integers(0, 3, n)
        return {"a": a, "b": np.unique(b, return_inverse=True)[1].astype(np.int64)}
    if kind == "crossed" or (kind == "few rows" and rng.random() < 0.3):
        return {"a": a, "b": _codes(rng, n, 8)}
    if kind == "partly crossed":
        b = 2 * a + rng.integers(0, 2, n)
        moved = rng.random(n) < 0.15
        b = np.where(moved, rng.permutation(b), b)
        return {"a": a, "b": np.unique(b, return_inverse=True)[1].astype(np.int64)}
    if kind == "three factors":
        b = 2 * a + rng.integers(0, 2, n) if rng.random() < 0.5 else _codes(rng, n, 6)
        b = np.unique(b, return_inverse=True)[1].astype(np.int64)
        return {"a": a, "b": b, "c": _codes(rng, n, 6)}
    return {"a": a}


def _random_part(
    kind: str,
    rng: np.random.Generator,
    factors: dict[str, NDArray[np.int64]],
    columns: dict[str, Array],
    n: int,
) -> tuple[list[str], Array]:
    """Bars of the formula, and the random effects summed on each row (residual SD 1)."""
    bars, effects = [], np.zeros(n)
    for k, (factor, codes) in enumerate(factors.items()):
        q = 1
        if kind == "slopes":
            q = int(rng.choice([2, 3, 4], p=[0.6, 0.25, 0.15]))
        elif kind == "independent slopes":
            q = int(rng.integers(2, 5))
        elif kind not in ("intercepts", "three factors") and k == 0:
            q = int(rng.choice([1, 2]))
        double = kind == "independent slopes" or (q > 1 and rng.random() < 0.2)
        names = ["Intercept", *NAMES[: q - 1]]
        bars.append(f"({' + '.join(['1', *names[1:]])} {'||' if double else '|'} {factor})")
        # SDs from 1e-4 to 1e4 residual SDs, half of them not far from 1; some are nil.
        wide = 4.0 if rng.random() < 0.5 else 1.0
        size = 10.0 ** rng.uniform(-wide, wide) * (rng.random() < 0.85)
        root = rng.normal(size=(q, q)) * 10.0 ** rng.uniform(-1.0, 1.0, (q, 1))
        if rng.random() < 0.3:
            root[:, 1:] = 0.0
        if double:
            root = np.diag(np.diag(root))
        levels = int(codes.max()) + 1
        tail = (
            rng.standard_t(2, size=(levels, q))
            if rng.random() < 0.3
            else rng.normal(size=(levels, q))
        )
        rows = np.column_stack([columns[name] for name in names])
        effects = effects + size * np.sum(rows * (tail @ root.T)[codes], axis=1)
    return bars, effects


def _with_valleys(rng: np.random.Generator, number: int) -> HardProblem:
    """Large groups whose means agree, and small ones of low weight that spread.

    The large ones ask for a variance of nil, the small ones for a large one.
    """
    large, size, small = (int(k) for k in rng.integers((3, 4, 3), (7, 9, 10)))
    a = np.concatenate([np.repeat(np.arange(large), size), large + np.arange(small)])
    n = a.size
    single = a >= large
    weights = np.where(single, 10.0 ** rng.uniform(-3.0, 0.0), 1.0)
    noise = rng.normal(size=n)
    means = np.bincount(a, noise) / np.bincount(a)
    near = noise - means[a] + 10.0 ** rng.uniform(-2.0, 0.0) * rng.normal(size=large + small)[a]
    y = np.where(single, 10.0 ** rng.uniform(0.0, 2.5) * noise, near)
    x = rng.normal(size=n)
    slopes = rng.random() < 0.3
    formula = "y ~ 1 + x + (1 + x || a)" if slopes else "y ~ 1 + (1 | a)"
    fixed = ("Intercept", "x") if slopes else ("Intercept",)
    data = pd.DataFrame({"y": y, "x": x, "a": a, "w": weights})
    columns = {"Intercept": np.ones(n), "x": x}
    return HardProblem(
        number, "several valleys", formula, data, columns, fixed, _reml(rng), weighted=True
    )
