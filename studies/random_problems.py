"""Random linear mixed models with known structure, on a plain scale and on a wild one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["STRUCTURES", "RandomProblem", "random_problem"]

Array = NDArray[np.float64]

# name: for each factor its bar, number of random effects, and what it is nested in
STRUCTURES: dict[str, tuple[tuple[str, int, int | None], ...]] = {
    "intercepts": (("(1 | a)", 1, None),),
    "slopes": (("(x | a)", 2, None),),
    "two slopes": (("(x + z | a)", 3, None),),
    "uncorrelated": (("(x || a)", 2, None),),
    "nested": (("(x | a)", 2, None), ("(1 | b)", 1, 0)),
    "crossed": (("(1 | a)", 1, None), ("(1 | b)", 1, None)),
    "crossed slopes": (("(x | a)", 2, None), ("(z | b)", 2, None)),
    "three crossed": (("(1 | a)", 1, None), ("(x | b)", 2, None), ("(1 | c)", 1, None)),
}


FEW = (25, 1500)
MANY = (50, 300_000)
"""Rows, drawn evenly in their logarithm."""


@dataclass(frozen=True)
class RandomProblem:
    """One model on two scales.

    ``plain`` has columns of size one; in ``wild`` y, x and z are multiplied by powers of ten up to
    a million either way and shifted by up to a thousand of their SDs. The two criteria differ by
    ``offset``, known from algebra.
    """

    structure: str
    formula: str
    plain: pd.DataFrame
    wild: pd.DataFrame
    offset: float
    reml: bool
    rank: str


def random_problem(seed: int) -> RandomProblem:
    """The problem of a seed: structure, sizes, ranks and scales are all drawn."""
    rng = np.random.default_rng(seed)
    structure = list(STRUCTURES)[seed % len(STRUCTURES)]
    factors = STRUCTURES[structure]
    # Few rows a level and few levels are the hard cases; every fifth problem goes on to where rows
    # are many and gradients large.
    low, high = MANY if seed % 5 == 0 else FEW
    n = int(np.exp(rng.uniform(np.log(low), np.log(high))))
    levels = [int(rng.integers(4, max(5, min(20, n // 6)))) for _ in factors]
    codes = [rng.integers(0, k, n) for k in levels]
    for k, (_, _, parent) in enumerate(factors):
        if parent is not None:
            levels[k] = max(3, levels[parent] // 3)
            codes[k] = (rng.permutation(levels[parent]) % levels[k])[codes[parent]]
    x = rng.normal(size=n) + 0.3 * rng.normal(size=levels[0])[codes[0]]
    z = rng.normal(size=n)
    sigma = float(np.exp(rng.uniform(-1.5, 1.5)))
    y = 1.0 + 0.5 * x - 0.3 * z + sigma * rng.normal(size=n)
    rank = str(rng.choice(["full", "deficient", "none"], p=[0.5, 0.3, 0.2]))
    for code, count, (_, q, _) in zip(codes, levels, factors, strict=True):
        columns = np.column_stack([np.ones(n), x, z][:q])
        root = rng.normal(size=(q, q)) * np.exp(rng.uniform(-1.0, 0.5))
        if rank == "deficient":
            root[:, max(1, q - 1) :] = 0.0
            root *= 0.0 if q == 1 else 1.0
        if rank == "none":
            root *= 0.0
        effects = rng.normal(size=(count, q)) @ root.T
        y = y + np.sum(columns * effects[code], axis=1)
    names = ("a", "b", "c")[: len(factors)]
    groups = dict(zip(names, codes, strict=True))
    plain = pd.DataFrame({"y": y, "x": x, "z": z, **groups})
    reml = bool(rng.integers(2))
    scales = 10.0 ** rng.uniform(-6, 6, 3)
    shifts = rng.choice([0.0, 1.0, 1000.0], 3) * rng.normal(size=3)
    # A shift of x moves the intercepts of slopes that are independent of them: another model.
    if structure == "uncorrelated":
        shifts[1] = 0.0
    wild = plain.copy()
    for name, scale, shift in zip(("y", "x", "z"), scales, shifts, strict=True):
        wild[name] = scale * (plain[name] + shift)
    used_z = any(q == 3 or "z" in bar for bar, q, _ in factors)
    fixed = "x + z" if used_z or rng.integers(2) else "x"
    columns_x = 3 if fixed == "x + z" else 2
    nu = n - columns_x if reml else n
    offset = 2.0 * nu * np.log(scales[0])
    if reml:
        offset += 2.0 * np.log(scales[1]) + (2.0 * np.log(scales[2]) if columns_x == 3 else 0.0)
    bars = " + ".join(bar for bar, _, _ in factors)
    return RandomProblem(structure, f"y ~ {fixed} + {bars}", plain, wild, offset, reml, rank)
