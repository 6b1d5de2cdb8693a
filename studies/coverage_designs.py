"""Six designs whose truth is known, for the study of coverage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ranef.types import Array

__all__ = ["DESIGNS", "Design", "Drawn"]

TRUTH = {"Intercept": 0.0, "x": 0.5, "w": 0.3}


@dataclass(frozen=True)
class Drawn:
    """A data set and what it was drawn from.

    Attributes
    ----------
    data : DataFrame
        y; x, which varies within groups; w, which varies between them; f, three kinds of groups
        that do not differ.
    known : float
        Mean of the first row's group at x = 1 and the row's w.
    fresh : float
        A new observation of a new group at the same x and w.
    """

    data: pd.DataFrame
    known: float
    fresh: float


@dataclass(frozen=True)
class Design:
    """A model and how its data are drawn.

    Attributes
    ----------
    larger : str or None
        The model with one random term more, which is not there in truth.
    sd : float
        True SD of the intercepts of g.
    """

    name: str
    formula: str
    larger: str | None
    sd: float
    draw: Callable[[np.random.Generator], Drawn]


def _rows(sizes: Array) -> Array:
    return np.repeat(np.arange(len(sizes)), sizes)


def _groups(rng: np.random.Generator, j: int) -> tuple[Array, Array]:
    w = rng.normal(size=j)
    f = rng.permutation(np.arange(j) % 3)
    return w, f


def _grouped(
    rng: np.random.Generator,
    sizes: Array,
    sd: float,
    slope_sd: float = 0.0,
    spread: Callable[[Array], Array] | None = None,
) -> Drawn:
    """One grouping factor; the residuals' SD is 1 or `spread` of w."""
    g, j = _rows(sizes), len(sizes)
    w, f = _groups(rng, j)
    x, x0 = rng.normal(size=g.size), 1.0
    sigma = np.ones(j) if spread is None else spread(w)
    u, v = sd * rng.normal(size=j), slope_sd * rng.normal(size=j)
    y = TRUTH["x"] * x + TRUTH["w"] * w[g] + u[g] + v[g] * x + sigma[g] * rng.normal(size=g.size)
    fixed = TRUTH["x"] * x0 + TRUTH["w"] * w[0]
    fresh = fixed + sd * rng.normal() + slope_sd * x0 * rng.normal() + sigma[0] * rng.normal()
    data = pd.DataFrame({"y": y, "x": x, "w": w[g], "f": np.array(list("abc"))[f[g]], "g": g})
    data["k"] = rng.integers(0, 6, g.size)
    return Drawn(data, fixed + u[0] + v[0] * x0, fresh)


def _crossed(rng: np.random.Generator) -> Drawn:
    """18 subjects by 8 items with a fifth of the answers missing."""
    g, i = (part.ravel() for part in np.meshgrid(np.arange(18), np.arange(8), indexing="ij"))
    kept = np.sort(rng.permutation(g.size)[: g.size * 4 // 5])
    g, i = g[kept], i[kept]
    w, f = _groups(rng, 18)
    x = rng.normal(size=g.size)
    u, v = 0.7 * rng.normal(size=18), 0.5 * rng.normal(size=8)
    y = TRUTH["x"] * x + TRUTH["w"] * w[g] + u[g] + v[i] + rng.normal(size=g.size)
    data = pd.DataFrame({"y": y, "x": x, "w": w[g], "f": np.array(list("abc"))[f[g]], "g": g})
    data["i"] = i
    data["k"] = rng.integers(0, 6, g.size)
    fixed = TRUTH["x"] + TRUTH["w"] * w[g[0]]
    fresh = fixed + np.hypot(0.7, 0.5) * rng.normal() + rng.normal()
    return Drawn(data, fixed + u[g[0]] + v[i[0]], fresh)


def _sizes(rng: np.random.Generator, j: int, least: int, most: int) -> Array:
    return rng.integers(least, most + 1, j)


FIXED = "y ~ x + w + f"
ONE = f"{FIXED} + (1 | g)"
SLOPES = f"{FIXED} + (x | g)"

DESIGNS = (
    Design(
        "few groups",
        ONE,
        SLOPES,
        0.7,
        lambda rng: _grouped(rng, np.full(8, 5), 0.7),
    ),
    Design(
        "unbalanced",
        ONE,
        SLOPES,
        0.7,
        lambda rng: _grouped(rng, _sizes(rng, 15, 2, 20), 0.7),
    ),
    Design("crossed", f"{ONE} + (1 | i)", f"{ONE} + (1 | i) + (1 | k)", 0.7, _crossed),
    Design(
        "no variance",
        ONE,
        SLOPES,
        0.0,
        lambda rng: _grouped(rng, np.full(10, 5), 0.0),
    ),
    Design(
        "slopes",
        SLOPES,
        f"{SLOPES} + (1 | k)",
        0.7,
        lambda rng: _grouped(rng, _sizes(rng, 15, 4, 10), 0.7, 0.4),
    ),
    Design(
        "unequal residuals",
        ONE,
        None,
        0.5,
        lambda rng: _grouped(rng, np.full(20, 8), 0.5, spread=lambda w: np.exp(0.7 * w)),
    ),
)
