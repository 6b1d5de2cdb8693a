"""Small linear mixed models with structured covariances, many of them on the boundary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["KINDS", "StructuredProblem", "member", "structured_problem"]

Array = NDArray[np.float64]

KINDS = ("homdiag", "cs", "homcs", "ar1", "hetar1", "toep", "homtoep", "rr")
ONE_VARIANCE = frozenset({"homdiag", "homcs", "ar1", "homtoep"})
ORDERED = frozenset({"ar1", "hetar1", "toep", "homtoep"})

EDGE = 0.35
"""Chance that a parameter of the truth is at its bound."""


@dataclass(frozen=True)
class StructuredProblem:
    """A model and its data."""

    number: int
    kind: str
    formula: str
    data: pd.DataFrame
    reml: bool


def _edged(rng: np.random.Generator, lowest: float, highest: float) -> float:
    """A number between bounds, often at one of them."""
    if rng.random() < EDGE:
        return float(rng.choice([lowest, highest]))
    return float(rng.uniform(lowest, highest))


def _toeplitz(rng: np.random.Generator, q: int) -> Array:
    """A mixture of cosines: every Toeplitz correlation matrix is one."""
    atoms = int(rng.integers(1, q + 1))
    where, weights = rng.uniform(0.0, np.pi, atoms), rng.dirichlet(np.ones(atoms))
    where[rng.random(atoms) < EDGE] = 0.0
    lag = np.subtract.outer(np.arange(q), np.arange(q))
    out: Array = sum(w * np.cos(at * lag) for w, at in zip(weights, where, strict=True))
    return out


def member(
    rng: np.random.Generator, kind: str, q: int, rank: int = 2, positions: tuple[int, ...] = ()
) -> Array:
    """A random covariance matrix of a structure, often on its boundary. By its definition."""
    if kind in ("rr", "us"):
        root = rng.normal(size=(q, rank if kind == "rr" else q)) * rng.uniform(0.0, 2.0, (q, 1))
        if rng.random() < EDGE:
            root[:, 1:] = 0.0
        return np.asarray(root @ root.T)
    times = np.array(positions or range(q))
    shape: dict[str, Callable[[], Array]] = {
        "homdiag": lambda: np.eye(q),
        "cs": lambda: np.full((q, q), _edged(rng, -1.0 / (q - 1), 1.0)),
        "ar1": lambda: np.power(
            _edged(rng, -1.0, 1.0), np.abs(np.subtract.outer(times, times)), dtype=np.float64
        ),
        "toep": lambda: _toeplitz(rng, q),
    }
    c = shape[kind if kind == "homdiag" else kind.replace("hom", "").replace("het", "")]()
    np.fill_diagonal(c, 1.0)
    sds = np.exp(rng.normal(size=q))
    sds[rng.random(q) < 0.5 * EDGE] = 0.0
    if kind in ONE_VARIANCE:
        sds = np.full(q, 0.0 if rng.random() < 0.5 * EDGE else float(np.exp(rng.normal())))
    return np.asarray(c * np.outer(sds, sds))


def structured_problem(seed: int, number: int) -> StructuredProblem:
    """The problem of a seed and a number; its kind goes round."""
    rng = np.random.default_rng([seed, number])
    kind = KINDS[number % len(KINDS)]
    q = int(rng.integers(2, 7))
    groups = int(rng.integers(3, 13))
    repeats = int(rng.integers(2, 4))
    n = groups * q * repeats
    g = np.repeat(np.arange(groups), q * repeats)
    t = np.tile(np.repeat(np.arange(q), repeats), groups)
    h = rng.permutation(np.arange(n) % int(rng.integers(3, 8)))
    x, z = rng.normal(size=(2, n))
    y = x + rng.normal(size=n)
    part, columns = _part(rng, kind, "g", t, x, z, q)
    y += _effects(rng, kind, columns, g)
    parts = [part]
    for _ in range(int(rng.integers(0, 3))):
        if rng.random() < 0.5 and not any("| h" in p for p in parts):
            parts.append("(1 | h)")
            y += rng.normal(size=8)[h] * rng.choice([0.0, 1.0])
        elif not any("| h" in p for p in parts):
            other = str(rng.choice(KINDS))
            part, columns = _part(rng, other, "h", t, x, z, q)
            parts.append(part)
            y += _effects(rng, other, columns, h)
    data = pd.DataFrame({"y": y, "x": x, "z": z, "t": t, "f": t, "g": g, "h": h})
    data["f"] = data["f"].map(lambda level: f"f{level}")
    if rng.random() < 0.4:  # few rows, and cells without any
        keep = rng.random(n) < rng.uniform(0.5, 0.9)
        # Each level and each group keep a row.
        for codes in (g, t, h):
            keep[np.unique(codes, return_index=True)[1]] = True
        data = data[keep].reset_index(drop=True)
    fixed = str(rng.choice(["1", "x", "x + f"]))
    formula = f"y ~ {fixed} + " + " + ".join(parts)
    return StructuredProblem(number, kind, formula, data, bool(rng.random() < 0.5))


def _part(
    rng: np.random.Generator, kind: str, group: str, t: Array, x: Array, z: Array, q: int
) -> tuple[str, Array]:
    """A random part, and its columns."""
    occasions = np.asarray(t[:, None] == np.arange(q), dtype=float)
    tail = ", 1" if kind == "rr" and (q == 2 or rng.random() < 0.5) else ""
    if kind in ORDERED:
        return f"{kind}(0 + t | {group})", occasions
    if rng.random() < 0.5:
        one = np.ones(len(x))
        return f"{kind}(x + z | {group}{tail})", np.column_stack([one, x, z])
    return f"{kind}(0 + f | {group}{tail})", occasions


def _effects(rng: np.random.Generator, kind: str, columns: Array, codes: Array) -> Array:
    q = columns.shape[1]
    values, vectors = np.linalg.eigh(member(rng, kind, q))
    root = vectors * np.sqrt(values.clip(0.0))
    effects = rng.normal(size=(int(codes.max()) + 1, q)) @ root.T
    return np.asarray(np.einsum("ij,ij->i", columns, effects[codes]))
