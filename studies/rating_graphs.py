"""Who meets whom in crossed designs: rating graphs with and without structure, drawn from a seed.

A graph is two arrays of level numbers, one row a rating, each pair at most once unless said.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["GRAPHS", "Graph", "communities", "employers", "heavy_tailed", "rated"]

Graph = tuple[NDArray[np.int64], NDArray[np.int64]]


def heavy_tailed(rng: np.random.Generator, n: int, raters: int, items: int) -> Graph:
    """Raters of lognormal activity, items of lognormal popularity, of which none has over 0.4%."""
    activity = np.exp(1.25 * rng.normal(size=raters)) + 0.15
    popularity = np.exp(2.0 * rng.normal(size=items))
    share = np.minimum(popularity / popularity.sum(), max(0.004, 2.0 / items))
    size = int(1.15 * n)
    u = rng.choice(raters, size, p=activity / activity.sum())
    return _distinct(rng, u, rng.choice(items, size, p=share / share.sum()), n)


def communities(
    rng: np.random.Generator,
    n: int,
    raters: int,
    items: int,
    count: int,
    inside: float,
    ring: bool = False,
) -> Graph:
    """A rating stays within its rater's community with probability `inside`.

    Otherwise it goes anywhere, or on a `ring` to the next community.
    """
    of_rater = rng.integers(0, count, raters)
    of_item = np.sort(rng.integers(0, count, items))
    start = np.searchsorted(of_item, np.arange(count + 1))
    popularity = np.exp(1.5 * rng.normal(size=items))
    activity = np.exp(1.25 * rng.normal(size=raters)) + 0.15
    u = rng.choice(raters, int(1.2 * n), p=activity / activity.sum())
    where = of_rater[u].copy()
    out = rng.random(u.size) > inside
    where[out] = (where[out] + 1) % count if ring else rng.integers(0, count, int(out.sum()))
    v = np.zeros(u.size, dtype=np.int64)
    for k in range(count):
        rows, (first, last) = np.flatnonzero(where == k), start[k : k + 2]
        if last > first:
            p = popularity[first:last] / popularity[first:last].sum()
            p = np.minimum(p, max(0.05, 2.0 / (last - first)))
            v[rows] = first + rng.choice(last - first, rows.size, p=p / p.sum())
    return _distinct(rng, u, v, n)


def employers(
    rng: np.random.Generator, workers: int, firms: int, years: int = 5, moves: float = 0.15
) -> Graph:
    """Workers in a firm each year; a mover goes to any firm by its size. Pairs repeat."""
    size = np.exp(1.2 * rng.normal(size=firms))
    size /= size.sum()
    firm = rng.choice(firms, workers, p=size)
    u, v = [], []
    for _ in range(years):
        u.append(np.arange(workers))
        v.append(firm.copy())
        moving = rng.random(workers) < moves
        firm[moving] = rng.choice(firms, int(moving.sum()), p=size)
    return np.concatenate(u), np.concatenate(v)


def _distinct(
    rng: np.random.Generator, u: NDArray[np.int64], v: NDArray[np.int64], n: int
) -> Graph:
    width = int(v.max()) + 1
    pairs = np.unique(u.astype(np.int64) * width + v)
    if pairs.size > n:
        pairs = np.sort(rng.permutation(pairs)[:n])
    own, other = np.divmod(pairs, width)
    return _numbered(own), _numbered(other)


def _numbered(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)


def rated(
    rng: np.random.Generator, graph: Graph, sds: tuple[float, float] = (0.4, 0.6)
) -> pd.DataFrame:
    """Columns y, x, u and v: intercepts of both factors, a slope of 0.3, residuals of SD 1."""
    u, v = graph
    x = rng.normal(size=u.size)
    y = 3.0 + 0.3 * x + rng.normal(size=u.size)
    y += sds[0] * rng.normal(size=int(u.max()) + 1)[u]
    y += sds[1] * rng.normal(size=int(v.max()) + 1)[v]
    return pd.DataFrame({"y": y, "x": x, "u": u, "v": v})


def _one_with_half(rng: np.random.Generator, n: int) -> Graph:
    """A level of v that half of the rows have."""
    u, v = heavy_tailed(rng, n // 2, n // 25, n // 60)
    return np.concatenate([u, rng.integers(0, n // 25, n // 2)]), np.concatenate(
        [v, np.zeros(n // 2, dtype=np.int64)]
    )


def _apart(rng: np.random.Generator, n: int) -> Graph:
    """Five parts that do not meet."""
    parts = [heavy_tailed(rng, n // 5, n // 120, n // 300) for _ in range(5)]
    u = np.concatenate([k * n + p[0] for k, p in enumerate(parts)])
    v = np.concatenate([k * n + p[1] for k, p in enumerate(parts)])
    return _numbered(u), _numbered(v)


GRAPHS = {
    "heavy tails": lambda rng, n: heavy_tailed(rng, n, n // 25, n // 80),
    "communities": lambda rng, n: communities(rng, n, n // 25, n // 80, 15, 0.95),
    "ring": lambda rng, n: communities(rng, n, n // 25, n // 80, 20, 0.95, ring=True),
    "employers": lambda rng, n: employers(rng, n // 5, n // 80),
    "a level with half": _one_with_half,
    "parts": _apart,
}
"""Small graphs by name, of about n rows."""
